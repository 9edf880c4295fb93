//! The use cases of intake. Each is one transaction: load → decide (domain) → save and tell.
//!
//! | to see | read |
//! |---|---|
//! | accepting, in batches | [`acceptance`], [`writer`] |
//! | the verbs of a case | [`cases`] |
//! | what events of dispatch and customer records change here | [`effects`] |
//! | sites, registers | [`sites`], [`contacts`] |
//! | the knowledge base | [`knowledge`] |
//! | automatic acceptance | [`dialogue`] |

pub mod acceptance;
pub mod cases;
pub mod contacts;
pub mod dialogue;
pub mod effects;
mod error;
pub mod knowledge;
pub mod sites;
mod writer;

use kexiang_core::Clock;
use kexiang_events::EventLog;
use kexiang_pg::{Idempotency, Pool};
use tokio::task::JoinHandle;

pub use self::{acceptance::Accepted, error::AppError};
use self::{sites::Sites, writer::Writer};
use crate::SCHEMA;

pub(crate) const IDEMPOTENCY: Idempotency = Idempotency::new(SCHEMA.name);

/// The use cases over one database. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pool: Pool,
    clock: Clock,
    log: EventLog,
    sites: Sites,
    writer: writer::Queue,
}

impl App {
    /// The use cases, and the writer that accepts cases in batches: it ends when all clones of the app are gone and
    /// everything accepted is written.
    #[must_use]
    pub fn start(pool: Pool, clock: Clock, log: EventLog) -> (Self, JoinHandle<()>) {
        let sites = Sites::new(pool.clone());
        let (queue, writer) = Writer::new(&pool, clock.clone(), log.clone(), sites.clone());
        let app = Self { pool, clock, log, sites, writer: queue };
        (app, tokio::spawn(writer.run()))
    }

    /// The log, for the feed.
    #[must_use]
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// The clock, for checks against now.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}
