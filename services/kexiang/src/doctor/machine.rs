//! What the machine has to offer: PostgreSQL, a place for the data, a port, the time.

use std::{
    net::{SocketAddr, TcpListener},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Instant,
};

use jiff::Timestamp;
use kexiang_core::Clock;
use kexiang_pg::private::{Options, PrivateServer};
use rustix::fs::{Access, access, statvfs};

use super::Finding;
use crate::data_dir::DataDir;

/// Below this, `kexiang up` may not even come up.
const DISK_NEEDED: u64 = 1 << 30;
/// Below this, a large import may fill the disk.
const DISK_WANTED: u64 = 5 << 30;

/// A PostgreSQL like the one that `kexiang up` makes starts where its data would lie. It is tried out, because
/// nothing less tells whether its programs, its account and the way to the data are as they should be; nothing of it
/// stays.
pub async fn postgres(dir: &DataDir) -> Finding {
    let home = existing(dir.path()).join(format!("kexiang-doctor-{}", std::process::id()));
    let begin = Instant::now();
    let server = match PrivateServer::start(Options::scratch(&home)).await {
        Ok(server) => server,
        Err(error) => {
            return Finding::fail(
                "PostgreSQL",
                error.to_string(),
                "or let `kexiang up --database-url URL` use a server that runs elsewhere",
            );
        }
    };
    let version = std::fs::read_to_string(home.join("data/PG_VERSION")).unwrap_or_default();
    let account = std::fs::metadata(&home).map(|home| account(home.uid())).unwrap_or_default();
    server.stop().await;
    let (version, seconds) = (version.trim(), begin.elapsed().as_secs_f64());
    Finding::ok("PostgreSQL", format!("version {version}, tried out as user {account} in {seconds:.1} s"))
}

/// The name of a user id, or the id where it has none.
fn account(uid: u32) -> String {
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut accounts = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let found = accounts
        .find_map(|line| line.get(2).is_some_and(|id| *id == uid.to_string()).then(|| line[0].to_owned()));
    found.unwrap_or_else(|| uid.to_string())
}

/// The data directory can be written.
pub fn data_dir(dir: &DataDir) -> Finding {
    let place = existing(dir.path());
    let shown = dir.path().display();
    if access(&place, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        let found = format!("{} can't be written", place.display());
        return Finding::fail(
            "data directory",
            found,
            "choose another with --data-dir, or give yourself the right",
        );
    }
    if place == dir.path() {
        Finding::ok("data directory", format!("{shown} can be written"))
    } else {
        Finding::ok("data directory", format!("{shown} can be made"))
    }
}

/// The keys of personal data can be read, by us alone.
pub fn customer_keys(dir: &DataDir) -> Finding {
    const WHAT: &str = "customer keys";
    let Some(path) = dir.existing_customer_keys() else {
        return Finding::ok(WHAT, "made at the first start");
    };
    if let Err(error) = kexiang_customer_records::read_keys(&path) {
        return Finding::fail(
            WHAT,
            format!("{error:#}"),
            "bring back the copy of it: without it no customer can be read",
        );
    }
    let mode = std::fs::metadata(&path).map(|file| file.mode()).unwrap_or_default();
    let found = path.display().to_string();
    if mode & 0o077 == 0 {
        Finding::ok(WHAT, found)
    } else {
        Finding::warn(WHAT, format!("{found} can be read by others"), format!("chmod 600 {found}"))
    }
}

/// There is room.
pub fn disk(dir: &DataDir) -> Finding {
    let Ok(disk) = statvfs(existing(dir.path())) else {
        return Finding::warn("disk", "how much is free can't be found out", "look with `df -h`");
    };
    let free = disk.f_bavail * disk.f_frsize;
    let found = format!("{} MiB free", free >> 20);
    match free {
        ..DISK_NEEDED => {
            Finding::fail("disk", found, "make room, or choose another --data-dir: 1 GiB is needed")
        }
        DISK_NEEDED..DISK_WANTED => {
            Finding::warn("disk", found, "enough to look around; large imports want 5 GiB")
        }
        DISK_WANTED.. => Finding::ok("disk", found),
    }
}

/// The gateway's port is free, or taken by the Kexiang of this data directory.
pub fn port(dir: &DataDir, listen: SocketAddr) -> Finding {
    let is_ours = dir.is_in_use()
        && dir.endpoints().is_ok_and(|running| running.gateway.ends_with(&format!(":{}", listen.port())));
    match TcpListener::bind(listen) {
        Ok(_) => Finding::ok("port", format!("{listen} is free")),
        Err(_) if is_ours => {
            Finding::ok("port", format!("{listen} is in use by the Kexiang of this data directory"))
        }
        Err(error) => Finding::fail(
            "port",
            format!("{listen}: {error}"),
            format!("stop what uses port {}, or choose another with --listen", listen.port()),
        ),
    }
}

/// The clock did not fall behind this program or its own data.
pub fn clock(dir: &DataDir, clock: &Clock) -> Finding {
    let now = clock.now();
    let advice = "set the clock, best by NTP: deadlines, tokens and registers rest on it";
    let last_start = std::fs::metadata(dir.admin_token())
        .and_then(|file| file.modified())
        .ok()
        .and_then(|at| Timestamp::try_from(at).ok());
    let found = format!("{} UTC", now.strftime("%Y-%m-%d %H:%M:%S"));
    match last_start {
        _ if now.to_zoned(jiff::tz::TimeZone::UTC).year() < 2026 => Finding::fail("clock", found, advice),
        Some(last) if last > now => {
            Finding::fail("clock", format!("{found}, before the last start of Kexiang"), advice)
        }
        Some(_) | None => Finding::ok("clock", found),
    }
}

/// The nearest folder on the way to `path` that is there.
fn existing(path: &Path) -> PathBuf {
    path.ancestors().find(|place| place.exists()).unwrap_or(Path::new("/")).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn a_taken_port_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();

        let finding = port(&DataDir::at(Path::new("/nowhere/kexiang-data")), address);

        assert_eq!(finding.level, Level::Fail);
        assert!(finding.to_string().contains(&format!("stop what uses port {}", address.port())));
    }

    #[test]
    fn a_clock_of_the_past_is_told() {
        let (past, _) = Clock::manual(Timestamp::UNIX_EPOCH);

        assert_eq!(clock(&DataDir::at(Path::new("/nowhere/kexiang-data")), &past).level, Level::Fail);
    }
}
