//! The one place that knows which gRPC code and reason an error of the use cases becomes.

pub mod staff;

use kexiang_pg::IdempotencyError;
use kexiang_proto::dispatch_v1::ErrorReason;
use kexiang_rpc::Refusal;
use tonic::{Code, Status};

use super::DOMAIN;
use crate::{
    app::{AppError, StoreError},
    domain::state::TransitionError,
};

/// The status of a refused or failed use case.
pub fn status(error: AppError) -> Status {
    refusal(error).into()
}

fn refusal(error: AppError) -> Refusal {
    match error {
        AppError::NotFound { resource, name } => Refusal::not_found(DOMAIN, resource, &name),
        AppError::AlreadyExists { resource, name } => Refusal::already_exists(DOMAIN, resource, &name),
        AppError::EtagMismatch { name } => Refusal::etag_mismatch(DOMAIN, &name),
        AppError::Transition { name, source } => transition(&name, &source),
        AppError::TaskEnded { name, source } => Refusal::state(DOMAIN, &name, source.to_string()),
        AppError::AgentNotAvailable { ref agent } => {
            precondition(ErrorReason::AgentNotAvailable, agent, &error.to_string()).about("agent", agent)
        }
        // It is about who calls, whatever the state; who is the assignee or the doer is state of the order.
        AppError::NotYourself => {
            let reason = ErrorReason::NotYourself.as_str_name();
            Refusal::new(Code::PermissionDenied, DOMAIN, reason, error.to_string())
        }
        AppError::Idempotency(IdempotencyError::RequestIdReused) => Refusal::request_id_reused(DOMAIN),
        AppError::Idempotency(IdempotencyError::Sql(error)) => Refusal::database(DOMAIN, &error),
        AppError::Idempotency(IdempotencyError::Stored(error)) => Refusal::internal(DOMAIN, &error),
        AppError::Store(StoreError::Sql(error)) => Refusal::database(DOMAIN, &error),
        AppError::Store(error @ StoreError::Inconsistent { .. }) => Refusal::internal(DOMAIN, &error),
        AppError::Facts(error) => Refusal::internal(DOMAIN, &error),
    }
}

fn transition(name: &str, error: &TransitionError) -> Refusal {
    match error {
        TransitionError::StateNotAllowed { .. } => Refusal::state(DOMAIN, name, error.to_string()),
        TransitionError::NotAssignee { agent } => {
            precondition(ErrorReason::NotAssignee, name, &error.to_string()).about("agent", &agent.name())
        }
        TransitionError::OwnWork => precondition(ErrorReason::OwnWork, name, &error.to_string()),
    }
}

fn precondition(reason: ErrorReason, subject: &str, message: &str) -> Refusal {
    let reason = reason.as_str_name();
    let kind = reason.strip_prefix("ERROR_REASON_").unwrap_or(reason);
    Refusal::new(Code::FailedPrecondition, DOMAIN, reason, message).with_precondition(kind, subject, message)
}
