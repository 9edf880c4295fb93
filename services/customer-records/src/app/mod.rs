//! The use cases, one transaction each: load, decide in the domain, save and tell by an event.
//!
//! A crash before the commit leaves nothing; after it, everything, and a repeated `request_id` gets the same answer.

pub mod agreements;
pub mod archives;
mod customers;
mod error;
pub mod hand_ins;
mod identification;
mod projection;
mod recognition;
mod timeline;

pub use error::AppError;
use kexiang_core::Clock;
use kexiang_events::EventLog;
use kexiang_pg::{Idempotency, Pool};
pub use projection::{DispatchNews, IntakeNews};

use crate::SCHEMA;

pub(crate) const IDEMPOTENCY: Idempotency = Idempotency::new(SCHEMA.name);

/// The use cases over one database. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pool: Pool,
    clock: Clock,
    log: EventLog,
}

impl App {
    /// The use cases over a pool of the role `kexiang_customer_records`.
    #[must_use]
    pub const fn new(pool: Pool, clock: Clock, log: EventLog) -> Self {
        Self { pool, clock, log }
    }

    /// The log, for the feed.
    #[must_use]
    pub const fn log(&self) -> &EventLog {
        &self.log
    }
}
