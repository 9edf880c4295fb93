//! Who stops the server when the program is killed: a small shell that reads a pipe which only the program holds.
//!
//! The pipe ends with the program, however it ends. The shell then stops the server, removes the home if it was a scratch
//! one, and lets go of the home's lock, which it holds too: nobody can start on the home before. After an orderly stop it finds
//! nothing left to do. Killed itself, it is not replaced; the next start clears up.

use std::{
    fs::File,
    os::unix::process::CommandExt,
    process::{Child, ChildStdin, Stdio},
};

use super::{
    account::Account,
    binaries::Binaries,
    error::{PrivateServerError, io_error},
    home::Home,
};

/// Arguments: `pg_ctl`, the cluster, and what to remove in the end. Its output is the lock, so nothing is written to it.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
cat > /dev/null
"$1" stop -w -t 60 -m fast -D "$2" > /dev/null 2>&1 || "$1" stop -w -t 10 -m immediate -D "$2" > /dev/null 2>&1
if [ -n "$3" ]; then cd / && rm -rf -- "$3" "$4" > /dev/null 2>&1; fi
"#;

/// The shell and our end of its pipe.
#[derive(Debug)]
pub struct Watchdog {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Watchdog {
    /// Sets it up over the home that `lock` locks; `scratch` homes are removed in the end.
    pub fn set(
        home: &Home,
        account: &Account,
        binaries: &Binaries,
        lock: &File,
        scratch: bool,
    ) -> Result<Self, PrivateServerError> {
        let lock = lock.try_clone().map_err(io_error("share the lock of", &home.root))?;
        let mut shell = account.command("/bin/sh", &home.root);
        shell.args(["-c", SCRIPT, "kexiang-watchdog"]).arg(binaries.program("pg_ctl")).arg(home.data());
        if scratch {
            shell.arg(&home.root).arg(&home.socket);
        }
        shell.process_group(0).stdin(Stdio::piped()).stdout(lock).stderr(Stdio::null());
        let mut shell = shell.spawn().map_err(io_error("run", "/bin/sh"))?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }
}

impl Drop for Watchdog {
    /// Closes the pipe and waits until all is done.
    fn drop(&mut self) {
        drop(self.pipe.take());
        self.shell.wait().ok();
    }
}
