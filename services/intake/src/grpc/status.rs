//! The one place that knows what a refused use case is on the wire.

mod calls;
pub(super) mod dialogue;
mod following;
pub(super) mod knowledge;
pub(super) mod promise;

use kexiang_core::CaseId;
use kexiang_proto::intake_v1::ErrorReason;
use kexiang_rpc::{Refusal, Violations};
use tonic::Code;

use super::DOMAIN;
use crate::{
    app::{AppError, handovers::HandoverError, notices::NoticeError},
    domain::{HandoverRefusal, TransitionError},
};

pub(super) use following::following_status;

/// The refusal that an error of a use case is.
pub(super) fn refusal(error: AppError) -> Refusal {
    match error {
        AppError::NotFound { resource, name } => Refusal::not_found(DOMAIN, resource, &name),
        AppError::AlreadyExists { resource, name } => Refusal::already_exists(DOMAIN, resource, &name),
        AppError::Transition { case, source } => transition(case, &source),
        AppError::Family(error) => following::family(error),
        AppError::NotJoinable { case } => precondition(
            ErrorReason::CaseNotJoinable,
            "CASE",
            &case.name(),
            "an open case of the same site is needed",
        ),
        AppError::PromiseOpen { case } => promise::promise_open(case),
        AppError::EtagMismatch { name } => Refusal::etag_mismatch(DOMAIN, &name),
        AppError::RequestIdReused => Refusal::request_id_reused(DOMAIN),
        AppError::Call(error) => calls::refusal(error),
        AppError::Stopping => Refusal::unavailable(DOMAIN),
        AppError::Sql(error) => Refusal::database(DOMAIN, &error),
        AppError::Json(error) => Refusal::internal(DOMAIN, &error),
    }
}

fn transition(case: CaseId, error: &TransitionError) -> Refusal {
    match error {
        TransitionError::State { .. } => Refusal::state(DOMAIN, &case.name(), error.to_string()),
        TransitionError::ReturnVisitRequired => {
            precondition(ErrorReason::ReturnVisitRequired, "RETURN_VISIT", &case.name(), &error.to_string())
        }
        TransitionError::OnHold => {
            precondition(ErrorReason::CaseOnHold, "HOLD", &case.name(), &error.to_string())
        }
        TransitionError::FollowsAnother => following::follows_another(case, &error.to_string()),
    }
}

/// The same, on its way out.
pub(super) fn status(error: AppError) -> tonic::Status {
    refusal(error).into()
}

/// What a refused use case of handovers is.
pub(super) fn of_handover(error: HandoverError) -> tonic::Status {
    let (subject, source) = match error {
        HandoverError::App(error) => return status(error),
        HandoverError::Refused { subject, source } => (subject, source),
    };
    let text = source.to_string();
    let refusal = match source {
        HandoverRefusal::Answered => precondition(ErrorReason::CaseAnswered, "ANSWERED", &subject, &text),
        HandoverRefusal::Open(open) => precondition(ErrorReason::HandoverOpen, "HANDOVER", &subject, &text)
            .about("handover", &open.name()),
        HandoverRefusal::AlreadyResponsible(agent) => {
            precondition(ErrorReason::AlreadyResponsible, "RESPONSIBLE", &subject, &text)
                .about("agent", &agent.name())
        }
        // It is about who calls, whatever the state.
        HandoverRefusal::NotParty { .. } => denied(ErrorReason::NotPartyOfHandover, &text),
        HandoverRefusal::State(_) => Refusal::state(DOMAIN, &subject, text),
    };
    refusal.into()
}

/// What a refused use case of notices is.
pub(super) fn of_notice(error: NoticeError) -> tonic::Status {
    let text = error.to_string();
    let refusal = match error {
        NoticeError::NotRecipient { .. } => denied(ErrorReason::NotRecipient, &text),
        NoticeError::UnknownPosition => {
            let mut violations = Violations::default();
            violations.add("position", "INVALID_VALUE", "is not a position that was given out");
            Refusal::invalid(DOMAIN, violations)
        }
        NoticeError::App(error) => refusal(error),
    };
    refusal.into()
}

fn denied(reason: ErrorReason, text: &str) -> Refusal {
    Refusal::new(Code::PermissionDenied, DOMAIN, reason.as_str_name(), text)
}

fn precondition(reason: ErrorReason, kind: &str, subject: &str, needed: &str) -> Refusal {
    Refusal::new(Code::FailedPrecondition, DOMAIN, reason.as_str_name(), needed)
        .about("case", subject)
        .with_precondition(kind, subject, needed)
}
