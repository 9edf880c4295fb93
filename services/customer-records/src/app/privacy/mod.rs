//! Use cases of privacy (CU-14).
//!
//! Erasing is one transaction: key, contact points, stump, receipt and the event that other services follow. Killed before the
//! commit nothing is erased, after it everything here is, and the others follow from the log. A hold and an erasure at the same
//! time meet at the lock of the customer's row: the first one decides.

mod erasures;
mod export;
mod legal_holds;
mod unmasking;

use kexiang_core::{CustomerId, ErasureId, LegalHoldId};
use kexiang_pg::IdempotencyError;

use super::AppError;
use crate::domain::privacy::UnmaskPurpose;

/// Why a use case of privacy was refused.
#[derive(Debug, thiserror::Error)]
pub enum PrivacyError {
    /// As with any customer.
    #[error(transparent)]
    App(#[from] AppError),
    /// None of the caller's roles may unmask for this.
    #[error("none of the roles may unmask for {0:?}")]
    PurposeNotAllowed(UnmaskPurpose),
    /// This hold keeps them.
    #[error("{customer:?} is kept by {hold:?}")]
    UnderLegalHold {
        /// Who.
        customer: CustomerId,
        /// By what.
        hold: LegalHoldId,
    },
    /// They are erased.
    #[error("{0:?} is erased")]
    CustomerErased(CustomerId),
    /// No such hold.
    #[error("there is no {0:?}")]
    HoldNotFound(LegalHoldId),
    /// It is released already.
    #[error("{0:?} is released")]
    HoldReleased(LegalHoldId),
    /// Somebody changed it meanwhile.
    #[error("{0:?} has changed")]
    HoldEtagMismatch(LegalHoldId),
    /// No such erasure.
    #[error("there is no {0:?}")]
    ErasureNotFound(ErasureId),
}

impl From<sqlx::Error> for PrivacyError {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<serde_json::Error> for PrivacyError {
    fn from(error: serde_json::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<IdempotencyError> for PrivacyError {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}
