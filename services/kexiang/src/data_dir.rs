//! The folder of one `kexiang up`: the private PostgreSQL, the evidence, the signing key, the
//! keys of personal data, the administrator's token and where everything listens.
//!
//! Secrets are readable by their owner alone. Files are replaced whole, so that a reader never meets half a token,
//! also after kill -9. What is made once and stays, as the signing key, is never replaced: of two who make it at once
//! one does, and the other takes that. A lock that dies with its process keeps a second `kexiang up` out.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions, TryLockError},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use kexiang_core::{Clock, Role};
use kexiang_customer_records::domain::vault::KeyRing;
use kexiang_rpc::token::Issuer;
use url::Url;

use crate::endpoints::Endpoints;

/// Subject of the administrator's token.
pub const ADMINISTRATOR: &str = "administrator";

/// A data directory.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

/// Held while `kexiang up` runs.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held for its drop, which unlocks")] File);

impl DataDir {
    /// The directory at `path`, which need not be there yet.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
    }

    /// Makes it and keeps others out.
    ///
    /// # Errors
    /// When it can't be made, or another `kexiang up` has it.
    pub fn lock(&self) -> anyhow::Result<Lock> {
        let path = self.0.join("lock");
        let context = || format!("the data directory {} can't be used", self.0.display());
        std::fs::create_dir_all(&self.0).with_context(context)?;
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(path).with_context(context)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => bail!(
                "another `kexiang up` is running on {}; stop it first, or choose another --data-dir",
                self.0.display()
            ),
            Err(TryLockError::Error(error)) => Err(error).with_context(context),
        }
    }

    /// Whether a `kexiang up` runs on it now.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        File::open(self.0.join("lock"))
            .is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// Itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the private PostgreSQL lives.
    #[must_use]
    pub fn postgres(&self) -> PathBuf {
        self.0.join("postgres")
    }

    /// Where the bytes of evidence are kept, as an address.
    #[must_use]
    pub fn evidence_store(&self) -> String {
        // The path is absolute, so it has an address.
        Url::from_file_path(self.0.join("evidence")).map(String::from).unwrap_or_default()
    }

    /// The administrator's token.
    #[must_use]
    pub fn admin_token(&self) -> PathBuf {
        self.0.join("admin.token")
    }

    fn endpoints_file(&self) -> PathBuf {
        self.0.join("endpoints.json")
    }

    fn signing_key(&self) -> PathBuf {
        self.0.join("signing-key.pem")
    }

    /// The signing key, made at the first start of `kexiang up` or by `kexiang key`, whichever comes first.
    ///
    /// # Errors
    /// When it can't be written or read, or is no key.
    pub fn issuer(&self) -> anyhow::Result<Issuer> {
        let path = self.signing_key();
        if !path.exists() {
            std::fs::create_dir_all(&self.0)
                .with_context(|| format!("{} can't be made", self.0.display()))?;
            make_secret(&path, &Issuer::generate_pem())?;
        }
        self.existing_issuer()
    }

    /// The signing key of an earlier start.
    ///
    /// # Errors
    /// When there is none, or it is no key.
    pub fn existing_issuer(&self) -> anyhow::Result<Issuer> {
        let path = self.signing_key();
        let pem = std::fs::read_to_string(&path).with_context(|| {
            format!(
                "the signing key {} can't be read; `kexiang up` and `kexiang key` make it",
                path.display()
            )
        })?;
        Issuer::from_pem(&pem).with_context(|| format!("{} holds no signing key", path.display()))
    }

    fn customer_keys_file(&self) -> PathBuf {
        self.0.join("customer-keys.toml")
    }

    /// The file with the keys of all personal data, made at the first start. Without it nobody reads customers any more.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn customer_keys(&self) -> anyhow::Result<PathBuf> {
        let path = self.customer_keys_file();
        if !path.exists() {
            std::fs::create_dir_all(&self.0)
                .with_context(|| format!("{} can't be made", self.0.display()))?;
            make_secret(&path, &KeyRing::new_file()?)?;
        }
        Ok(path)
    }

    /// The file with the keys of all personal data, when an earlier start made it.
    #[must_use]
    pub fn existing_customer_keys(&self) -> Option<PathBuf> {
        Some(self.customer_keys_file()).filter(|path| path.exists())
    }

    /// The passwords of database roles on a server that is not ours, made at the first start.
    ///
    /// # Errors
    /// When they can't be written or read.
    pub fn role_passwords<const N: usize>(&self, roles: &[&str; N]) -> anyhow::Result<[String; N]> {
        let path = self.0.join("role-passwords.json");
        if !path.exists() {
            let passwords: BTreeMap<_, _> =
                roles.iter().map(|role| (*role, format!("{:032x}", rand::random::<u128>()))).collect();
            make_secret(&path, &serde_json::to_string_pretty(&passwords)?)?;
        }
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("{} can't be read", path.display()))?;
        let passwords: BTreeMap<String, String> =
            serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))?;
        Ok(roles.map(|role| passwords.get(role).cloned().unwrap_or_default()))
    }

    /// Writes a fresh administrator's token.
    ///
    /// # Errors
    /// When it can't be made or written.
    pub fn write_admin_token(&self, issuer: &Issuer, clock: &Clock, ttl: Duration) -> anyhow::Result<()> {
        let token = issuer.issue(ADMINISTRATOR, &[Role::Administrator], ttl, clock.now())?;
        write_secret(&self.admin_token(), &format!("{token}\n"))
    }

    /// Writes where everything listens.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write_endpoints(&self, endpoints: &Endpoints) -> anyhow::Result<()> {
        write_secret(&self.endpoints_file(), &format!("{}\n", serde_json::to_string_pretty(endpoints)?))
    }

    /// Takes back what `kexiang up` wrote about where it listens.
    pub fn remove_endpoints(&self) {
        if let Err(error) = std::fs::remove_file(self.endpoints_file()) {
            tracing::debug!(%error, "endpoints.json was not there to remove");
        }
    }

    /// Where everything listens.
    ///
    /// # Errors
    /// When nothing runs on this directory, with what to do.
    pub fn endpoints(&self) -> anyhow::Result<Endpoints> {
        let path = self.endpoints_file();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => bail!(
                "no Kexiang runs on {}; start it with `kexiang up`, or name another --data-dir or --server",
                self.0.display()
            ),
            Err(error) => return Err(error).with_context(|| format!("{} can't be read", path.display())),
        };
        serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged; the next `kexiang up` writes it anew", path.display()))
    }
}

/// Replaces a file whole; only its owner can read it.
fn write_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    let new = path.with_extension("new");
    let written = write_new(&new, text).and_then(|()| std::fs::rename(&new, path));
    written.with_context(|| format!("{} can't be written", path.display()))
}

/// Makes a file whole unless somebody else has made it meanwhile; only its owner can read it.
fn make_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    // A name of one's own: the others may be at it too. At kill -9 it stays, a secret of nothing.
    let new = path.with_extension(format!("{:016x}.new", rand::random::<u64>()));
    let made = write_new(&new, text).and_then(|()| std::fs::hard_link(&new, path));
    drop(std::fs::remove_file(&new));
    match made {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("{} can't be made", path.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_who_make_the_key_at_once_all_get_the_same() {
        let path = std::env::temp_dir().join(format!("kexiang-key-{:016x}", rand::random::<u64>()));
        let dir = DataDir::at(&path);

        let keys = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..16).map(|_| scope.spawn(|| dir.issuer().unwrap().jwks())).collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect::<Vec<_>>()
        });
        let files = std::fs::read_dir(&path).unwrap().count();
        std::fs::remove_dir_all(&path).unwrap();

        let first = serde_json::to_value(&keys[0]).unwrap();
        assert!(keys.iter().all(|key| serde_json::to_value(key).unwrap() == first), "{keys:?}");
        assert_eq!(files, 1, "nothing but the key is left");
    }
}
