//! The use cases, one transaction each: load, decide in the domain, save and tell by an event.
//!
//! A crash before the commit leaves nothing; after it, everything, and a repeated `request_id` gets the same answer.

pub mod agreements;
pub mod archives;
pub mod customer_handovers;
mod customers;
mod error;
mod exports;
pub mod follow_ups;
pub mod hand_ins;
mod identification;
mod imports;
mod key_account_units;
pub mod key_accounts;
pub mod member_changes;
mod merge_error;
mod merge_moves;
mod merge_proposals;
mod merging;
pub mod ownership;
mod privacy;
pub mod profiles;
mod projection;
mod recognition;
mod redirects;
pub mod relationships;
mod sealing;
pub mod search;
pub mod segments;
mod timeline;
pub mod view;

use std::sync::Arc;

pub use error::AppError;
pub use exports::{ExportError, Exporting};
pub use imports::{ImportError, ImportRun, ImportSettings};
use jiff::tz::TimeZone;
use kexiang_core::Clock;
use kexiang_events::EventLog;
use kexiang_pg::{Idempotency, Pool};
pub use merge_error::MergeError;
pub use merging::{Merging, Preview};
pub use privacy::PrivacyError;
pub use projection::{DispatchNews, IntakeNews};

use tokio::sync::watch;

use crate::{SCHEMA, domain::vault::KeyRing};

pub(crate) const IDEMPOTENCY: Idempotency = Idempotency::new(SCHEMA.name);

/// The use cases over one database. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pool: Pool,
    clock: Clock,
    log: EventLog,
    keys: KeyRing,
    /// Whether nothing lies in clear any more.
    sealed: Arc<watch::Sender<bool>>,
    /// In which days are counted where no site says so.
    zone: TimeZone,
}

impl App {
    /// The use cases over a pool of the role `kexiang_customer_records`; `keys` seal personal data. Where no site says
    /// otherwise, days are those of UTC.
    #[must_use]
    pub fn new(pool: Pool, clock: Clock, log: EventLog, keys: KeyRing) -> Self {
        Self { pool, clock, log, keys, sealed: Arc::new(watch::Sender::new(false)), zone: TimeZone::UTC }
    }

    /// Counts days in this zone where no site says otherwise.
    #[must_use]
    pub fn with_zone(self, zone: TimeZone) -> Self {
        Self { zone, ..self }
    }

    /// The clock that everything is timed by.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The log, for the feed.
    #[must_use]
    pub const fn log(&self) -> &EventLog {
        &self.log
    }
}
