//! Statuses of merging.

use kexiang_core::{CustomerId, MergeId, MergeProposalId};
use kexiang_proto::customers_v1::MergeErrorReason as Reason;
use kexiang_rpc::Refusal;
use tonic::{Code, Status};

use super::{DOMAIN, status};
use crate::{app::MergeError, domain::merge::Unmergeable};

/// The customer answers no more; who does, stands in the refusal.
pub fn customer_merged(customer: CustomerId, survivor: CustomerId) -> Refusal {
    let message = format!("{} was merged into {}", customer.name(), survivor.name());
    refusal(Code::NotFound, Reason::CustomerMerged, &message)
        .about("survivor", &survivor.name())
        .with_resource(CustomerId::TYPE, &survivor.name())
}

/// The status of a refused use case of merging.
pub fn merge_status(error: MergeError) -> Status {
    match error {
        MergeError::NotFound(id) => Refusal::not_found(DOMAIN, MergeId::TYPE, &id.name()).into(),
        MergeError::ProposalNotFound(id) => {
            Refusal::not_found(DOMAIN, MergeProposalId::TYPE, &id.name()).into()
        }
        MergeError::EtagMismatch(name) => Refusal::etag_mismatch(DOMAIN, &name).into(),
        MergeError::State(name, needed) => {
            Refusal::state(DOMAIN, &name, format!("it must be {needed}")).into()
        }
        MergeError::UnderWay(id) => {
            let message = "what names the two is still being moved: try again soon";
            let refusal = refusal(Code::FailedPrecondition, Reason::MergeUnderWay, message);
            refusal.with_precondition("MERGE", &id.name(), message).into()
        }
        MergeError::Later(id) => {
            let message = "a later merge has to be taken back first";
            let refusal = refusal(Code::FailedPrecondition, Reason::LaterMerge, message);
            refusal.with_precondition("MERGE", &id.name(), message).into()
        }
        MergeError::Unmergeable(error @ Unmergeable::TooManyContactPoints) => {
            refusal(Code::FailedPrecondition, Reason::TooManyContactPoints, &error.to_string()).into()
        }
        MergeError::Unmergeable(Unmergeable::Json(error)) => Refusal::internal(DOMAIN, &error).into(),
        MergeError::App(error) => status(error),
    }
}

fn refusal(code: Code, reason: Reason, message: &str) -> Refusal {
    let reason = reason.as_str_name();
    Refusal::new(code, DOMAIN, reason.strip_prefix("MERGE_ERROR_REASON_").unwrap_or(reason), message)
}
