//! The handle of a running private server, and the thread which starts it again when it dies.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Child,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use tokio_util::sync::CancellationToken;

use super::{
    account::Account,
    binaries::Binaries,
    error::PrivateServerError,
    home::{Home, PORT},
    postmaster::{Postmaster, SUPERUSER, stop},
    remains,
    watchdog::Watchdog,
};

/// How often the server is looked after, and how long a failed restart waits for the next.
const CHECK: Duration = Duration::from_millis(100);
const RESTART_PAUSE: Duration = Duration::from_secs(2);

/// Where and how a private server runs.
#[derive(Debug, Clone)]
pub struct Options {
    home: PathBuf,
    durable: bool,
    scratch: bool,
    abandoned: CancellationToken,
    /// Connections the server takes at once.
    pub max_connections: u32,
}

impl Options {
    /// A durable server in `<data_dir>/postgres`, which is made if need be and stays.
    #[must_use]
    pub fn durable(data_dir: &Path) -> Self {
        let (home, abandoned) = (data_dir.join("postgres"), CancellationToken::new());
        Self { home, durable: true, scratch: false, abandoned, max_connections: 200 }
    }

    /// A server for tests: nothing is synced to disk, and `home` goes when the server does.
    #[must_use]
    pub fn scratch(home: &Path) -> Self {
        let (home, abandoned) = (home.to_owned(), CancellationToken::new());
        Self { home, durable: false, scratch: true, abandoned, max_connections: 500 }
    }

    /// Gives a start up when `abandoned` is cancelled meanwhile: a first start makes a cluster, one after a crash recovers,
    /// which may take minutes. A server that has started is not touched by it.
    #[must_use]
    pub fn abandoned_by(self, abandoned: CancellationToken) -> Self {
        Self { abandoned, ..self }
    }
}

/// A running private PostgreSQL. It runs until this is dropped; when the process is killed, until the watchdog stops it.
#[derive(Debug)]
pub struct PrivateServer {
    shared: Arc<Shared>,
    _watchdog: Watchdog,
    /// Held until the server is gone.
    _lock: File,
}

#[derive(Debug)]
struct Shared {
    postmaster: Postmaster,
    stopping: AtomicBool,
    /// The running server; taken when it is stopped.
    child: Mutex<Option<Child>>,
}

impl PrivateServer {
    /// Starts the server, making its cluster the first time (about a second); returns when it takes connections.
    ///
    /// # Errors
    /// [`PrivateServerError`], whose text says what to do; [`PrivateServerError::Abandoned`] with nothing left running.
    pub async fn start(options: Options) -> Result<Self, PrivateServerError> {
        let start = move || {
            Self::start_blocking(&options).map_err(|error| match options.abandoned.is_cancelled() {
                true => PrivateServerError::Abandoned,
                false => error,
            })
        };
        let start = tokio::task::spawn_blocking(start).await;
        start.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    fn start_blocking(options: &Options) -> Result<Self, PrivateServerError> {
        let account = Account::choose()?;
        let home = Home::make(&options.home, &account)?;
        let abandoned = || options.abandoned.is_cancelled();
        let lock = home.lock(abandoned)?;
        let binaries = Binaries::find(&home.data())?;
        let watchdog = Watchdog::set(&home, &account, &binaries, &lock, options.scratch)?;
        remains::clear(&home, &binaries, &account)?;
        let (durable, max_connections) = (options.durable, options.max_connections);
        let postmaster = Postmaster { home, account, binaries, durable, max_connections };
        postmaster.make_cluster(abandoned)?;
        let child = Mutex::new(Some(postmaster.start(abandoned)?));
        let shared = Arc::new(Shared { postmaster, stopping: AtomicBool::new(false), child });
        let looked_after = Arc::clone(&shared);
        thread::spawn(move || looked_after.look_after());
        Ok(Self { shared, _watchdog: watchdog, _lock: lock })
    }

    /// The address of `database` for `role`; the server trusts whoever reaches its socket.
    #[must_use]
    pub fn url(&self, role: &str, database: &str) -> String {
        let socket = self.shared.postmaster.home.socket.as_os_str();
        let socket = percent_encode(socket.as_encoded_bytes(), NON_ALPHANUMERIC);
        format!("postgres://{role}@{socket}:{PORT}/{database}?sslmode=disable")
    }

    /// The address of the administrator.
    #[must_use]
    pub fn admin_url(&self) -> String {
        self.url(SUPERUSER, "postgres")
    }

    /// The directory of everything that belongs to the server.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.shared.postmaster.home.root
    }

    /// Stops the server in order, ending its sessions, and waits until it is gone. Dropping does the same in place.
    pub async fn stop(self) {
        tokio::task::spawn_blocking(move || drop(self)).await.ok();
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        if let Some(mut child) = self.shared.child().take() {
            stop(&mut child);
        }
        let home = &self.shared.postmaster.home;
        if home.socket != home.root {
            // Empty by now, or made again at the next start.
            std::fs::remove_dir(&home.socket).ok();
        }
    }
}

impl Shared {
    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Until the server is to stop: whenever it has died, starts it again.
    fn look_after(&self) {
        while !self.is_stopping() {
            thread::sleep(CHECK);
            let mut child = self.child();
            if self.is_stopping() || matches!(child.as_mut().map(Child::try_wait), Some(Ok(None))) {
                continue;
            }
            tracing::warn!("the private PostgreSQL died; starting it again");
            match self.postmaster.start(|| self.is_stopping()) {
                Ok(started) => *child = Some(started),
                Err(error) => {
                    drop(child);
                    tracing::error!(%error, "the private PostgreSQL cannot be started again yet");
                    thread::sleep(RESTART_PAUSE);
                }
            }
        }
    }
}
