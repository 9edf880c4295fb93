//! What the last event of a subject told, as far as it is counted.
//!
//! A feed tells the events of one subject in the order in which it changed, and each carries the whole facts: the last
//! ones win, and telling them again changes nothing (RE-11).

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use kexiang_core::{
    AgentId, CaseId, Channel, ContactId, CustomerId, HoldReason, Kind, Satisfaction, SiteId, TaskId, UnitId,
    WorkOrderId,
};

use super::{
    period::SiteZone,
    state::{CaseState, Presence, TaskKind, TaskState, WorkOrderState},
};

/// A case after its last event.
#[derive(Debug, Clone)]
pub struct CaseFacts {
    /// Which.
    pub case: CaseId,
    /// What people say.
    pub number: String,
    /// Where it was accepted.
    pub site: SiteId,
    /// Whose days count.
    pub zone: SiteZone,
    /// How it came in.
    pub channel: Channel,
    /// What it is.
    pub kind: Kind,
    /// Category code.
    pub category: String,
    /// Who works or worked on it.
    pub unit: Option<UnitId>,
    /// Where it stands.
    pub state: CaseState,
    /// Accepted.
    pub accepted_at: Timestamp,
    /// First resolved; a reopening does not move it.
    pub first_resolved_at: Option<Timestamp>,
    /// Last resolved; empty while reopened.
    pub resolved_at: Option<Timestamp>,
    /// Closed.
    pub closed_at: Option<Timestamp>,
    /// What it waits for and since when, while it is on hold.
    pub hold: Option<(HoldReason, Timestamp)>,
}

impl CaseFacts {
    /// The site's own day of acceptance.
    #[must_use]
    pub fn received_on(&self) -> Date {
        self.zone.day_of(self.accepted_at)
    }

    /// The site's own day of the last resolution.
    #[must_use]
    pub fn resolved_on(&self) -> Option<Date> {
        self.resolved_at.map(|instant| self.zone.day_of(instant))
    }
}

/// A contact after its last event. One that opened or joined no case is not counted anywhere.
#[derive(Debug, Clone)]
pub struct ContactFacts {
    /// Which.
    pub contact: ContactId,
    /// The case that it opened or joined.
    pub case: CaseId,
    /// Whose, once known.
    pub customer: Option<CustomerId>,
    /// When it came in.
    pub contact_at: Timestamp,
}

/// A first resolution by the desk (IN-10); a later reopening does not undo it here.
#[derive(Debug, Clone)]
pub struct DeskResolution {
    /// Of which case.
    pub case: CaseId,
    /// The contact that opened the case.
    pub contact: ContactId,
    /// Where it was accepted.
    pub site: SiteId,
    /// When.
    pub resolved_at: Timestamp,
}

/// A case is reopened at this time, or was before: the earliest told counts.
#[derive(Debug, Clone, Copy)]
pub struct Reopening {
    /// Which.
    pub case: CaseId,
    /// When.
    pub at: Timestamp,
}

/// A work order after its last event.
#[derive(Debug, Clone)]
pub struct WorkOrderFacts {
    /// Which.
    pub work_order: WorkOrderId,
    /// For which case.
    pub case: CaseId,
    /// 1 for the first of a case.
    pub attempt: i32,
    /// Of which site.
    pub site: SiteId,
    /// Where it stands.
    pub state: WorkOrderState,
    /// Who works on it; none while unrouted.
    pub unit: Option<UnitId>,
    /// Who has it.
    pub agent: Option<AgentId>,
    /// How often returned.
    pub rework_count: i32,
    /// Created.
    pub created_at: Timestamp,
    /// Completed.
    pub completed_at: Option<Timestamp>,
}

/// A task after its last event.
#[derive(Debug, Clone)]
pub struct TaskFacts {
    /// Which.
    pub task: TaskId,
    /// What for.
    pub kind: TaskKind,
    /// For which case.
    pub case: CaseId,
    /// Of which site.
    pub site: SiteId,
    /// Where it stands.
    pub state: TaskState,
    /// By when.
    pub due_at: Timestamp,
    /// Attempts that reached nobody.
    pub failed_attempts: i32,
    /// The customer's answer.
    pub satisfaction: Option<Satisfaction>,
    /// Done or exhausted.
    pub completed_at: Option<Timestamp>,
}

/// An agent after their last event.
#[derive(Debug, Clone)]
pub struct AgentFacts {
    /// Who.
    pub agent: AgentId,
    /// Where they belong.
    pub unit: UnitId,
    /// Whether they get work.
    pub presence: Presence,
}

/// The last facts of each subject, by subject: a batch writes each row once, and batches lock rows in one order.
pub fn last_of_each<F, K: Ord>(facts: impl IntoIterator<Item = F>, subject: impl Fn(&F) -> K) -> Vec<F> {
    facts
        .into_iter()
        .map(|facts| (subject(&facts), facts))
        .collect::<BTreeMap<_, _>>()
        .into_values()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_facts_of_a_subject_win() {
        let told = [("b", 1), ("a", 1), ("b", 2), ("a", 3), ("b", 3)];

        let last = last_of_each(told, |(subject, _)| *subject);

        assert_eq!(last, [("a", 3), ("b", 3)]);
    }
}
