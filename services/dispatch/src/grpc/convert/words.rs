//! Enums: the domain's words are the proto's value names without their prefix.

use kexiang_core::{Channel, Kind, Satisfaction, Severity};
use kexiang_proto::{dispatch_v1 as pb, type_v1};

use crate::domain::{
    assignment::Outcome,
    state::WorkOrderState,
    task::{TaskKind, TaskState},
    unit::{Absence, Presence, UnitLevel},
};

/// The number of a word; 0 for one that the contract does not have, which a test rules out.
fn number<P: Into<i32>>(prefix: &str, word: &str, read: fn(&str) -> Option<P>) -> i32 {
    read(&format!("{prefix}{word}")).map_or(0, Into::into)
}

pub(super) fn kind(kind: Kind) -> i32 {
    number("KIND_", kind.as_str(), type_v1::Kind::from_str_name)
}

pub(super) fn channel(channel: Channel) -> i32 {
    number("CHANNEL_", channel.as_str(), type_v1::Channel::from_str_name)
}

pub(super) fn severity(severity: Severity) -> i32 {
    number("SEVERITY_", severity.as_str(), type_v1::Severity::from_str_name)
}

pub(super) fn satisfaction(satisfaction: Option<Satisfaction>) -> i32 {
    satisfaction
        .map_or(0, |word| number("SATISFACTION_", word.as_str(), type_v1::Satisfaction::from_str_name))
}

pub(super) const fn presence(presence: Presence) -> i32 {
    match presence {
        Presence::SignedOut => pb::Presence::SignedOut as i32,
        Presence::SignedIn => pb::Presence::SignedIn as i32,
    }
}

pub(super) fn absence(absence: Option<Absence>) -> i32 {
    absence.map_or(0, |word| number("ABSENCE_", word.as_str(), pb::Absence::from_str_name))
}

pub(super) fn unit_level(level: Option<UnitLevel>) -> i32 {
    level.map_or(0, |word| number("UNIT_LEVEL_", word.as_str(), pb::UnitLevel::from_str_name))
}

pub(super) const fn work_order_state(state: WorkOrderState) -> i32 {
    match state {
        WorkOrderState::Unrouted => pb::WorkOrderState::Unrouted as i32,
        WorkOrderState::Queued => pb::WorkOrderState::Queued as i32,
        WorkOrderState::Assigned => pb::WorkOrderState::Assigned as i32,
        WorkOrderState::Accepted => pb::WorkOrderState::Accepted as i32,
        WorkOrderState::InProgress => pb::WorkOrderState::InProgress as i32,
        WorkOrderState::Finished => pb::WorkOrderState::Finished as i32,
        WorkOrderState::Completed => pb::WorkOrderState::Completed as i32,
        WorkOrderState::Cancelled => pb::WorkOrderState::Cancelled as i32,
    }
}

pub(super) const fn outcome(outcome: Outcome) -> i32 {
    use pb::candidate::Outcome as Wire;
    match outcome {
        Outcome::Chosen => Wire::Chosen as i32,
        Outcome::SignedOut => Wire::SignedOut as i32,
        Outcome::AtCapacity => Wire::AtCapacity as i32,
        Outcome::MoreLoaded => Wire::MoreLoaded as i32,
        Outcome::ServedLater => Wire::ServedLater as i32,
        Outcome::NotNamed => Wire::NotNamed as i32,
        Outcome::PreviousHolder => Wire::PreviousHolder as i32,
        Outcome::Absent => Wire::Absent as i32,
        Outcome::NotTheirTurn => Wire::NotTheirTurn as i32,
        Outcome::NotInRotation => Wire::NotInRotation as i32,
    }
}

pub(super) const fn task_kind(kind: TaskKind) -> i32 {
    match kind {
        TaskKind::ReturnVisit => pb::TaskKind::ReturnVisit as i32,
    }
}

pub(super) const fn task_state(state: TaskState) -> i32 {
    match state {
        TaskState::Open => pb::TaskState::Open as i32,
        TaskState::Done => pb::TaskState::Done as i32,
        TaskState::Exhausted => pb::TaskState::Exhausted as i32,
        TaskState::Cancelled => pb::TaskState::Cancelled as i32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shared_word_has_its_number_on_the_wire() {
        assert!(Kind::ALL.iter().all(|word| kind(*word) > 0));
        assert!(Channel::ALL.iter().all(|word| channel(*word) > 0));
        assert!(Severity::ALL.iter().all(|word| severity(*word) > 0));
        assert!(Absence::ALL.iter().all(|word| absence(Some(*word)) > 0));
        assert!(Satisfaction::ALL.iter().all(|word| satisfaction(Some(*word)) > 0));
    }
}
