//! What reporting can be asked and told.
//!
//! | to see | read |
//! |---|---|
//! | how facts become projections | [`projection`] |
//! | day reports, breakdowns, the cases behind a figure | [`reports`] |
//! | the wallboard, at once and on change | [`wallboard`] |
//!
//! All that one answer says is read in one snapshot: its rows add up to its total, and its time of freshness is theirs.

pub mod projection;
pub mod reports;
pub mod wallboard;

use kexiang_core::{Clock, SiteId};
use kexiang_pg::Pool;
use sqlx::{Postgres, Transaction};
use thiserror::Error;
use tokio::sync::watch;

/// The consumer of the events of intake.
pub const FROM_INTAKE: &str = "reporting.intake";
/// The consumer of the events of dispatch.
pub const FROM_DISPATCH: &str = "reporting.dispatch";

/// The use cases of reporting. Cheap to clone; clones share the wake-up of watchers.
#[derive(Clone)]
pub struct App {
    pool: Pool,
    clock: Clock,
    projected: watch::Sender<()>,
}

/// Why a question is not answered.
#[derive(Debug, Error)]
pub enum AppError {
    /// No case of this site is known, so neither is its time zone: it has no days yet.
    #[error("no case of {} is known", .0.name())]
    UnknownSite(SiteId),
    /// The database.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
}

impl App {
    /// Reporting over its schema.
    #[must_use]
    pub fn new(pool: Pool, clock: Clock) -> Self {
        Self { pool, clock, projected: watch::Sender::default() }
    }

    /// One snapshot to read from.
    async fn snapshot(&self) -> sqlx::Result<Transaction<'static, Postgres>> {
        self.pool.begin_with("begin isolation level repeatable read read only").await
    }
}
