//! Why a use case of dialogues and messages is refused.

use kexiang_core::id::{DialogueId, OutboundMessageId};
use kexiang_pg::IdempotencyError;
use thiserror::Error;

use crate::app::{AppError, knowledge::KnowledgeError};

/// A refused use case of dialogues and messages.
#[derive(Debug, Error)]
pub enum DialogueError {
    /// Another input was heard in this turn.
    #[error("turn {turn} of {dialogue:?} has passed")]
    TurnPassed {
        /// Which.
        dialogue: DialogueId,
        /// Its turn.
        turn: i32,
    },
    /// No step with this turn was said yet.
    #[error("{dialogue:?} has not come to turn {turn}")]
    TurnAhead {
        /// Which.
        dialogue: DialogueId,
        /// The turn.
        turn: i32,
    },
    /// The dialogue is over.
    #[error("{dialogue:?} is over")]
    Over {
        /// Which.
        dialogue: DialogueId,
    },
    /// The message is not leased under this lease any more.
    #[error("{message:?} is not leased under this lease")]
    LeaseLost {
        /// Which.
        message: OutboundMessageId,
    },
    /// The knowledge base.
    #[error(transparent)]
    Knowledge(#[from] KnowledgeError),
    /// What any use case is refused for.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<sqlx::Error> for DialogueError {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<serde_json::Error> for DialogueError {
    fn from(error: serde_json::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<IdempotencyError> for DialogueError {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}
