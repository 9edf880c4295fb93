//! Why there is no private server, in words that say what to do about it.

use std::{io, path::PathBuf};

/// Why the private PostgreSQL did not start or stop. The text is for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum PrivateServerError {
    /// No PostgreSQL on this machine, or only older ones.
    #[error(
        "PostgreSQL {oldest} or newer is not installed (looked in {looked}): install it, for example with \
         `apt-get install postgresql-15`, `dnf install postgresql-server` or `brew install postgresql@17`, \
         or give the address of a PostgreSQL server that runs elsewhere"
    )]
    NotInstalled {
        /// The oldest major version that would do.
        oldest: u32,
        /// Directories that were searched.
        looked: String,
    },
    /// The data was written by a major version that is gone, say after an upgrade of the system.
    #[error(
        "the data in {data} belongs to PostgreSQL {wanted}, but only {found} is installed: \
         install PostgreSQL {wanted} again (`apt-get install postgresql-{wanted}`), or convert the data with pg_upgrade"
    )]
    OtherVersion {
        /// The cluster.
        data: PathBuf,
        /// Its major version.
        wanted: u32,
        /// Installed major versions.
        found: String,
    },
    /// Another process has this home.
    #[error("{home} is in use by process {owner}: stop that one first, or choose another data directory")]
    InUse {
        /// The home.
        home: PathBuf,
        /// Who holds it, by process id, as far as is known.
        owner: String,
    },
    /// PostgreSQL refuses to run as root, and the account it runs as instead cannot get to its files.
    #[error(
        "PostgreSQL does not run as root, and user {user} cannot enter {directory}: choose a data directory which every \
         user can reach, such as /var/lib/kexiang, or start as an ordinary user"
    )]
    OutOfReach {
        /// The account which would run the server.
        user: String,
        /// The first directory on the way which it cannot enter.
        directory: PathBuf,
    },
    /// No account to become.
    #[error(
        "PostgreSQL does not run as root, and there is neither a user postgres nor nobody: start as an ordinary user"
    )]
    NoAccount,
    /// The home, or the socket's directory under the temporary directory, is another user's, or no directory.
    #[error("{directory} belongs to another user: start as that one, or choose another data directory")]
    ForeignDirectory {
        /// The directory.
        directory: PathBuf,
    },
    /// `initdb` failed.
    #[error("initdb could not make a cluster:\n{output}")]
    Initdb {
        /// What it said.
        output: String,
    },
    /// The server ended, or did not become ready in time.
    #[error("the private PostgreSQL did not start; {log} ends with:\n{tail}")]
    Start {
        /// Where it writes its log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// Whoever asked for the server wants it no more.
    #[error("the start of the private PostgreSQL was given up")]
    Abandoned,
    /// A file could not be read or written, a program not be started.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Names what was tried when the system says no.
pub fn io_error(
    action: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(io::Error) -> PrivateServerError {
    let path = path.into();
    move |source| PrivateServerError::Io { action, path, source }
}
