//! What a former run left: a server that nobody stopped, or only its `postmaster.pid`.
//!
//! Called with the lock held, so nobody of ours is starting one meanwhile. PostgreSQL clears a stale `postmaster.pid` by
//! itself, unless its process id was given to another process since, as happens after the restart of a container.

use std::{
    fs, io,
    os::unix::net::UnixStream,
    path::Path,
    process::{Command, Stdio},
};

use rustix::{
    io::Errno,
    process::{Pid, test_kill_process},
};

use super::{
    account::Account,
    binaries::Binaries,
    error::{PrivateServerError, io_error},
    home::Home,
};

/// Leaves no server running on the home and nothing that keeps a new one from starting.
pub fn clear(home: &Home, binaries: &Binaries, account: &Account) -> Result<(), PrivateServerError> {
    let data = home.data();
    let file = data.join("postmaster.pid");
    let Some(pid) = first_line(&file).and_then(|line| line.parse().ok()).filter(|pid| is_alive(*pid)) else {
        return Ok(());
    };
    if serves(pid, home) {
        tracing::info!(pid, "stopping a private PostgreSQL which a former run left");
        let mut stop = account.command(binaries.program("pg_ctl"), &home.root);
        stop.args(["stop", "-w", "-t", "60", "-m", "fast", "-D"]).arg(&data);
        return run(&mut stop);
    }
    tracing::info!(pid, "removing postmaster.pid: its process id belongs to another process");
    fs::remove_file(&file).map_err(io_error("remove", file))
}

/// Whether there is such a process, of whatever user.
pub fn is_alive(pid: i32) -> bool {
    Pid::from_raw(pid).is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

/// Whether the process is a server on this home: its working directory is the cluster. Where the system does not tell, it
/// counts as one when somebody listens on the home's socket; never is a signal sent to a process we know nothing of.
fn serves(pid: i32, home: &Home) -> bool {
    match fs::read_link(format!("/proc/{pid}/cwd")) {
        Ok(directory) => directory == home.data(),
        Err(_) if Path::new("/proc/self/cwd").exists() => false,
        Err(_) => UnixStream::connect(home.socket_file()).is_ok(),
    }
}

fn first_line(file: &Path) -> Option<String> {
    fs::read_to_string(file).ok()?.lines().next().map(|line| line.trim().to_owned())
}

fn run(command: &mut Command) -> Result<(), PrivateServerError> {
    let program = command.get_program().to_owned();
    let done = command.stdin(Stdio::null()).output().and_then(|output| match output.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
    });
    done.map_err(io_error("stop a server with", program))
}
