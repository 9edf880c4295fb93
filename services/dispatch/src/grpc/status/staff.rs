//! Refusals of org, presence and rotation.

use kexiang_proto::dispatch_v1::StaffErrorReason as Reason;
use kexiang_rpc::Refusal;
use tonic::{Code, Status};

use super::{super::DOMAIN, status as common};
use crate::app::StaffError;

/// The status of a refused or failed use case of org, presence or rotation.
pub fn status(error: StaffError) -> Status {
    let words = error.to_string();
    match error {
        StaffError::App(error) => common(error),
        StaffError::UnitCycle { unit, .. } => precondition(Reason::UnitCycle, &unit, &words).into(),
        StaffError::UnitLevel { unit } => precondition(Reason::UnitLevel, &unit, &words).into(),
        StaffError::NotSignedIn { agent } => precondition(Reason::NotSignedIn, &agent, &words).into(),
        StaffError::ShiftOverlaps { agent } => precondition(Reason::ShiftOverlaps, &agent, &words).into(),
        StaffError::Ended { name, .. } => Refusal::state(DOMAIN, &name, words).into(),
        StaffError::NotEnoughAgents(short) => precondition(Reason::NotEnoughAgents, "agents", &words)
            .about("available", &short.available.to_string())
            .into(),
        StaffError::CustomersWait { waiting } => {
            precondition(Reason::CustomersWait, "queue", &words).about("waiting", &waiting.to_string()).into()
        }
        StaffError::NobodyWaits { site } => precondition(Reason::NobodyWaits, &site, &words).into(),
        StaffError::NotThisRound(_) => precondition(Reason::NotThisRound, "agents", &words).into(),
        StaffError::NotOfUnit { name, .. } => precondition(Reason::NotOfUnit, &name, &words).into(),
    }
}

fn precondition(reason: Reason, subject: &str, message: &str) -> Refusal {
    let reason = reason.as_str_name();
    let reason = reason.strip_prefix("STAFF_ERROR_REASON_").unwrap_or(reason);
    Refusal::new(Code::FailedPrecondition, DOMAIN, reason, message)
        .with_precondition(reason, subject, message)
}
