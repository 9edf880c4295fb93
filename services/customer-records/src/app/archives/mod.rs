//! The archive: its setup here, its entries in [`entries`] (CU-13).
//!
//! # Invariants and failure cases
//! - A command loads the entry locked, lets the domain decide, saves and tells in one transaction: killed before the commit nothing
//!   happened, after it everything. Of two who want to borrow at once the second sees the first; an index keeps it besides.
//! - Announcements that are due go off before the command, in its transaction; the timer comes to the same result. A mark and its
//!   event commit together, so each is told once with any number of replicas; of two one locks, the other skips.
//! - What is above the caller's level is not found, before anything else is said of it; a repeated request is judged like a new one.
//! - Answers to repeated requests are remembered for 30 days, also of what is destroyed meanwhile.

pub mod entries;

use kexiang_core::{ArchiveEntryId, Call, CustomerId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::{Claim, IdempotencyError};

use super::{App, AppError, IDEMPOTENCY};
pub use crate::store::archives::{EntryFilter, LoanFilter};
use crate::{
    domain::archive::{
        ArchiveError,
        kind::{ArchiveKind, RetentionClass, StoredArchiveKind},
    },
    store::archive_setup,
};

/// A refused use case of the archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveRefusal {
    /// No such entry, or none for the caller.
    #[error("there is no {0:?}")]
    NotFound(ArchiveEntryId),
    /// No such kind.
    #[error("there is no kind {0}")]
    KindNotFound(String),
    /// No such retention class.
    #[error("there is no retention class {0}")]
    ClassNotFound(String),
    /// No such customer.
    #[error("there is no {0:?}")]
    CustomerNotFound(CustomerId),
    /// The etag is not the current one; which resource.
    #[error("{0} has changed")]
    EtagMismatch(String),
    /// A rule of the archive.
    #[error("{entry:?}: {source}")]
    Rule {
        /// Which; `None` for one that is not there yet.
        entry: Option<ArchiveEntryId>,
        /// Why.
        source: ArchiveError,
    },
    /// What any use case may meet.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<sqlx::Error> for ArchiveRefusal {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<serde_json::Error> for ArchiveRefusal {
    fn from(error: serde_json::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<IdempotencyError> for ArchiveRefusal {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}

fn defined(event_type: &'static str, name: String, now: Timestamp) -> Result<Draft, serde_json::Error> {
    let facts = serde_json::json!({ "name": name });
    Draft::new(event_type, name, now, &facts)
}

impl App {
    /// Defines a kind, or replaces its definition.
    ///
    /// # Errors
    /// [`ArchiveRefusal::EtagMismatch`], [`ArchiveRefusal::KindNotFound`] of the parent kind, [`ArchiveRefusal::ClassNotFound`];
    /// [`AppError::Conflict`] when two define a new one at once.
    #[tracing::instrument(name = "app.define_archive_kind", skip_all)]
    pub async fn define_archive_kind(
        &self,
        call: &Call,
        kind: ArchiveKind,
        etag: Option<i64>,
    ) -> Result<StoredArchiveKind, ArchiveRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(stored) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(stored);
        }
        let name = format!("archiveKinds/{}", kind.code);
        let before = archive_setup::find_kind(&mut tx, &kind.code, true).await?;
        let version = before.map_or(0, |before| before.version);
        if etag.is_some_and(|etag| etag != version) {
            return Err(ArchiveRefusal::EtagMismatch(name));
        }
        if archive_setup::find_class(&mut tx, &kind.retention_class, false).await?.is_none() {
            return Err(ArchiveRefusal::ClassNotFound(kind.retention_class));
        }
        if let Some(parent) = &kind.parent_kind
            && archive_setup::find_kind(&mut tx, parent, false).await?.is_none()
        {
            return Err(ArchiveRefusal::KindNotFound(parent.clone()));
        }
        let stored = StoredArchiveKind { kind, updated_at: now, version: version + 1 };
        if !archive_setup::save_kind(&mut tx, &stored).await? {
            return Err(AppError::Conflict.into());
        }
        self.log.append(&mut tx, call, now, &[defined("archive_kind.defined", name, now)?]).await?;
        IDEMPOTENCY.save(&mut tx, call, &stored).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(stored)
    }

    /// Gets a kind.
    ///
    /// # Errors
    /// [`ArchiveRefusal::KindNotFound`].
    pub async fn get_archive_kind(&self, code: &str) -> Result<StoredArchiveKind, ArchiveRefusal> {
        let mut conn = self.pool.acquire().await?;
        let found = archive_setup::find_kind(&mut conn, code, false).await?;
        found.ok_or_else(|| ArchiveRefusal::KindNotFound(code.to_owned()))
    }

    /// Kinds after a code.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_archive_kinds(
        &self,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<StoredArchiveKind>, ArchiveRefusal> {
        let mut conn = self.pool.acquire().await?;
        Ok(archive_setup::list_kinds(&mut conn, after, limit).await?)
    }

    /// Defines a retention class, or replaces it for what is retired from now on.
    ///
    /// # Errors
    /// [`ArchiveRefusal::EtagMismatch`]; [`AppError::Conflict`] when two define a new one at once.
    #[tracing::instrument(name = "app.define_retention_class", skip_all)]
    pub async fn define_retention_class(
        &self,
        call: &Call,
        (code, display_name, period_days): (String, String, Option<i32>),
        etag: Option<i64>,
    ) -> Result<RetentionClass, ArchiveRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(class) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(class);
        }
        let name = format!("retentionClasses/{code}");
        let before = archive_setup::find_class(&mut tx, &code, true).await?;
        let version = before.map_or(0, |before| before.version);
        if etag.is_some_and(|etag| etag != version) {
            return Err(ArchiveRefusal::EtagMismatch(name));
        }
        let class = RetentionClass { code, display_name, period_days, updated_at: now, version: version + 1 };
        if !archive_setup::save_class(&mut tx, &class).await? {
            return Err(AppError::Conflict.into());
        }
        self.log.append(&mut tx, call, now, &[defined("retention_class.defined", name, now)?]).await?;
        IDEMPOTENCY.save(&mut tx, call, &class).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(class)
    }

    /// Retention classes after a code.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_retention_classes(
        &self,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<RetentionClass>, ArchiveRefusal> {
        let mut conn = self.pool.acquire().await?;
        Ok(archive_setup::list_classes(&mut conn, after, limit).await?)
    }
}
