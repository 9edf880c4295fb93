//! What a refused use case of evidence is on the wire.

use kexiang_core::EvidenceId;
use kexiang_proto::intake_v1::EvidenceErrorReason;
use kexiang_rpc::{Refusal, Violations};
use tonic::Code;

use crate::{
    app::evidence::EvidenceError,
    domain::evidence::ContentFault,
    grpc::{DOMAIN, status::refusal},
};

const REASON_PREFIX: &str = "EVIDENCE_ERROR_REASON_";

pub(super) fn status(error: EvidenceError) -> tonic::Status {
    match error {
        EvidenceError::App(error) => refusal(error),
        EvidenceError::Content(faults) => Refusal::invalid(DOMAIN, content(&faults)),
        EvidenceError::Offset { awaited } => {
            offset("OFFSET_MISMATCH", format!("must be {awaited}: so many bytes came so far"))
        }
        EvidenceError::Beyond { size } => {
            offset("OUT_OF_RANGE", format!("must be less than the size, {size}"))
        }
        EvidenceError::State { id, state } => {
            Refusal::state(DOMAIN, &id.name(), format!("it is {}", state.as_str()))
        }
        EvidenceError::LinkInvalid { id } => {
            link(EvidenceErrorReason::LinkInvalid, id, "this link was not made here")
        }
        EvidenceError::LinkExpired { id } => {
            link(EvidenceErrorReason::LinkExpired, id, "the time of this link is over: ask for another")
        }
        EvidenceError::Objects(error) => objects(&error),
    }
    .into()
}

/// A store that does not answer is an outage; a store that lost what it was given is a defect, and logged as one.
fn objects(error: &object_store::Error) -> Refusal {
    if matches!(error, object_store::Error::NotFound { .. }) {
        return Refusal::internal(DOMAIN, error);
    }
    tracing::warn!(error = error as &dyn std::error::Error, "the object store is out of reach");
    Refusal::unavailable(DOMAIN)
}

fn content(faults: &[ContentFault]) -> Violations {
    let mut violations = Violations::default();
    for fault in faults {
        let (field, reason) = match fault {
            ContentFault::Empty => ("evidence.size_bytes", "EMPTY"),
            ContentFault::TooLarge { .. } => ("evidence.size_bytes", "TOO_LARGE"),
            ContentFault::SizeMismatch { .. } => ("evidence.size_bytes", "SIZE_MISMATCH"),
            ContentFault::HashMismatch { .. } => ("sha256", "HASH_MISMATCH"),
            ContentFault::TypeMismatch { .. } => ("evidence.media_type", "TYPE_MISMATCH"),
        };
        violations.add(field, reason, fault.to_string());
    }
    violations
}

fn offset(reason: &str, description: String) -> Refusal {
    let mut violations = Violations::default();
    violations.add("offset", reason, description);
    Refusal::invalid(DOMAIN, violations)
}

fn link(reason: EvidenceErrorReason, id: EvidenceId, message: &str) -> Refusal {
    let reason = reason.as_str_name();
    let reason = reason.strip_prefix(REASON_PREFIX).unwrap_or(reason);
    Refusal::new(Code::PermissionDenied, DOMAIN, reason, message).about("evidence", &id.name())
}
