//! What a refused use case of promises is on the wire.

use kexiang_core::{CaseId, PromiseId};
use kexiang_proto::intake_v1::PromiseErrorReason;
use kexiang_rpc::{Refusal, Violations};
use tonic::Code;

use super::DOMAIN;
use crate::{app::promises::PromiseRefusal, domain::promise::PromiseError};

/// The refusal, on its way out.
pub(in crate::grpc) fn status(error: PromiseRefusal) -> tonic::Status {
    refusal(error).into()
}

/// A case does not close while the customer waits for what was promised.
pub(super) fn promise_open(case: CaseId) -> Refusal {
    let needed = "promises about the case are to be kept or withdrawn before it closes";
    of_case(PromiseErrorReason::PromiseOpen, "PROMISE", case, needed)
}

fn refusal(error: PromiseRefusal) -> Refusal {
    match error {
        PromiseRefusal::NotFound(id) => Refusal::not_found(DOMAIN, PromiseId::TYPE, &id.name()),
        PromiseRefusal::CaseNotFound(id) => Refusal::not_found(DOMAIN, CaseId::TYPE, &id.name()),
        PromiseRefusal::CaseNotOpen(id) => {
            of_case(PromiseErrorReason::CaseNotOpen, "CASE", id, "an open case is needed")
        }
        PromiseRefusal::EtagMismatch(id) => Refusal::etag_mismatch(DOMAIN, &id.name()),
        PromiseRefusal::Rule { promise, source } => match source {
            PromiseError::State { .. } => Refusal::state(DOMAIN, &promise.name(), source.to_string()),
            PromiseError::ContactBeforePromise => invalid("contacted_time", source),
            PromiseError::SameOwner => invalid("owner", source),
            PromiseError::DueInPast => invalid("due_time", source),
        },
        PromiseRefusal::App(error) => super::refusal(error),
    }
}

/// A field that only the promise as it stands shows to be wrong.
fn invalid(field: &str, error: PromiseError) -> Refusal {
    let mut violations = Violations::default();
    violations.add(field, "INVALID_VALUE", error.to_string());
    Refusal::invalid(DOMAIN, violations)
}

fn of_case(reason: PromiseErrorReason, kind: &str, case: CaseId, needed: &str) -> Refusal {
    let reason = reason.as_str_name().trim_start_matches("PROMISE_ERROR_REASON_");
    Refusal::new(Code::FailedPrecondition, DOMAIN, reason, needed)
        .about("case", &case.name())
        .with_precondition(kind, &case.name(), needed)
}
