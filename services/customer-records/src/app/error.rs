//! What can go wrong in a use case, in the words of the business.

use kexiang_core::{CustomerId, FieldSchemaId};
use kexiang_pg::IdempotencyError;

/// Why a use case was refused.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// No such customer.
    #[error("there is no {0:?}")]
    CustomerNotFound(CustomerId),
    /// No such schema of own fields.
    #[error("there is no {0:?}")]
    FieldSchemaNotFound(FieldSchemaId),
    /// A contact point identifies this other customer.
    #[error("a contact point identifies {0:?}")]
    ContactPointTaken(CustomerId),
    /// The customer has changed since the caller read it.
    #[error("{0:?} has changed")]
    EtagMismatch(CustomerId),
    /// What sort of outlet it is can be said of outlets alone.
    #[error("{0:?} is no outlet")]
    NotAnOutlet(CustomerId),
    /// The schema has changed since the caller read it.
    #[error("{0:?} has changed")]
    FieldSchemaEtag(FieldSchemaId),
    /// The schema is published already.
    #[error("{0:?} is published")]
    FieldSchemaPublished(FieldSchemaId),
    /// Nothing is known of the customer any more.
    #[error("{0:?} is erased")]
    CustomerErased(CustomerId),
    /// What an earlier version wrote in clear is still being sealed.
    #[error("customers are being sealed")]
    Sealing,
    /// The customer was merged into another.
    #[error("{customer:?} was merged into {survivor:?}")]
    CustomerMerged {
        /// Who was asked for.
        customer: CustomerId,
        /// Who answers.
        survivor: CustomerId,
    },
    /// The request id came before with another payload.
    #[error("the request id came before with another payload")]
    RequestIdReused,
    /// Another change of the same rows came in between.
    #[error("another change came in between")]
    Conflict,
    /// The database.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// A stored answer or event that can't be written or read as JSON: a defect.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
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
