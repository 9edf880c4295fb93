//! The use cases: load → decide (domain) → save + event, in one transaction each. Killed at any point, a use case has
//! happened wholly or not at all; repeated with its request id, it answers as before.

use std::sync::Arc;

use kexiang_core::{Call, Clock, Role, Timestamp};
use kexiang_events::EventLog;
use kexiang_pg::{Idempotency, IdempotencyError, Pool};
use tokio::sync::Notify;

use crate::domain::{state::TransitionError, task::TaskEnded};

mod agents;
mod cases;
mod changes;
mod desk;
pub mod erasure;
mod org;
mod presence;
mod reads;
mod reassign;
mod rotation;
mod routes;
mod settle_waiting;
mod staff_error;
mod tasks;
mod units;
mod work_orders;

pub use agents::NewAgent;
pub use reads::After;
pub use rotation::{NewRanking, Reception};
pub use routes::NewRoute;
pub use staff_error::StaffError;
pub use units::NewUnit;

pub use crate::store::StoreError;

/// What requests were answered with.
pub(crate) const IDEMPOTENCY: Idempotency = Idempotency::new("dispatch");

/// So many orders are routed, and so many assigned out of queues, by one transaction at most: neither a deadline nor a window
/// of the feed has to bear a backlog.
const BATCH: i64 = 500;

/// Who may say of others that they are there, or not.
const SIGNERS: &[Role] = &[Role::Supervisor, Role::Dispatcher, Role::Administrator];

/// What every use case needs. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pool: Pool,
    clock: Clock,
    log: EventLog,
    waiting: Arc<Notify>,
}

/// A resource that a change is meant for, and the version it was read at, when the caller gave an etag.
#[derive(Debug, Clone, Copy)]
pub struct Target<Id> {
    /// Which.
    pub id: Id,
    /// The only version that may be changed; none for any.
    pub version: Option<i64>,
}

/// Why a use case refused or failed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// There is no such resource.
    #[error("there is no {name}")]
    NotFound {
        /// The resource's type, such as `WorkOrder`.
        resource: &'static str,
        /// Its name.
        name: String,
    },
    /// There is one already.
    #[error("{name} is already there")]
    AlreadyExists {
        /// The resource's type.
        resource: &'static str,
        /// Its name.
        name: String,
    },
    /// The resource has changed since the caller read it.
    #[error("{name} has changed")]
    EtagMismatch {
        /// Its name.
        name: String,
    },
    /// The order can't make this move.
    #[error("{name}: {source}")]
    Transition {
        /// The order's name.
        name: String,
        /// Why not.
        source: TransitionError,
    },
    /// The task has ended.
    #[error("{name}: {source}")]
    TaskEnded {
        /// The task's name.
        name: String,
        /// How.
        source: TaskEnded,
    },
    /// The named agent is of another unit or does not receive.
    #[error("{agent} is of another unit or does not receive")]
    AgentNotAvailable {
        /// The agent's name.
        agent: String,
    },
    /// Agents sign only themselves in and out.
    #[error("agents sign only themselves in and out")]
    NotYourself,
    /// The memory of requests refused or failed.
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Facts could not be written as JSON.
    #[error(transparent)]
    Facts(#[from] serde_json::Error),
}

impl From<sqlx::Error> for AppError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl App {
    /// The use cases over this database.
    #[must_use]
    pub fn new(pool: Pool, clock: Clock, log: EventLog) -> Self {
        Self { pool, clock, log, waiting: Arc::new(Notify::new()) }
    }

    /// Returns when orders wait that a transaction left for the next one.
    pub async fn more_waits(&self) {
        self.waiting.notified().await;
    }

    /// After a commit: wakes the feed, and who settles the rest of what waits.
    fn committed(&self, left: Left) {
        self.log.wake();
        if left == Left::Waiting {
            self.waiting.notify_one();
        }
    }
}

/// Whether a transaction stopped settling at its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    /// No line is left without the orders that waited for it, nobody free without an order that they could take.
    Nothing,
    /// There may be more to settle.
    Waiting,
}

/// Refuses when `version` is not the one that the target asks for.
fn check_version<Id>(
    target: &Target<Id>,
    version: i64,
    name: impl FnOnce() -> String,
) -> Result<(), AppError> {
    match target.version {
        Some(asked) if asked != version => Err(AppError::EtagMismatch { name: name() }),
        _ => Ok(()),
    }
}

/// What a transaction is about: who, and when.
#[derive(Clone, Copy)]
struct Moment<'a> {
    call: &'a Call,
    now: Timestamp,
}
