//! Why a use case is refused, in words of the business; `grpc/status` alone knows what that is on the wire.

use kexiang_core::CaseId;
use kexiang_pg::{Fault, IdempotencyError, classify};
use thiserror::Error;

use super::calls::CallError;
use crate::domain::{FamilyError, TransitionError};

/// A refused use case.
#[derive(Debug, Error)]
pub enum AppError {
    /// There is no such resource.
    #[error("there is no {name}")]
    NotFound {
        /// Its type, such as `Case`.
        resource: &'static str,
        /// Its name.
        name: String,
    },
    /// The id is taken.
    #[error("{name} is already there")]
    AlreadyExists {
        /// Its type.
        resource: &'static str,
        /// Its name.
        name: String,
    },
    /// The case's state does not allow it.
    #[error("{case:?}: {source}")]
    Transition {
        /// Which.
        case: CaseId,
        /// Why.
        source: TransitionError,
    },
    /// The contact can't join this case.
    #[error("{case:?} is of another site, or no longer open")]
    NotJoinable {
        /// Which.
        case: CaseId,
    },
    /// A promise about the case is open or missed: it does not close.
    #[error("a promise about {case:?} is still to be kept")]
    PromiseOpen {
        /// Which.
        case: CaseId,
    },
    /// Cases can't come together or part like this.
    #[error(transparent)]
    Family(#[from] FamilyError),
    /// The etag is not the current one.
    #[error("{name} has changed")]
    EtagMismatch {
        /// Which.
        name: String,
    },
    /// The request id came before with another payload.
    #[error("the request id came before with another payload")]
    RequestIdReused,
    /// Of calls and desks.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The writer is stopping.
    #[error("the service is stopping")]
    Stopping,
    /// The database.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// A stored answer or event that can't be written or read as JSON: a defect.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl AppError {
    /// Whether it concerns no single item but all: the database is out of reach, or the service stops.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Sql(error) => classify(error) == Fault::Unavailable,
            Self::Stopping => true,
            Self::NotFound { .. }
            | Self::AlreadyExists { .. }
            | Self::Transition { .. }
            | Self::NotJoinable { .. }
            | Self::PromiseOpen { .. }
            | Self::Family(_)
            | Self::EtagMismatch { .. }
            | Self::RequestIdReused
            | Self::Call(_)
            | Self::Json(_) => false,
        }
    }
}

impl From<IdempotencyError> for AppError {
    fn from(error: IdempotencyError) -> Self {
        match error {
            IdempotencyError::RequestIdReused => Self::RequestIdReused,
            IdempotencyError::Sql(error) => Self::Sql(error),
            IdempotencyError::Stored(error) => Self::Json(error),
        }
    }
}
