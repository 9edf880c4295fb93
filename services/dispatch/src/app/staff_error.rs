//! Why use cases of org, presence and rotation refuse.

use kexiang_pg::IdempotencyError;

use super::{AppError, StoreError};
use crate::domain::rotation::{NotThisRound, reception::NotEnoughAgents};

/// Why a use case of org, presence or rotation refused or failed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// As everywhere.
    #[error(transparent)]
    App(#[from] AppError),
    /// The new parent is the unit itself or stands below it.
    #[error("{unit} can't stand below {parent}, which stands below it")]
    UnitCycle {
        /// Which.
        unit: String,
        /// Where it was to go.
        parent: String,
    },
    /// The tiers do not fit.
    #[error(
        "{unit} can't stand there: a unit stands below one of a higher tier, a department has only departments below it"
    )]
    UnitLevel {
        /// Which.
        unit: String,
    },
    /// Who is not signed in can't be absent.
    #[error("{agent} is not signed in")]
    NotSignedIn {
        /// Who.
        agent: String,
    },
    /// The agent has another shift then.
    #[error("{agent} has another shift then")]
    ShiftOverlaps {
        /// Who.
        agent: String,
    },
    /// The resource has ended.
    #[error("{name} {why}")]
    Ended {
        /// Which.
        name: String,
        /// How.
        why: &'static str,
    },
    /// Fewer receive than are needed.
    #[error(transparent)]
    NotEnoughAgents(#[from] NotEnoughAgents),
    /// Customers wait, and are served first.
    #[error("{waiting} customers wait and are served first")]
    CustomersWait {
        /// How many.
        waiting: i64,
    },
    /// Nobody waits.
    #[error("nobody waits at {site}")]
    NobodyWaits {
        /// Where.
        site: String,
    },
    /// The order is not that of this round.
    #[error(transparent)]
    NotThisRound(#[from] NotThisRound),
    /// A member is of another unit, or the unit has the rotation of another site.
    #[error("{name} {why}")]
    NotOfUnit {
        /// Who or which.
        name: String,
        /// What is wrong.
        why: &'static str,
    },
}

impl From<sqlx::Error> for StaffError {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}
impl From<StoreError> for StaffError {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}
impl From<IdempotencyError> for StaffError {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}
impl From<serde_json::Error> for StaffError {
    fn from(error: serde_json::Error) -> Self {
        Self::App(error.into())
    }
}
