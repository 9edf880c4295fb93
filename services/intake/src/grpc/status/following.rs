//! Refusals about cases that share their work.

use kexiang_core::{CaseId, IncidentId};
use kexiang_proto::intake_v1::FollowingErrorReason as Reason;
use kexiang_rpc::Refusal;
use tonic::{Code, Status};

use super::{refusal, transition};
use crate::{app::FollowingError, domain::FamilyError, grpc::DOMAIN};

/// The status that an error of the desks of duplicates and incidents is.
pub(in crate::grpc) fn following_status(error: FollowingError) -> Status {
    match error {
        FollowingError::App(error) => refusal(error),
        FollowingError::Proposal { proposal, source } => {
            Refusal::state(DOMAIN, &proposal.name(), source.to_string())
        }
        FollowingError::IncidentAlreadyOpen { incident } => {
            let message = "an incident of this site, district and category is open";
            Refusal::new(Code::AlreadyExists, DOMAIN, word(Reason::IncidentAlreadyOpen), message)
                .about("incident", &incident.name())
        }
        FollowingError::HasOpenCases { incident } => {
            let needed = "all its cases must be closed";
            let refused =
                Refusal::new(Code::FailedPrecondition, DOMAIN, word(Reason::IncidentHasOpenCases), needed);
            refused.with_precondition("CASES", &incident.name(), needed)
        }
        FollowingError::Changed { .. } => Refusal::conflict(DOMAIN),
    }
    .into()
}

pub(super) fn family(error: FamilyError) -> Refusal {
    match error {
        FamilyError::NoCase(case) => Refusal::not_found(DOMAIN, CaseId::TYPE, &case.name()),
        FamilyError::NoIncident(incident) => Refusal::not_found(DOMAIN, IncidentId::TYPE, &incident.name()),
        FamilyError::Transition { case, source } => transition(case, &source),
        FamilyError::Incident { incident, source } => {
            Refusal::state(DOMAIN, &incident.name(), source.to_string())
        }
        FamilyError::FollowsAnother(case) => follows_another(case, "the earlier case must follow no other"),
        FamilyError::LeadsOthers(case) => {
            precondition(Reason::CaseLeadsOthers, case, "nobody may follow the case")
        }
        FamilyError::OtherSite(case) => {
            precondition(Reason::CaseOfOtherSite, case, "all cases must be of one site")
        }
        FamilyError::NotInIncident(case) => {
            precondition(Reason::NotInIncident, case, "the case must be part of the incident")
        }
    }
}

pub(super) fn follows_another(case: CaseId, needed: &str) -> Refusal {
    precondition(Reason::CaseFollowsAnother, case, needed)
}

fn precondition(reason: Reason, case: CaseId, needed: &str) -> Refusal {
    Refusal::new(Code::FailedPrecondition, DOMAIN, word(reason), needed)
        .about("case", &case.name())
        .with_precondition("CASE", &case.name(), needed)
}

/// The reason as all reasons are spelled: without the prefix of its own enum.
fn word(reason: Reason) -> &'static str {
    reason.as_str_name().trim_start_matches("FOLLOWING_")
}
