//! As whom the server runs: as ourselves, or, since PostgreSQL refuses root, as `postgres` or else `nobody`.

use std::{
    ffi::OsStr,
    fs::{self, File, Metadata},
    os::unix::{
        fs::{MetadataExt, fchown},
        process::CommandExt,
    },
    path::Path,
    process::Command,
};

use super::error::{PrivateServerError, io_error};

/// The account of the server.
#[derive(Debug, Clone)]
pub struct Account {
    /// Whom root becomes; `None` when we are an ordinary user and stay it.
    other: Option<Other>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Other {
    name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    /// The account for whoever we are.
    pub fn choose() -> Result<Self, PrivateServerError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self { other: None });
        }
        let file = Path::new("/etc/passwd");
        let accounts = fs::read_to_string(file).map_err(io_error("read", file))?;
        let other = ["postgres", "nobody"].iter().find_map(|name| find(&accounts, name));
        Ok(Self { other: Some(other.ok_or(PrivateServerError::NoAccount)?) })
    }

    /// A command that runs under the account, from a directory which it can read.
    pub fn command(&self, program: impl AsRef<OsStr>, directory: &Path) -> Command {
        let mut command = Command::new(program);
        // Messages in English, whatever the terminal speaks: one of them is looked for, and this locale always exists.
        command.current_dir(directory).env("LC_ALL", "C");
        if let Some(other) = &self.other {
            command.uid(other.uid).gid(other.gid);
        }
        command
    }

    /// Gives an open file or directory to the account; `path` is what errors call it.
    pub fn own(&self, file: &File, path: &Path) -> Result<(), PrivateServerError> {
        match &self.other {
            None => Ok(()),
            Some(other) => {
                fchown(file, Some(other.uid), Some(other.gid)).map_err(io_error("give away", path))
            }
        }
    }

    /// The user id of the server.
    pub fn uid(&self) -> u32 {
        self.other.as_ref().map_or_else(|| rustix::process::geteuid().as_raw(), |other| other.uid)
    }

    /// Whether the account can get through every directory above `path`.
    pub fn check_reach(&self, path: &Path) -> Result<(), PrivateServerError> {
        let Some(other) = &self.other else { return Ok(()) };
        for directory in path.ancestors().skip(1) {
            if !other.may_enter(&fs::metadata(directory).map_err(io_error("read", directory))?) {
                return Err(PrivateServerError::OutOfReach {
                    user: other.name.clone(),
                    directory: directory.to_owned(),
                });
            }
        }
        Ok(())
    }
}

impl Other {
    fn may_enter(&self, directory: &Metadata) -> bool {
        let bit = match () {
            () if directory.uid() == self.uid => 0o100,
            () if directory.gid() == self.gid => 0o010,
            () => 0o001,
        };
        directory.mode() & bit != 0
    }
}

/// A line of `/etc/passwd`: name, password, uid, gid, …
fn find(accounts: &str, name: &str) -> Option<Other> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next()? == name;
        let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        found.then(|| Other { name: name.to_owned(), uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let accounts =
            "# comment\npostgresql:x:7:7::/:/bin/sh\npostgres:x:101:104:PostgreSQL,,,:/var/lib:/bin/bash\n";

        let postgres = Other { name: "postgres".to_owned(), uid: 101, gid: 104 };
        assert_eq!(find(accounts, "postgres"), Some(postgres));
        assert_eq!(find(accounts, "nobody"), None);
    }
}
