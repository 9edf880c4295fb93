//! Why a use case of categories is refused.

use kexiang_core::CategoryTreeId;
use kexiang_pg::IdempotencyError;
use thiserror::Error;
use tokio::task::JoinError;

use crate::{
    app::AppError,
    domain::category::{PublishError, Scope, training::TooFewCases},
};

/// A refused use case of categories.
#[derive(Debug, Error)]
pub enum CategoryError {
    /// What any use case can be refused for.
    #[error(transparent)]
    App(#[from] AppError),
    /// The version can't be put in force.
    #[error("{tree:?}: {source}")]
    Publish {
        /// Of which tree.
        tree: CategoryTreeId,
        /// Why.
        source: PublishError,
    },
    /// The version lacks codes that were published before.
    #[error("{tree:?}: {} codes are missing", codes.len())]
    CodesMissing {
        /// Of which tree.
        tree: CategoryTreeId,
        /// In the order of the version in force.
        codes: Vec<String>,
    },
    /// The tree has no published version.
    #[error("{tree:?} has no published version")]
    NotPublished {
        /// Which.
        tree: CategoryTreeId,
    },
    /// No model was trained yet.
    #[error("{scope:?} has no model")]
    ModelMissing {
        /// For what.
        scope: Scope,
    },
    /// There is too little to learn from.
    #[error("{scope:?} has too few closed cases")]
    TooFewCases {
        /// For what.
        scope: Scope,
        /// What there is.
        found: TooFewCases,
    },
    /// Training ended before its time: a defect, or the service stops.
    #[error(transparent)]
    Training(#[from] JoinError),
}

impl From<sqlx::Error> for CategoryError {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<serde_json::Error> for CategoryError {
    fn from(error: serde_json::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<IdempotencyError> for CategoryError {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}
