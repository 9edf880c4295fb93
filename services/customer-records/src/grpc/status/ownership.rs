//! What a refused use case of ownership, disputes and follow-ups is on the wire.

use kexiang_core::{CustomerId, FollowUpId, OwnershipDisputeId, OwnershipRuleId};
use kexiang_proto::customers_v1::OwnershipErrorReason as Reason;
use kexiang_rpc::{Refusal, Violations};
use tonic::{Code, Status};

use super::DOMAIN;
use crate::{
    app::{
        follow_ups::FollowUpRefusal,
        ownership::{OwnershipRefusal, disputes::DisputeRefusal},
    },
    domain::ownership::{name_of, transition::OwnershipError},
};

/// The status of a refused use case of ownership.
pub(in crate::grpc) fn status(error: OwnershipRefusal) -> Status {
    match error {
        OwnershipRefusal::App(error) => super::status(error),
        OwnershipRefusal::NotFound(id) => Refusal::not_found(DOMAIN, CustomerId::TYPE, &id.name()).into(),
        OwnershipRefusal::EtagMismatch(id) => Refusal::etag_mismatch(DOMAIN, &name_of(id)).into(),
        OwnershipRefusal::Rule { customer, source } => rule(customer, &source).into(),
        OwnershipRefusal::NotAnAgent => {
            because(Code::FailedPrecondition, Reason::NotAnAgent, "the caller has to be a person").into()
        }
        OwnershipRefusal::RuleNotFound(id) => {
            Refusal::not_found(DOMAIN, OwnershipRuleId::TYPE, &id.name()).into()
        }
        OwnershipRefusal::RuleEtagMismatch(id) => Refusal::etag_mismatch(DOMAIN, &id.name()).into(),
    }
}

/// The status of a refused use case of disputes.
pub(in crate::grpc) fn dispute_status(error: DisputeRefusal) -> Status {
    let refusal = match error {
        DisputeRefusal::Ownership(error) => return status(error),
        DisputeRefusal::NotFound(id) => Refusal::not_found(DOMAIN, OwnershipDisputeId::TYPE, &id.name()),
        DisputeRefusal::EtagMismatch(id) => Refusal::etag_mismatch(DOMAIN, &id.name()),
        DisputeRefusal::AlreadyOpen(id) => {
            Refusal::already_exists(DOMAIN, OwnershipDisputeId::TYPE, &id.name())
        }
        DisputeRefusal::Over(id) => Refusal::state(DOMAIN, &id.name(), "the dispute has to be open"),
        DisputeRefusal::RulingChanged(owner) => {
            let owner = owner.map(|owner| owner.name()).unwrap_or_default();
            let message = "the register says another owner: read the dispute again";
            because(Code::FailedPrecondition, Reason::RulingChanged, message).about("owner", &owner)
        }
        DisputeRefusal::Party => {
            because(Code::PermissionDenied, Reason::PartyToDispute, "a party to the dispute does not rule it")
        }
        DisputeRefusal::NotTheClaimant => {
            let message = "only the claimant or a supervisor may do this";
            because(Code::PermissionDenied, Reason::NotTheClaimant, message)
        }
    };
    refusal.into()
}

/// The status of a refused use case of follow-ups.
pub(in crate::grpc) fn follow_up_status(error: FollowUpRefusal) -> Status {
    match error {
        FollowUpRefusal::Ownership(error) => status(error),
        FollowUpRefusal::NotFound(id) => Refusal::not_found(DOMAIN, FollowUpId::TYPE, &id.name()).into(),
        FollowUpRefusal::NoSuchContact(_) => {
            invalid("follow_up.contact", "is not in the register as a contact of this customer")
        }
        FollowUpRefusal::OtherSite(site) => {
            invalid("follow_up.site", &format!("must be {}, whose contact it is", site.name()))
        }
        FollowUpRefusal::NoSite => invalid("follow_up.site", "is required for a customer without site"),
    }
}

fn rule(customer: CustomerId, error: &OwnershipError) -> Refusal {
    let message = error.to_string();
    match error {
        OwnershipError::State { needed } => Refusal::state(DOMAIN, &name_of(customer), *needed),
        OwnershipError::OwnedByAnother(agent) => {
            because(Code::FailedPrecondition, Reason::OwnedByAnother, &message).about("agent", &agent.name())
        }
        OwnershipError::CoolingOff(until) => {
            because(Code::FailedPrecondition, Reason::CoolingOff, &message).about("until", &until.to_string())
        }
        OwnershipError::DailyClaims(limit) => {
            because(Code::ResourceExhausted, Reason::DailyClaimsUsedUp, &message)
                .about("limit", &limit.to_string())
        }
        OwnershipError::HeldLimit(limit) => {
            because(Code::ResourceExhausted, Reason::HeldLimitReached, &message)
                .about("limit", &limit.to_string())
        }
        OwnershipError::NotTheOwner => because(Code::PermissionDenied, Reason::NotTheOwner, &message),
        OwnershipError::SameOwner(agent) => {
            because(Code::FailedPrecondition, Reason::SameOwner, &message).about("agent", &agent.name())
        }
        OwnershipError::NoReception => because(Code::FailedPrecondition, Reason::NoReception, &message),
    }
}

fn because(code: Code, reason: Reason, message: &str) -> Refusal {
    let reason = reason.as_str_name().trim_start_matches("OWNERSHIP_ERROR_REASON_");
    Refusal::new(code, DOMAIN, reason, message)
}

fn invalid(field: &str, description: &str) -> Status {
    let mut violations = Violations::default();
    violations.add(field, "INVALID_VALUE", description);
    Refusal::invalid(DOMAIN, violations).into()
}
