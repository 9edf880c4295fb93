//! Refusals of relationships.

use kexiang_core::{RelationshipId, SameCustomerRulingId};
use kexiang_proto::customers_v1::RelationshipErrorReason;
use kexiang_rpc::Refusal;
use tonic::{Code, Status};

use super::DOMAIN;
use crate::{app::relationships::RelationshipRefusal, domain::same_customer::MOST_MEMBERS};

/// The status of a refused use case.
pub fn status(refusal: RelationshipRefusal) -> Status {
    match refusal {
        RelationshipRefusal::NotFound(id) => Refusal::not_found(DOMAIN, RelationshipId::TYPE, &id.name()),
        RelationshipRefusal::RulingNotFound(id) => {
            Refusal::not_found(DOMAIN, SameCustomerRulingId::TYPE, &id.name())
        }
        RelationshipRefusal::Holds(id) => Refusal::already_exists(DOMAIN, RelationshipId::TYPE, &id.name()),
        RelationshipRefusal::RulingHolds(id) => {
            Refusal::already_exists(DOMAIN, SameCustomerRulingId::TYPE, &id.name())
        }
        RelationshipRefusal::EtagMismatch(name) => Refusal::etag_mismatch(DOMAIN, &name),
        RelationshipRefusal::Ended(name) => Refusal::state(DOMAIN, &name, "must not have ended"),
        RelationshipRefusal::TooManyMembers => {
            let reason = RelationshipErrorReason::TooManyMembers.as_str_name();
            let reason = reason.strip_prefix("RELATIONSHIP_ERROR_REASON_").unwrap_or(reason);
            let message = format!("more than {MOST_MEMBERS} would be one customer");
            Refusal::new(Code::FailedPrecondition, DOMAIN, reason, message)
        }
        RelationshipRefusal::App(error) => return super::status(error),
    }
    .into()
}
