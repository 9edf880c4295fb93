//! What a refused use case of handovers is on the wire.

use kexiang_core::CustomerHandoverId;
use kexiang_proto::customers_v1::HandoverErrorReason as Reason;
use kexiang_rpc::Refusal;
use tonic::{Code, Status};

use super::{DOMAIN, ownership};
use crate::app::customer_handovers::HandoverRefusal;

/// The status of a refused use case of handovers.
pub(in crate::grpc) fn status(error: HandoverRefusal) -> Status {
    let refusal = match error {
        HandoverRefusal::Ownership(error) => return ownership::status(error),
        HandoverRefusal::NotFound(id) => Refusal::not_found(DOMAIN, CustomerHandoverId::TYPE, &id.name()),
        HandoverRefusal::EtagMismatch(id) => Refusal::etag_mismatch(DOMAIN, &id.name()),
        HandoverRefusal::State(id, needed) => Refusal::state(DOMAIN, &id.name(), needed),
        HandoverRefusal::NotTheOldOwner => {
            let message = "only the old owner or a supervisor may do this";
            because(Code::PermissionDenied, Reason::NotTheOldOwner, message)
        }
        HandoverRefusal::NotAReceiver(agent) => {
            because(Code::PermissionDenied, Reason::NotAReceiver, "the caller is no receiver of the handover")
                .about("agent", &agent.name())
        }
        HandoverRefusal::NotOffered(customer) => {
            let message = "the customer is not offered to the caller";
            because(Code::FailedPrecondition, Reason::NotOffered, message).about("customer", &customer.name())
        }
        HandoverRefusal::AlreadyAReceiver(agent) => {
            let message = "the agent is a receiver already, or the old owner";
            because(Code::FailedPrecondition, Reason::AlreadyAReceiver, message).about("agent", &agent.name())
        }
        HandoverRefusal::TooManyReceivers => {
            let message = "a handover has at most 100 receivers";
            because(Code::FailedPrecondition, Reason::TooManyReceivers, message)
        }
    };
    refusal.into()
}

fn because(code: Code, reason: Reason, message: &str) -> Refusal {
    let reason = reason.as_str_name().trim_start_matches("HANDOVER_ERROR_REASON_");
    Refusal::new(code, DOMAIN, reason, message)
}
