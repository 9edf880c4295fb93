//! Starts of the private server that do not come to an end.

use std::{fs, os::unix::fs::MetadataExt};

use kexiang_pg::private::{Options, PrivateServer, PrivateServerError};
use tokio_util::sync::CancellationToken;

use crate::private_server::{DataDir, start};

#[tokio::test]
async fn a_start_that_is_abandoned_leaves_nothing_running_and_the_next_succeeds() {
    let data_dir = DataDir::new();
    let abandoned = CancellationToken::new();
    let options = Options::durable(&data_dir.0).abandoned_by(abandoned.clone());

    let starting = tokio::spawn(PrivateServer::start(options));
    while !data_dir.0.join("postgres/data.new").exists() {
        tokio::task::yield_now().await;
    }
    abandoned.cancel();
    let started = starting.await.unwrap();

    assert!(matches!(started, Err(PrivateServerError::Abandoned)), "{started:?}");
    assert!(!data_dir.0.join("postgres/data/postmaster.pid").exists());
    start(&data_dir).await.stop().await;
}

#[tokio::test]
async fn a_link_in_the_home_to_a_file_elsewhere_is_neither_written_nor_given_away() {
    let data_dir = DataDir::new();
    start(&data_dir).await.stop().await;
    let (elsewhere, log) = (data_dir.0.join("elsewhere"), data_dir.0.join("postgres/server.log"));
    fs::write(&elsewhere, "mine").unwrap();
    fs::remove_file(&log).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &log).unwrap();
    let owner = fs::metadata(&elsewhere).unwrap().uid();

    let started = PrivateServer::start(Options::durable(&data_dir.0)).await;

    assert!(matches!(&started, Err(PrivateServerError::Io { path, .. }) if *path == log), "{started:?}");
    assert_eq!(
        (fs::read_to_string(&elsewhere).unwrap(), fs::metadata(&elsewhere).unwrap().uid()),
        ("mine".into(), owner)
    );
}
