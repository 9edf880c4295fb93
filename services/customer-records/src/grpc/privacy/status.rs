//! Statuses of refused use cases of privacy.

use kexiang_core::{ErasureId, LegalHoldId};
use kexiang_proto::customers_v1::PrivacyErrorReason as Reason;
use kexiang_rpc::Refusal;
use tonic::{Code, Status};

use crate::{
    app::PrivacyError,
    grpc::status::{self, DOMAIN},
};

/// The status of a refused use case.
pub fn status(error: PrivacyError) -> Status {
    let refusal = match error {
        PrivacyError::App(error) => return status::status(error),
        PrivacyError::PurposeNotAllowed(purpose) => {
            let message = "none of the caller's roles may unmask for this purpose";
            new(Code::PermissionDenied, Reason::PurposeNotAllowed, message).about("purpose", purpose.as_str())
        }
        PrivacyError::UnderLegalHold { customer, hold } => {
            let message = "a legal hold stands: release it first";
            new(Code::FailedPrecondition, Reason::UnderLegalHold, message)
                .about("legal_hold", &hold.name())
                .with_precondition("LEGAL_HOLD", &customer.name(), message)
        }
        PrivacyError::CustomerErased(id) => {
            let message = "nothing is known of them any more";
            new(Code::FailedPrecondition, Reason::CustomerErased, message).with_precondition(
                "STATE",
                &id.name(),
                message,
            )
        }
        PrivacyError::HoldReleased(id) => {
            let message = "the hold is released already";
            new(Code::FailedPrecondition, Reason::HoldReleased, message).with_precondition(
                "STATE",
                &id.name(),
                message,
            )
        }
        PrivacyError::HoldNotFound(id) => Refusal::not_found(DOMAIN, LegalHoldId::TYPE, &id.name()),
        PrivacyError::HoldEtagMismatch(id) => Refusal::etag_mismatch(DOMAIN, &id.name()),
        PrivacyError::ErasureNotFound(id) => Refusal::not_found(DOMAIN, ErasureId::TYPE, &id.name()),
    };
    refusal.into()
}

fn new(code: Code, reason: Reason, message: &str) -> Refusal {
    let reason = reason.as_str_name().strip_prefix("PRIVACY_ERROR_REASON_").unwrap_or_default();
    Refusal::new(code, DOMAIN, reason, message)
}
