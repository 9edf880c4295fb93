//! The home of a private server: its directories, its socket, and the lock of whoever owns it.
//!
//! The lock is the kernel's, on an open file which the watchdog holds too: it goes when both are gone, also by kill -9, and
//! never stays behind.
//!
//! Root gives the home to another account, which may then put there what it likes. So what root opens in it is opened
//! without following links, and given away and protected as what was opened, never again by its name.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{Error, ErrorKind, Read, Seek, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    process, thread,
    time::{Duration, Instant},
};

use rustix::fs::OFlags;
use sha2::{Digest, Sha256};

use super::{
    account::Account,
    error::{PrivateServerError, io_error},
    remains,
};

/// Longest path of a socket: 103 bytes on macOS, 107 on Linux.
const SOCKET_PATH_MAX: usize = 103;
/// The port in the socket's name; nothing listens on it.
pub const PORT: u16 = 5432;
/// How long the watchdog of an owner who was killed may take to stop the server.
const FORMER_OWNER: Duration = Duration::from_secs(60);
/// How long a lock may outlive its release: a process that is being started has a copy of it until its exec.
const BEING_STARTED: Duration = Duration::from_secs(1);

/// Where a private server lives.
#[derive(Debug, Clone)]
pub struct Home {
    /// The home itself.
    pub root: PathBuf,
    /// Where the socket is: the home, or a directory with a shorter path.
    pub socket: PathBuf,
}

impl Home {
    /// Makes the home, for `account` alone.
    pub fn make(root: &Path, account: &Account) -> Result<Self, PrivateServerError> {
        let root = std::path::absolute(root).map_err(io_error("read", root))?;
        let parent = root.parent().unwrap_or(&root);
        make_way(parent)?;
        let parent = parent.canonicalize().map_err(io_error("read", parent))?;
        let root = parent.join(root.file_name().unwrap_or_default());
        account.check_reach(&root)?;
        make_own(&root, account)?;
        let socket = short_enough(&root);
        if socket != root {
            account.check_reach(&socket)?;
            make_own(&socket, account)?;
        }
        Ok(Self { root, socket })
    }

    /// The cluster.
    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// The socket, as PostgreSQL names it.
    pub fn socket_file(&self) -> PathBuf {
        self.socket.join(format!(".s.PGSQL.{PORT}"))
    }

    /// What the server writes about itself.
    pub fn log(&self) -> PathBuf {
        self.root.join("server.log")
    }

    /// Takes the home for this process. Waits for the watchdog of an owner who died, and no more than a moment for one who
    /// lives; `abandoned` ends the wait.
    pub fn lock(&self, abandoned: impl Fn() -> bool) -> Result<File, PrivateServerError> {
        let path = self.root.join("lock");
        let mut file =
            open_plain(&path, OpenOptions::new().read(true).write(true).create(true).truncate(false))?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => return Err(io_error("lock", &path)(source)),
                Err(TryLockError::WouldBlock) => {
                    let owner = read_owner(&mut file);
                    let lives = owner.parse().is_ok_and(remains::is_alive);
                    let patience = if lives { BEING_STARTED } else { FORMER_OWNER };
                    if begun.elapsed() > patience || abandoned() {
                        return Err(PrivateServerError::InUse { home: self.root.clone(), owner });
                    }
                    thread::sleep(Duration::from_millis(50));
                }
            }
        }
        write_owner(&mut file).map_err(io_error("write", &path))?;
        Ok(file)
    }
}

/// Opens a file of the home; a link to a file elsewhere, by whatever kind of link, is refused.
pub fn open_plain(path: &Path, options: &mut OpenOptions) -> Result<File, PrivateServerError> {
    let file = without_links(options, OFlags::NOFOLLOW).open(path).map_err(io_error("open", path))?;
    let found = file.metadata().map_err(io_error("read", path))?;
    match found.is_file() && found.nlink() == 1 {
        true => Ok(file),
        false => Err(io_error("open", path)(Error::other("it is a link, or no file"))),
    }
}

fn without_links(options: &mut OpenOptions, flags: OFlags) -> &mut OpenOptions {
    options.custom_flags(flags.bits().cast_signed())
}

fn read_owner(file: &mut File) -> String {
    let mut owner = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut owner));
    read.map_or_else(|_| String::new(), |_| owner.trim().to_owned())
}

fn write_owner(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", process::id())
}

/// The directories which are missing on the way; whatever our umask, the server's account may pass through them.
fn make_way(directory: &Path) -> Result<(), PrivateServerError> {
    if directory.as_os_str().is_empty() || directory.is_dir() {
        return Ok(());
    }
    if let Some(parent) = directory.parent() {
        make_way(parent)?;
    }
    match fs::create_dir(directory) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(io_error("create", directory)(error)),
        Ok(()) => {
            fs::set_permissions(directory, Permissions::from_mode(0o711)).map_err(io_error("open", directory))
        }
    }
}

/// A directory for the account alone; one that exists must already be its own or ours.
fn make_own(path: &Path, account: &Account) -> Result<(), PrivateServerError> {
    if let Err(error) = DirBuilder::new().mode(0o700).create(path)
        && error.kind() != ErrorKind::AlreadyExists
    {
        return Err(io_error("create", path)(error));
    }
    let foreign = || PrivateServerError::ForeignDirectory { directory: path.to_owned() };
    let directory =
        without_links(OpenOptions::new().read(true), OFlags::NOFOLLOW | OFlags::DIRECTORY).open(path);
    let directory = directory.map_err(|_| foreign())?;
    let found = directory.metadata().map_err(io_error("read", path))?;
    if ![account.uid(), rustix::process::geteuid().as_raw()].contains(&found.uid()) {
        return Err(foreign());
    }
    directory.set_permissions(Permissions::from_mode(0o700)).map_err(io_error("protect", path))?;
    account.own(&directory, path)
}

/// The home, or where its path is too long for a socket a directory of its own under the temporary directory.
fn short_enough(root: &Path) -> PathBuf {
    let socket = root.join(format!(".s.PGSQL.{PORT}"));
    if socket.as_os_str().len() <= SOCKET_PATH_MAX {
        return root.to_owned();
    }
    let hash = Sha256::digest(root.as_os_str().as_bytes());
    let key: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    std::env::temp_dir().join(format!("kexiang-{key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_files_elsewhere_are_not_opened() {
        let directory = std::env::temp_dir().join(format!("kexiang-home-{}", process::id()));
        fs::create_dir_all(&directory).unwrap();
        let [elsewhere, soft, hard] = ["elsewhere", "soft", "hard"].map(|name| directory.join(name));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        assert!(open_plain(&elsewhere, &mut options).is_ok());
        std::os::unix::fs::symlink(&elsewhere, &soft).unwrap();
        fs::hard_link(&elsewhere, &hard).unwrap();

        let opened = [&soft, &hard].map(|link| open_plain(link, &mut options));
        fs::remove_dir_all(&directory).unwrap();

        assert!(opened.iter().all(Result::is_err), "{opened:?}");
    }

    #[test]
    fn a_long_path_gets_a_short_socket_which_is_always_the_same() {
        let long = PathBuf::from(format!("/srv/{}", "x".repeat(100)));

        assert_eq!(short_enough(Path::new("/srv/kexiang/postgres")), Path::new("/srv/kexiang/postgres"));
        assert_eq!(short_enough(&long), short_enough(&long));
        assert!(short_enough(&long).as_os_str().len() + ".s.PGSQL.5432/".len() <= SOCKET_PATH_MAX);
    }
}
