//! What intake tells about cases, as far as dispatch acts on it.

use jiff::SignedDuration;
use kexiang_core::{
    AgentId, CaseId, Channel, EventId, IncidentId, Kind, Severity, SiteId, TaskId, Timestamp,
};

use super::{
    task::{RETURN_VISIT_WITHIN, Task, TaskKind, TaskState},
    work_order::Brief,
};

/// One event of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseEvent {
    /// The event, as the cause of what dispatch does.
    pub id: EventId,
    /// Its trace context.
    pub traceparent: Option<String>,
    /// What dispatch has to do.
    pub demand: Demand,
    /// The case after the event.
    pub case: Case,
}

/// What an event asks of dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// A work order for this life of the case: accepted or imported for dispatch, or passed on from the desk.
    Work,
    /// A work order for the next life of the case; a return visit still open is pointless.
    WorkAgain,
    /// Nothing any more: the case was withdrawn.
    Nothing,
    /// No work of its own: it follows another case, whose order is its work too (IN-15, IN-16).
    Follow(Lead),
    /// No work any more: it was resolved without its order.
    Recall,
    /// A return visit (DI-19): the customer was informed at this time.
    ReturnVisit(Timestamp),
}

/// Whom a case follows, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lead {
    /// The case whose order is the work of both.
    pub case: CaseId,
    /// The incident that both are part of; none for a duplicate.
    pub incident: Option<IncidentId>,
}

impl Lead {
    /// Why an order is cancelled, in words.
    #[must_use]
    pub fn explanation(&self) -> String {
        match self.incident {
            Some(incident) => format!("worked with {}, the lead of {}", self.case.name(), incident.name()),
            None => format!("a duplicate, worked with {}", self.case.name()),
        }
    }
}

/// What dispatch needs to know of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// What people say.
    pub number: String,
    /// Where it was accepted.
    pub site: SiteId,
    /// What it is.
    pub kind: Kind,
    /// How it came in.
    pub channel: Channel,
    /// Category code.
    pub category: String,
    /// Grid or district; empty for none.
    pub district: String,
    /// How bad.
    pub severity: Severity,
    /// The first-responsible agent 首问负责人.
    pub first_responsible_agent: Option<AgentId>,
    /// Which life of the case: 1, and one more for each reopening.
    pub life: i32,
    /// How often it went its own way again after following another one.
    pub round: i32,
}

impl Case {
    /// What a work order for it is about.
    #[must_use]
    pub fn brief(&self) -> Brief {
        Brief {
            case: self.id,
            case_number: self.number.clone(),
            life: self.life,
            round: self.round,
            site: self.site.clone(),
            kind: self.kind,
            channel: self.channel,
            category: self.category.clone(),
            district: self.district.clone(),
            severity: self.severity,
        }
    }

    /// Its return visit, the customer having been informed at `informed_at`.
    #[must_use]
    pub fn return_visit(&self, informed_at: Timestamp, now: Timestamp) -> Task {
        Task {
            id: TaskId::at(now),
            kind: TaskKind::ReturnVisit,
            case: self.id,
            case_number: self.number.clone(),
            life: self.life,
            site: self.site.clone(),
            agent: self.first_responsible_agent.clone(),
            state: TaskState::Open,
            due_at: due(informed_at, RETURN_VISIT_WITHIN),
            failed_attempts: 0,
            satisfaction: None,
            words: None,
            visitor: None,
            created_at: now,
            completed_at: None,
            version: 1,
        }
    }
}

/// `from` and `within` later; at the end of time, `from`.
fn due(from: Timestamp, within: SignedDuration) -> Timestamp {
    from.checked_add(within).unwrap_or(from)
}
