//! Evidence (IN-19): rows in PostgreSQL, bytes in an object store, and no transaction over both.
//!
//! # What is where
//! | what | under | written | removed |
//! |---|---|---|---|
//! | chunks and whole of an upload | `staging/<evidence>/` | while UPLOADING | with its folder, an hour after the upload closed |
//! | a content | `sha256/ab/cd/<hash>/<object>` | by a rename from staging, whole | when its row is condemned |
//!
//! A row of `evidence_objects` stands for the object `<object>`:
//!
//! | state of the row | means | next |
//! |---|---|---|
//! | claimed, not placed | an upload is about to put it there | placed |
//! | placed | the store has it, durably | – |
//! | unreferenced | since then no row of `evidence` refers to it | claimed again, or condemned after an hour |
//! | condemned | final; nobody will ever refer to it | removed from the store, then the row is deleted |
//!
//! # Invariants
//! - **What is STORED is there.** A row of evidence refers to its object (foreign key) from before the object is put there until it
//!   is deleted or given up. The cleaner condemns under the row's lock, and only what nobody refers to. A claim takes the same
//!   lock: if it comes first, the cleaner passes by; if it comes second, it finds the content without a living object, and gets a
//!   new one with a key of its own. A key is never used again, so a cleaner that was asleep between condemning and removing
//!   removes what nobody will ever look for.
//! - **The same content is kept once**, as long as it is in use: one living object per hash (unique index).
//! - **Every object has a row**, so cleaning needs no list of the store: rows are committed before anything is written.
//! - Transactions are short: nothing is asked of the store inside one.
//!
//! # Killed between any two lines
//! | between | leaves | mended by |
//! |---|---|---|
//! | begin and first chunk, or any chunk and its row | an upload that lasts; perhaps a chunk nobody knows | the caller goes on; the sweep |
//! | whole written and claim | a whole in staging | the caller finishes again; the sweep |
//! | claim and rename, or rename and row | an object that an UPLOADING row refers to | the caller finishes again; given up after 24 h, released, condemned, removed |
//! | row and answer | STORED | the caller repeats with the same `request_id` and gets the answer |
//! | tombstone and removal | an unreferenced object | any cleaner, an hour later |
//! | condemned and removed, or removed and forgotten | a condemned row | any cleaner removes again; what is not there counts as removed |
//!
//! A process that sleeps for a day between claim and rename, and goes on afterwards, would leave an object without a row. Calls
//! end by their deadline of seconds, and what they do ends with them.

mod clean;
mod delete;
mod error;
mod link;
mod read;
mod receive;
mod settle;
mod upload;

use kexiang_core::{Clock, EvidenceId};
use kexiang_events::EventLog;
use kexiang_pg::Pool;
use sqlx::PgConnection;

pub use self::{
    error::EvidenceError,
    link::Link,
    receive::{Begun, Receiving},
};
use super::AppError;
pub use crate::store::objects::{InvalidAddress, Objects};
use crate::{domain::evidence::Evidence, store};

/// The use cases of evidence. Cheap to clone.
#[derive(Clone)]
pub struct EvidenceDesk {
    pool: Pool,
    clock: Clock,
    log: EventLog,
    objects: Objects,
    /// The largest file, in bytes.
    largest: i64,
    /// What links to the gateway begin with; empty for paths alone.
    link_base: String,
}

impl EvidenceDesk {
    /// The use cases over one database and one object store.
    #[must_use]
    pub fn new(
        pool: Pool,
        clock: Clock,
        log: EventLog,
        objects: Objects,
        largest: i64,
        link_base: &str,
    ) -> Self {
        Self { pool, clock, log, objects, largest, link_base: link_base.trim_end_matches('/').to_owned() }
    }

    /// The clock, for checks against now.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The largest file, in bytes.
    #[must_use]
    pub const fn largest(&self) -> i64 {
        self.largest
    }
}

async fn locked(connection: &mut PgConnection, id: EvidenceId) -> Result<Evidence, EvidenceError> {
    store::evidence::lock(connection, id).await?.ok_or_else(|| not_found(id))
}

fn not_found(id: EvidenceId) -> EvidenceError {
    AppError::NotFound { resource: EvidenceId::TYPE, name: id.name() }.into()
}

fn check_etag(evidence: &Evidence, etag: Option<i64>) -> Result<(), EvidenceError> {
    match etag {
        Some(etag) if etag != evidence.version => {
            Err(AppError::EtagMismatch { name: evidence.id.name() }.into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
