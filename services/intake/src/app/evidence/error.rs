//! Why a use case of evidence is refused.

use kexiang_core::EvidenceId;
use kexiang_pg::IdempotencyError;
use thiserror::Error;

use crate::{
    app::AppError,
    domain::evidence::{ContentFault, EvidenceState},
};

/// A refused use case of evidence.
#[derive(Debug, Error)]
pub enum EvidenceError {
    /// As anywhere else.
    #[error(transparent)]
    App(#[from] AppError),
    /// The bytes are not what may be kept; all faults.
    #[error("the content is refused: {0:?}")]
    Content(Vec<ContentFault>),
    /// A chunk that is not the next one.
    #[error("the offset must be {awaited}")]
    Offset {
        /// The offset that is taken.
        awaited: i64,
    },
    /// A download from beyond the end.
    #[error("the offset must be less than {size}")]
    Beyond {
        /// Its size.
        size: i64,
    },
    /// Its state does not allow it.
    #[error("{id:?} is {state:?}")]
    State {
        /// Which.
        id: EvidenceId,
        /// Where it stands.
        state: EvidenceState,
    },
    /// The signature is not ours.
    #[error("the link to {id:?} was not signed here")]
    LinkInvalid {
        /// Which.
        id: EvidenceId,
    },
    /// The link was good.
    #[error("the time of the link to {id:?} is over")]
    LinkExpired {
        /// Which.
        id: EvidenceId,
    },
    /// The object store.
    #[error(transparent)]
    Objects(#[from] object_store::Error),
}

impl From<sqlx::Error> for EvidenceError {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<IdempotencyError> for EvidenceError {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}

impl From<serde_json::Error> for EvidenceError {
    fn from(error: serde_json::Error) -> Self {
        Self::App(error.into())
    }
}
