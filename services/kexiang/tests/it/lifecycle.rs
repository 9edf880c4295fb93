//! `kexiang up` from its first start to its last stop.

use std::{os::unix::fs::PermissionsExt, process::Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    http::call,
    support::{Home, processes_on},
};

#[test]
fn data_survive_kill_9_and_restarts_and_nothing_is_left_running() {
    let home = Home::new("lifecycle");
    let demo = ["report", "breakdown", "--site", "demo", "--by", "kind", "--format", "csv"];
    let four_cases = |answer: &crate::support::Answer| answer.out.contains(",total,4,1");

    let first = home.up(&["--demo"]);
    let said = first.said().to_owned();
    home.until(&demo, four_cases);
    first.kill();

    // The second start finds the cases, and makes no demo twice.
    let second = home.up(&["--demo"]);
    home.until(&demo, four_cases);
    let (code, rest) = second.stop();

    assert!(
        said.contains("/openapi.json") && said.contains("admin.token") && said.contains("curl"),
        "{said}"
    );
    assert_eq!(code, Some(0), "{rest}");
    assert!(rest.contains("stopped"), "{rest}");
    assert_eq!(processes_on(&home.data_dir()), Vec::<String>::new());
    assert!(!home.file("kexiang-data/endpoints.json").exists());
}

#[test]
fn secrets_are_for_their_owner_alone_and_a_second_up_is_kept_out() {
    let home = Home::new("secrets");
    let running = home.up(&[]);

    for secret in ["admin.token", "signing-key.pem", "endpoints.json"] {
        let mode = std::fs::metadata(home.data_dir().join(secret)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{secret}");
    }
    let second = home.spawn_up(&[], Stdio::piped()).wait_with_output().unwrap();
    let doctor = home.kexiang(&["doctor", "--listen", "127.0.0.1:0"]).well();
    let token = home.kexiang(&["token", "--role", "analyst", "--ttl", "5m"]).well().out;
    let wallboard = call(&home, "GET", "/v1/wallboard", &token, "");
    let openapi = call(&home, "GET", "/openapi.json", "", "");

    assert_eq!(second.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&second.stderr).contains("another `kexiang up` is running"),
        "{second:?}"
    );
    assert!(doctor.out.contains("all services answer"), "{doctor:?}");
    assert!(wallboard.starts_with("HTTP/1.1 200"), "{wallboard}");
    assert!(openapi.contains("\"openapi\""), "{openapi}");
    assert_eq!(running.stop().0, Some(0));
}

#[test]
fn a_taken_port_is_named_before_anything_is_made() {
    let home = Home::new("taken-port");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();

    let answer = home.kexiang(&["up", "--listen", &format!("127.0.0.1:{port}")]);

    assert_eq!(answer.code, Some(1));
    assert!(answer.err.contains(&format!("port {port} is taken")), "{answer:?}");
    assert!(!home.data_dir().join("postgres").exists());
}

#[test]
fn ctrl_c_during_the_start_ends_it_cleanly() {
    let home = Home::new("interrupted-start");

    let starting = home.spawn_up(&[], Stdio::piped());
    while !home.data_dir().join("postgres/data.new").exists() {
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&starting), Signal::INT).unwrap();
    let ended = starting.wait_with_output().unwrap();

    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(String::from_utf8_lossy(&ended.stdout), "Kexiang has stopped.\n");
    assert_eq!(processes_on(&home.data_dir()), Vec::<String>::new());
    assert_eq!(home.up(&[]).stop().0, Some(0), "the next start is not in its way");
}
