//! Serving ends: what listens to nothing is cut off, what can finish does, and readiness is never waited for.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use kexiang_core::Clock;
use kexiang_rpc::{
    process::shutdown_on_signal,
    server::{Limits, Server},
    token::Issuer,
    trust::Verifier,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::center::{Center, OPEN, asking};

#[tokio::test]
async fn streams_that_listen_to_nothing_are_cut_off_after_the_drain_time() {
    let mut center = Center::open(Limits { drain_seconds: 1, ..Limits::default() }).await;
    let mut watcher = HealthClient::new(center.channel());
    let mut watch = watcher.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    let mut events = center.client().stream_events(asking(OPEN)).await.unwrap().into_inner();

    let told_at = Instant::now();
    center.shutdown.cancel();
    let served = tokio::time::timeout(Duration::from_secs(5), &mut center.served).await;

    assert!(served.unwrap().unwrap().is_ok(), "the service goes on to close what is behind it");
    assert!(told_at.elapsed() >= Duration::from_secs(1), "there was time to finish");
    while let Ok(Some(_)) = watch.message().await {}
    assert!(events.message().await.is_err(), "the caller learns of it");
}

#[tokio::test]
async fn a_service_without_open_streams_ends_at_once() {
    let mut center = Center::open(Limits { drain_seconds: 60, ..Limits::default() }).await;
    HealthClient::new(center.channel()).check(HealthCheckRequest::default()).await.unwrap();

    center.shutdown.cancel();

    let served = tokio::time::timeout(Duration::from_secs(5), &mut center.served).await;
    assert!(served.unwrap().unwrap().is_ok());
}

#[tokio::test]
async fn a_service_that_cannot_tell_whether_it_is_ready_is_not() {
    let issuer = Issuer::from_pem(&Issuer::generate_pem()).unwrap();
    let verifier = Verifier::of_issuer(&issuer, Clock::system());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answers = std::sync::atomic::AtomicBool::new(true);
    let ready = move || {
        let answers = answers.swap(false, std::sync::atomic::Ordering::Relaxed);
        async move { answers || std::future::pending().await }
    };
    let server = Server::new("test", "test.kexiang", verifier, Limits::default());
    tokio::spawn(server.serve(listener, ready, CancellationToken::new()));
    let mut health = HealthClient::new(Endpoint::from_shared(address).unwrap().connect_lazy());
    let mut watch = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();

    let seen = async {
        let mut seen = Vec::new();
        while seen.last() != Some(&ServingStatus::NotServing) || !seen.contains(&ServingStatus::Serving) {
            seen.push(watch.message().await.unwrap().unwrap().status());
        }
    };

    tokio::time::timeout(Duration::from_secs(10), seen).await.unwrap();
}

/// Set for the process that the test below starts.
const CHILD: &str = "KEXIANG_TEST_WAITS_FOR_SIGNALS";

#[tokio::test]
#[ignore = "is the process of the test below"]
async fn waits_for_signals() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let shutdown = shutdown_on_signal().unwrap();
    eprintln!("ready");
    shutdown.cancelled().await;
    eprintln!("told");
    std::future::pending::<()>().await;
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    use std::io::{BufRead, BufReader};
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "ending::waits_for_signals", "--ignored", "--nocapture"])
        .env(CHILD, "1")
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    for (word, signal) in [("ready", "-TERM"), ("told", "-INT")] {
        assert!(said.any(|line| line.unwrap() == word));
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    }

    assert_eq!(child.wait().unwrap().code(), Some(130));
}
