//! The use cases, one transaction each: load, decide in the domain, save and tell by an event.
//!
//! A crash before the commit leaves nothing; after it, everything, and a repeated `request_id` gets the same answer.

mod customers;
mod error;
pub mod follow_ups;
mod identification;
pub mod ownership;
mod projection;
mod recognition;
mod timeline;

pub use error::AppError;
use jiff::tz::TimeZone;
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
    /// In which days are counted where no site says so.
    zone: TimeZone,
}

impl App {
    /// The use cases over a pool of the role `kexiang_customer_records`; where no site says otherwise, days are those of UTC.
    #[must_use]
    pub const fn new(pool: Pool, clock: Clock, log: EventLog) -> Self {
        Self { pool, clock, log, zone: TimeZone::UTC }
    }

    /// Counts days in this zone where no site says otherwise.
    #[must_use]
    pub fn with_zone(self, zone: TimeZone) -> Self {
        Self { zone, ..self }
    }

    /// The clock.
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
