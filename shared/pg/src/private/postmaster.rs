//! The server process: making its cluster, starting it, waiting until it answers, stopping it.
//!
//! A cluster is made beside its final place and moved there when it is whole, so that `data/` is either a cluster or absent.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Seek, SeekFrom},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{
    account::Account,
    binaries::Binaries,
    error::{PrivateServerError, io_error},
    home::{Home, PORT, open_plain},
};

/// The superuser of the cluster.
pub const SUPERUSER: &str = "postgres";
/// Longest start, recovery after a crash included.
const START: Duration = Duration::from_secs(300);
/// How long the processes of a killed server may take to notice that it is gone.
const LINGERING: Duration = Duration::from_secs(20);
/// Longest orderly stop; after that the server is stopped as by a crash, and recovers at its next start.
const STOP: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);
/// What a server says while processes of the one before it, which was killed, still hold its memory.
const PREDECESSOR: &str = "pre-existing shared memory block";

/// How to start the server of one home.
#[derive(Debug, Clone)]
pub struct Postmaster {
    pub home: Home,
    pub account: Account,
    pub binaries: Binaries,
    /// Whether commits outlive a loss of power.
    pub durable: bool,
    pub max_connections: u32,
}

impl Postmaster {
    /// Makes the cluster unless there is one; `abandoned` keeps it from a second attempt.
    pub fn make_cluster(&self, abandoned: impl Fn() -> bool) -> Result<(), PrivateServerError> {
        let data = self.home.data();
        if data.join("PG_VERSION").exists() {
            return Ok(());
        }
        let unfinished = self.home.root.join("data.new");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(io_error("remove", &unfinished))?;
        }
        // The second locale is for systems without the first; it sorts alike.
        self.initdb(&unfinished, "C.UTF-8").or_else(|error| match abandoned() {
            true => Err(error),
            false => self.initdb(&unfinished, "C"),
        })?;
        fs::rename(&unfinished, &data).map_err(io_error("rename", &unfinished))?;
        let root = &self.home.root;
        File::open(root).and_then(|directory| directory.sync_all()).map_err(io_error("write", root))
    }

    fn initdb(&self, data: &Path, locale: &str) -> Result<(), PrivateServerError> {
        let program = self.binaries.program("initdb");
        let mut initdb = self.account.command(&program, &self.home.root);
        initdb.args(["--encoding=UTF8", "--auth-local=trust", "--auth-host=reject"]);
        initdb.arg(format!("--username={SUPERUSER}")).arg(format!("--locale={locale}")).arg("-D").arg(data);
        if !self.durable {
            initdb.arg("--no-sync");
        }
        let output = initdb.stdin(Stdio::null()).output().map_err(io_error("run", program))?;
        match output.status.success() {
            true => Ok(()),
            false => Err(PrivateServerError::Initdb {
                output: String::from_utf8_lossy(&output.stderr).into_owned(),
            }),
        }
    }

    /// Starts the server and waits until it takes connections; `abandoned` ends the wait.
    pub fn start(&self, abandoned: impl Fn() -> bool) -> Result<Child, PrivateServerError> {
        let patience = Instant::now() + LINGERING;
        loop {
            let mut log = self.open_log()?;
            let before = log.seek(SeekFrom::End(0)).map_err(io_error("read", self.home.log()))?;
            let mut child = self.spawn(&log)?;
            if self.is_ready(&mut child, &abandoned) {
                return Ok(child);
            }
            stop(&mut child);
            let tail = tail(&mut log, before).map_err(io_error("read", self.home.log()))?;
            if !tail.contains(PREDECESSOR) || Instant::now() > patience || abandoned() {
                return Err(PrivateServerError::Start { log: self.home.log(), tail });
            }
            thread::sleep(10 * POLL);
        }
    }

    fn open_log(&self) -> Result<File, PrivateServerError> {
        let path = self.home.log();
        let log = open_plain(&path, OpenOptions::new().create(true).append(true).read(true))?;
        self.account.own(&log, &path)?;
        Ok(log)
    }

    fn spawn(&self, log: &File) -> Result<Child, PrivateServerError> {
        let program = self.binaries.program("postgres");
        let log = log.try_clone().map_err(io_error("open", self.home.log()))?;
        let mut postgres = self.account.command(&program, &self.home.root);
        postgres.arg("-D").arg(self.home.data()).args(["-p", &PORT.to_string()]);
        for setting in self.settings() {
            postgres.arg("-c").arg(setting);
        }
        // A group of its own: Ctrl-C at the terminal reaches us, who stop it last.
        postgres.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        postgres.spawn().map_err(io_error("run", program))
    }

    fn settings(&self) -> Vec<String> {
        let durable = if self.durable { "on" } else { "off" };
        let socket = self.home.socket.to_string_lossy().replace('"', "\"\"");
        vec![
            "listen_addresses=".to_owned(),
            format!("unix_socket_directories=\"{socket}\""),
            "unix_socket_permissions=0700".to_owned(),
            format!("max_connections={}", self.max_connections),
            format!("fsync={durable}"),
            format!("synchronous_commit={durable}"),
            format!("full_page_writes={durable}"),
            // No DETAIL in its log: that quotes rows.
            "log_error_verbosity=terse".to_owned(),
            "logging_collector=off".to_owned(),
            "log_checkpoints=off".to_owned(),
        ]
    }

    /// The server writes its state into `postmaster.pid`; line 1 is its process id, line 8 says "ready".
    fn is_ready(&self, child: &mut Child, abandoned: &impl Fn() -> bool) -> bool {
        let file = self.home.data().join("postmaster.pid");
        let (pid, deadline) = (child.id().to_string(), Instant::now() + START);
        while Instant::now() < deadline && !abandoned() && matches!(child.try_wait(), Ok(None)) {
            let state = fs::read_to_string(&file).unwrap_or_default();
            let mut lines = state.lines().map(str::trim);
            if lines.next() == Some(&pid) && lines.nth(6) == Some("ready") {
                return true;
            }
            thread::sleep(POLL);
        }
        false
    }
}

/// Stops a server, orderly if it can, and waits until it is gone.
pub fn stop(child: &mut Child) {
    for (signal, patience) in [(Signal::INT, STOP), (Signal::QUIT, STOP / 6)] {
        if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw)
            && matches!(child.try_wait(), Ok(None))
        {
            // It can only fail because the server is gone.
            kill_process(pid, signal).ok();
        }
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(POLL);
        }
    }
    tracing::error!("the private PostgreSQL does not stop; killing it");
    child.kill().and_then(|()| child.wait()).ok();
}

/// The last lines written after `before`.
fn tail(log: &mut File, before: u64) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    log.seek(SeekFrom::Start(before))?;
    log.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines[lines.len().saturating_sub(20)..].join("\n"))
}
