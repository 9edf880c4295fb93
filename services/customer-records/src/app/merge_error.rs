//! Why a merge or an un-merge was refused.

use kexiang_core::{MergeId, MergeProposalId};
use kexiang_pg::IdempotencyError;

use super::AppError;
use crate::domain::merge::Unmergeable;

/// Why a use case of merging was refused.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// No such merge.
    #[error("there is no {0:?}")]
    NotFound(MergeId),
    /// No such proposal.
    #[error("there is no {0:?}")]
    ProposalNotFound(MergeProposalId),
    /// The resource of this name has changed since the caller read it.
    #[error("{0} has changed")]
    EtagMismatch(String),
    /// The state of the resource of this name does not allow it; this one would.
    #[error("{0} is not {1}")]
    State(String, &'static str),
    /// Rows of this merge are still on their way.
    #[error("rows of {0:?} are still on their way")]
    UnderWay(MergeId),
    /// This merge has to be taken back first.
    #[error("{0:?} has to be taken back first")]
    Later(MergeId),
    /// What the two are does not allow it.
    #[error(transparent)]
    Unmergeable(#[from] Unmergeable),
    /// What may happen to customers anyway.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<sqlx::Error> for MergeError {
    fn from(error: sqlx::Error) -> Self {
        Self::App(AppError::Sql(error))
    }
}

impl From<serde_json::Error> for MergeError {
    fn from(error: serde_json::Error) -> Self {
        Self::App(AppError::Json(error))
    }
}

impl From<IdempotencyError> for MergeError {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}
