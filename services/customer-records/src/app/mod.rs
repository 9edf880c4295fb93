//! The use cases, one transaction each: load, decide in the domain, save and tell by an event.
//!
//! A crash before the commit leaves nothing; after it, everything, and a repeated `request_id` gets the same answer.

mod customers;
mod error;
mod identification;
pub mod profiles;
mod projection;
mod recognition;
pub mod relationships;
pub mod search;
mod timeline;
pub mod view;

pub use error::AppError;
use kexiang_core::Clock;
use kexiang_events::EventLog;
use kexiang_pg::{Idempotency, Pool};
pub use projection::{DispatchNews, IntakeNews};

use crate::{SCHEMA, domain::vault::KeyRing};

pub(crate) const IDEMPOTENCY: Idempotency = Idempotency::new(SCHEMA.name);

/// The use cases over one database. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pool: Pool,
    clock: Clock,
    log: EventLog,
    keys: KeyRing,
}

impl App {
    /// The use cases over a pool of the role `kexiang_customer_records`; `keys` seal personal data.
    #[must_use]
    pub const fn new(pool: Pool, clock: Clock, log: EventLog, keys: KeyRing) -> Self {
        Self { pool, clock, log, keys }
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
