//! What a caller meets when the database goes away, hangs and comes back.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use kexiang_pg::{Fault, classify};
use kexiang_testkit::TestDatabase;
use sqlx::{Connection, PgConnection};
use tokio::net::TcpListener;

use crate::fixture::beta;

#[tokio::test]
async fn a_session_that_is_ended_is_unavailable_and_the_next_call_gets_a_new_one() {
    let beta = beta();
    let database = TestDatabase::create(&[&beta]).await;
    let pool = database.pool(beta.role).await;
    let mut session = pool.acquire().await.unwrap();
    let pid: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut *session).await.unwrap();
    let mut admin = PgConnection::connect(&database.admin_url()).await.unwrap();

    sqlx::query("select pg_terminate_backend($1)").bind(pid).execute(&mut admin).await.unwrap();

    let lost = sqlx::query("select pg_sleep(1)").execute(&mut *session).await.unwrap_err();
    assert_eq!(classify(&lost), Fault::Unavailable, "{lost:?}");
    drop(session);
    sqlx::query("select 1").execute(&pool).await.unwrap();
}

#[tokio::test]
async fn a_pool_for_a_server_that_is_away_says_so_when_it_is_used() {
    let pool = kexiang_pg::connect("postgres://nobody@127.0.0.1:1/none", "test", 1).unwrap();

    let away = pool.acquire().await.unwrap_err();

    assert_eq!(classify(&away), Fault::Unavailable, "{away:?}");
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended_by_the_server_as_unavailable() {
    let beta = beta();
    let database = TestDatabase::create(&[&beta]).await;
    let pool = database.pool(beta.role).await;
    let mut session = pool.acquire().await.unwrap();

    let limit: String = sqlx::query_scalar("show statement_timeout").fetch_one(&mut *session).await.unwrap();
    sqlx::query("set statement_timeout = 10").execute(&mut *session).await.unwrap();
    let ended = sqlx::query("select pg_sleep(5)").execute(&mut *session).await.unwrap_err();

    assert_eq!(limit, "30s");
    assert_eq!(classify(&ended), Fault::Unavailable, "{ended:?}");
}

fn signal(name: &str, pid: i32) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

#[tokio::test]
async fn a_session_that_hangs_is_given_up_for_a_new_one() {
    let beta = beta();
    let database = TestDatabase::create(&[&beta]).await;
    let pool = kexiang_pg::connect(&database.url(beta.role), "test", 1).unwrap();
    let hanging: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&pool).await.unwrap();
    let command = fs::read_to_string(format!("/proc/{hanging}/cmdline")).unwrap_or_default();
    if !command.starts_with(&format!("postgres: {}", beta.role)) {
        println!("skipped: the server runs elsewhere");
        return;
    }
    // Longer than a connection may rest before it is tried.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    signal("-STOP", hanging);

    let asked = Instant::now();
    let another = sqlx::query_scalar::<_, i32>("select pg_backend_pid()").fetch_one(&pool).await;
    signal("-CONT", hanging);

    assert_ne!(another.unwrap(), hanging);
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn a_server_that_never_answers_is_unavailable_and_not_ready() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://nobody@{}/none", silent.local_addr().unwrap());
    let pool = kexiang_pg::connect(&url, "test", 2).unwrap();

    let asked = Instant::now();
    let schema = beta();
    let (acquired, pending) = tokio::join!(pool.acquire(), kexiang_pg::pending_migrations(&pool, &schema));

    assert_eq!(classify(&acquired.unwrap_err()), Fault::Unavailable);
    assert_eq!(classify(&pending.unwrap_err()), Fault::Unavailable);
    assert!(asked.elapsed() < Duration::from_secs(7), "{:?}", asked.elapsed());
}
