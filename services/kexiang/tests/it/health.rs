//! `kexiang health`, as container engines ask it.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStderr, Command, Stdio},
};

use crate::support::Home;

/// A `kexiang serve intake` whose database is not there; killed with the test.
struct WithoutDatabase {
    process: Child,
    address: String,
    /// Kept open: a process whose log nobody takes is another story.
    _log: BufReader<ChildStderr>,
}

impl WithoutDatabase {
    fn start(home: &Home) -> Self {
        home.write("jwks.json", home.kexiang(&["key"]).well().out.as_bytes());
        let token = home.kexiang(&["token", "--role", "service", "--subject", "intake"]).well().out;
        home.write("intake.token", token.as_bytes());
        let database = "postgres://kexiang_intake@127.0.0.1:1/kexiang";
        let mut process = Command::new(env!("CARGO_BIN_EXE_kexiang"))
            .args(["serve", "intake", "--listen", "127.0.0.1:0", "--database-url", database])
            .args(["--jwks-file", "jwks.json", "--service-token-file", "intake.token"])
            .current_dir(home.file(""))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        log.read_line(&mut said).unwrap();
        let port: String =
            said.split("127.0.0.1:").nth(1).unwrap().chars().take_while(char::is_ascii_digit).collect();
        Self { process, address: format!("127.0.0.1:{port}"), _log: log }
    }
}

impl Drop for WithoutDatabase {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn running_services_are_serving_as_a_whole_and_one_by_one() {
    let home = Home::new("health");
    let running = home.up(&[]);
    let at = home.endpoints();

    for (address, service) in [
        (&at.intake, "kexiang.intake.v1.IntakeService"),
        (&at.dispatch, "kexiang.dispatch.v1.DispatchService"),
        (&at.customer_records, "kexiang.customers.v1.CustomerRecordsService"),
        (&at.reporting, "kexiang.reporting.v1.ReportingService"),
    ] {
        let bare = address.strip_prefix("http://").unwrap();
        home.until(&["health", address, "--service", service], |answer| answer.code == Some(0));
        assert_eq!(home.kexiang(&["health", bare]).well().out, "SERVING\n");
    }
    let unknown = home.kexiang(&["health", &at.intake, "--service", "kexiang.none"]);
    let gateway = home.kexiang(&["health", &at.gateway]);
    assert_eq!(running.stop().0, Some(0));
    let stopped = home.kexiang(&["health", &at.intake]);

    assert_eq!((unknown.code, unknown.out.as_str()), (Some(1), ""));
    assert!(unknown.err.contains(" answers "), "{unknown:?}");
    assert_eq!(gateway.code, Some(1), "{gateway:?}");
    assert_eq!(stopped.code, Some(1));
    assert!(stopped.err.contains("nothing answers at"), "{stopped:?}");
}

#[test]
fn a_service_without_its_database_runs_and_is_not_serving() {
    let home = Home::new("health-no-database");
    let service = WithoutDatabase::start(&home);

    let answer = home.until(&["health", &service.address], |answer| answer.out == "NOT_SERVING\n");

    assert_eq!(answer.code, Some(1), "{answer:?}");
}
