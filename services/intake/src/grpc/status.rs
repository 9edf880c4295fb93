//! The one place that knows what a refused use case is on the wire.

pub(super) mod dialogue;
pub(super) mod knowledge;

use kexiang_proto::intake_v1::ErrorReason;
use kexiang_rpc::Refusal;
use tonic::Code;

use super::DOMAIN;
use crate::{app::AppError, domain::TransitionError};

/// The refusal that an error of a use case is.
pub(super) fn refusal(error: AppError) -> Refusal {
    match error {
        AppError::NotFound { resource, name } => Refusal::not_found(DOMAIN, resource, &name),
        AppError::AlreadyExists { resource, name } => Refusal::already_exists(DOMAIN, resource, &name),
        AppError::Transition { case, source } => match source {
            TransitionError::State { .. } => Refusal::state(DOMAIN, &case.name(), source.to_string()),
            TransitionError::ReturnVisitRequired => precondition(
                ErrorReason::ReturnVisitRequired,
                "RETURN_VISIT",
                &case.name(),
                &source.to_string(),
            ),
        },
        AppError::NotJoinable { case } => precondition(
            ErrorReason::CaseNotJoinable,
            "CASE",
            &case.name(),
            "an open case of the same site is needed",
        ),
        AppError::EtagMismatch { name } => Refusal::etag_mismatch(DOMAIN, &name),
        AppError::RequestIdReused => Refusal::request_id_reused(DOMAIN),
        AppError::Stopping => Refusal::unavailable(DOMAIN),
        AppError::Sql(error) => Refusal::database(DOMAIN, &error),
        AppError::Json(error) => Refusal::internal(DOMAIN, &error),
    }
}

/// The same, on its way out.
pub(super) fn status(error: AppError) -> tonic::Status {
    refusal(error).into()
}

fn precondition(reason: ErrorReason, kind: &str, subject: &str, needed: &str) -> Refusal {
    Refusal::new(Code::FailedPrecondition, DOMAIN, reason.as_str_name(), needed)
        .about("case", subject)
        .with_precondition(kind, subject, needed)
}
