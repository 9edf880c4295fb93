//! The private server through kills of whatever can be killed.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use kexiang_pg::private::{Options, PrivateServer, PrivateServerError};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

/// A data directory that goes with the test.
pub struct DataDir(pub PathBuf);

impl DataDir {
    pub fn new() -> Self {
        Self(std::env::temp_dir().join(format!("kexiang-data-{}", Uuid::new_v4().simple())))
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

pub async fn start(data_dir: &DataDir) -> PrivateServer {
    PrivateServer::start(Options::durable(&data_dir.0)).await.unwrap()
}

fn postmaster(data_dir: &Path) -> String {
    let state = fs::read_to_string(data_dir.join("postgres/data/postmaster.pid")).unwrap();
    state.lines().next().unwrap().to_owned()
}

fn kill_9(pid: &str) {
    assert!(Command::new("kill").args(["-9", pid]).status().unwrap().success());
}

async fn eventually(server: &PrivateServer, sql: &'static str) -> i64 {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Ok(mut connection) = PgConnection::connect(&server.admin_url()).await
            && let Ok(answer) = sqlx::query_scalar(sql).fetch_one(&mut connection).await
        {
            return answer;
        }
        assert!(Instant::now() < deadline, "the server did not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn it_outlives_kill_9_of_its_postmaster_with_all_commits() {
    let data_dir = DataDir::new();
    let server = start(&data_dir).await;
    let mut connection = PgConnection::connect(&server.admin_url()).await.unwrap();
    sqlx::raw_sql("create table kept as select 42::bigint as answer").execute(&mut connection).await.unwrap();

    kill_9(&postmaster(&data_dir.0));

    assert!(
        sqlx::query("select pg_sleep(5)").execute(&mut connection).await.is_err(),
        "the old session is gone"
    );
    assert_eq!(eventually(&server, "select answer from kept").await, 42);
    server.stop().await;
}

#[tokio::test]
async fn data_survives_a_stop_and_durability_is_on() {
    let data_dir = DataDir::new();
    let server = start(&data_dir).await;
    let mut connection = PgConnection::connect(&server.admin_url()).await.unwrap();
    sqlx::raw_sql("create table kept as select 7::bigint as answer").execute(&mut connection).await.unwrap();
    server.stop().await;
    assert!(
        !data_dir.0.join("postgres/data/postmaster.pid").exists(),
        "a stop waits until the server is gone"
    );

    let again = start(&data_dir).await;

    assert_eq!(eventually(&again, "select answer from kept").await, 7);
    let durable = "select count(*) from pg_settings where setting = 'on'
                   and name in ('fsync', 'synchronous_commit', 'full_page_writes')";
    assert_eq!(eventually(&again, durable).await, 3);
    again.stop().await;
}

#[tokio::test]
async fn a_second_one_on_the_same_directory_is_told_so() {
    let data_dir = DataDir::new();
    let server = start(&data_dir).await;

    let second = PrivateServer::start(Options::durable(&data_dir.0)).await;

    let Err(PrivateServerError::InUse { owner, .. }) = second else { panic!("{second:?}") };
    assert_eq!(owner, process::id().to_string());
    server.stop().await;
}

#[tokio::test]
async fn a_data_directory_with_a_long_path_works() {
    let data_dir = DataDir::new();
    let deep = DataDir(data_dir.0.join("深".repeat(60)));

    let server = start(&deep).await;

    assert_eq!(eventually(&server, "select 1::bigint").await, 1);
    server.stop().await;
}

#[tokio::test]
async fn nobody_else_can_enter_its_home() {
    let data_dir = DataDir::new();
    let server = start(&data_dir).await;

    assert_eq!(fs::metadata(server.home()).unwrap().permissions().mode() & 0o777, 0o700);
    let tcp = "select count(*) from pg_settings where name = 'listen_addresses' and setting <> ''";
    assert_eq!(eventually(&server, tcp).await, 0);
    server.stop().await;
}

#[tokio::test]
async fn root_is_told_when_the_servers_user_cannot_reach_the_data() {
    let data_dir = DataDir::new();
    fs::create_dir(&data_dir.0).unwrap();
    fs::set_permissions(&data_dir.0, fs::Permissions::from_mode(0o700)).unwrap();
    let we_are_root = fs::metadata(&data_dir.0).unwrap().uid() == 0;

    let started = PrivateServer::start(Options::durable(&data_dir.0)).await;

    match started {
        Err(PrivateServerError::OutOfReach { directory, .. }) if we_are_root => {
            assert_eq!(directory, data_dir.0);
        }
        Ok(server) if !we_are_root => server.stop().await,
        other => panic!("{other:?}"),
    }
}

/// Not a test of its own: the process which [`its_watchdog_stops_it_when_the_program_is_killed`] starts and kills.
#[tokio::test]
#[ignore = "run by another test"]
#[expect(clippy::disallowed_methods, reason = "the parent names the directory")]
async fn victim() {
    let Ok(data_dir) = std::env::var("KEXIANG_VICTIM") else { return };
    let _server = PrivateServer::start(Options::durable(Path::new(&data_dir))).await.unwrap();
    fs::write(Path::new(&data_dir).join("started"), "").unwrap();
    thread::sleep(Duration::from_secs(600));
}

fn start_victim(data_dir: &DataDir) -> process::Child {
    let mut victim = Command::new(std::env::current_exe().unwrap());
    victim.args(["--exact", "private_server::victim", "--ignored"]).env("KEXIANG_VICTIM", &data_dir.0);
    let victim = victim.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !data_dir.0.join("started").exists() {
        assert!(Instant::now() < deadline, "the victim did not start");
        thread::sleep(Duration::from_millis(50));
    }
    victim
}

#[tokio::test]
async fn its_watchdog_stops_it_when_the_program_is_killed() {
    let data_dir = DataDir::new();
    let mut victim = start_victim(&data_dir);

    victim.kill().unwrap();
    victim.wait().unwrap();

    let state = data_dir.0.join("postgres/data/postmaster.pid");
    let deadline = Instant::now() + Duration::from_secs(30);
    while state.exists() {
        assert!(Instant::now() < deadline, "an orphan was left");
        thread::sleep(Duration::from_millis(50));
    }
    start(&data_dir).await.stop().await;
}

#[tokio::test]
async fn a_start_right_after_kill_9_waits_for_the_watchdog() {
    let data_dir = DataDir::new();
    let mut victim = start_victim(&data_dir);

    victim.kill().unwrap();
    victim.wait().unwrap();
    let server = start(&data_dir).await;

    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(eventually(&server, "select 1::bigint").await, 1, "nobody stops the new one");
    server.stop().await;
}

/// The process ids of the watchdog: what holds the home's lock beside the program, by the name of its shell.
fn watchdog(data_dir: &DataDir) -> Vec<String> {
    let pattern = format!("kexiang-watchdog .*{}", data_dir.0.file_name().unwrap().to_str().unwrap());
    let found = Command::new("pgrep").args(["-f", &pattern]).output().unwrap();
    String::from_utf8(found.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn an_orphan_without_watchdog_is_stopped_by_the_next_start() {
    let data_dir = DataDir::new();
    let mut victim = start_victim(&data_dir);
    let watchdogs = watchdog(&data_dir);
    assert_eq!(watchdogs.len(), 1, "{watchdogs:?}");

    kill_9(&watchdogs[0]);
    victim.kill().unwrap();
    victim.wait().unwrap();
    let orphan = postmaster(&data_dir.0);
    let server = start(&data_dir).await;

    assert_ne!(postmaster(&data_dir.0), orphan);
    assert_eq!(eventually(&server, "select 1::bigint").await, 1);
    server.stop().await;
}

#[tokio::test]
async fn a_process_id_that_another_process_got_does_not_keep_it_from_starting() {
    let data_dir = DataDir::new();
    start(&data_dir).await.stop().await;
    let state = data_dir.0.join("postgres/data/postmaster.pid");
    fs::write(&state, format!("{}\n{}\n", process::id(), data_dir.0.join("postgres/data").display()))
        .unwrap();

    let server = start(&data_dir).await;

    assert_eq!(eventually(&server, "select 1::bigint").await, 1);
    server.stop().await;
}
