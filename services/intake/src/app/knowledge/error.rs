//! Why a use case of the knowledge base is refused.

use kexiang_core::id::ArticleId;
use kexiang_pg::IdempotencyError;
use thiserror::Error;

use crate::{
    app::AppError,
    domain::knowledge::{MoveError, VersionId},
};

/// A refused use case of the knowledge base.
#[derive(Debug, Error)]
pub enum KnowledgeError {
    /// The article's state does not allow it.
    #[error("{article:?}: {source}")]
    Move {
        /// Which.
        article: ArticleId,
        /// Why.
        source: MoveError,
    },
    /// Nothing of the article was ever published.
    #[error("{article:?} was never published")]
    ArticleNeverPublished {
        /// Which.
        article: ArticleId,
    },
    /// The version was never published.
    #[error("{} was never published", version.name())]
    VersionNeverPublished {
        /// Which.
        version: VersionId,
    },
    /// What any use case is refused for.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<sqlx::Error> for KnowledgeError {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<serde_json::Error> for KnowledgeError {
    fn from(error: serde_json::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<IdempotencyError> for KnowledgeError {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}
