//! The use cases of intake. Each is one transaction: load → decide (domain) → save and tell.
//!
//! | to see | read |
//! |---|---|
//! | accepting, in batches | [`acceptance`], [`writer`], [`opening`] |
//! | the verbs of a case | [`cases`] |
//! | what events of dispatch and customer records change here | [`effects`] |
//! | promises and what they keep from closing | [`promises`] |
//! | who is calling | [`recognition`] |
//! | duplicates, and mass faults | [`duplicates`], [`incidents`], [`mass_faults`], [`informing`]; what they share: [`following`] |
//! | sites, registers | [`sites`], [`contacts`] |
//! | category trees, suggestions | [`categories`] |
//! | evidence: rows here, bytes in an object store | [`evidence`] |
//! | the knowledge base | [`knowledge`] |
//! | calls and their events; completing their contacts | [`calls`], [`completion`] |
//! | published numbers; what agents do | [`published_numbers`], [`desk`] |
//! | passing the first responsibility on | [`handovers`] |
//! | telling the staff at once | [`notices`] |
//! | forgetting erased customers | [`erasure`] |
//! | automatic acceptance | [`dialogue`] |

pub mod acceptance;
pub mod calls;
pub mod cases;
pub mod categories;
mod completion;
pub mod contacts;
pub mod desk;
pub mod dialogue;
pub mod duplicates;
pub mod effects;
pub mod erasure;
mod error;
pub mod evidence;
pub mod following;
pub mod handovers;
pub mod incidents;
pub mod informing;
pub mod knowledge;
pub mod mass_faults;
pub mod notices;
mod opening;
pub mod promises;
pub mod published_numbers;
pub mod recognition;
pub mod sites;
mod writer;

use jiff::SignedDuration;
use kexiang_core::Clock;
use kexiang_events::EventLog;
use kexiang_pg::{Idempotency, Pool};
use tokio::task::JoinHandle;

pub use self::{acceptance::Accepted, calls::CallError, error::AppError, following::FollowingError};
use self::{
    categories::{memory::Memory, models::Models},
    sites::Sites,
    writer::Writer,
};
use crate::{SCHEMA, config::FollowingConfig};

pub(crate) const IDEMPOTENCY: Idempotency = Idempotency::new(SCHEMA.name);

/// The use cases over one database. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pool: Pool,
    clock: Clock,
    log: EventLog,
    sites: Sites,
    categories: Memory,
    models: Models,
    writer: writer::Queue,
    duplicate_window: SignedDuration,
}

impl App {
    /// The use cases, and the writer that accepts cases in batches: it ends when all clones of the app are gone and
    /// everything accepted is written.
    #[must_use]
    pub fn start(pool: Pool, clock: Clock, log: EventLog) -> (Self, JoinHandle<()>) {
        let sites = Sites::new(pool.clone());
        let (queue, writer) = Writer::new(&pool, clock.clone(), log.clone(), sites.clone());
        let categories = Memory::new(pool.clone());
        let (models, duplicate_window) = (Models::default(), FollowingConfig::default().duplicate_window());
        let app = Self { pool, clock, log, sites, categories, models, writer: queue, duplicate_window };
        (app, tokio::spawn(writer.run()))
    }

    /// The same, proposing duplicates within this time; zero for never.
    #[must_use]
    pub fn with_duplicate_window(self, duplicate_window: SignedDuration) -> Self {
        Self { duplicate_window, ..self }
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
