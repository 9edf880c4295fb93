//! Facts as intake and dispatch tell them, with what a story does not care about filled in.

use jiff::Timestamp;
use kexiang_core::{CaseId, TaskId, WorkOrderId};
use kexiang_proto::{
    dispatch_v1::{AgentFacts, Presence, TaskFacts, TaskKind, TaskState, WorkOrderFacts, WorkOrderState},
    event_v1::Event,
    intake_v1::{CaseFacts, CaseState},
    type_v1::{Channel, Kind},
};
use kexiang_rpc::time::to_wire;

use crate::feed::event;

/// Reads `2026-11-22T08:00:00Z`.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A case of a site, told step by step.
#[derive(Clone)]
pub struct TestCase(pub CaseFacts);

impl TestCase {
    /// A complaint about billing on the hotline, just accepted, in Kunming.
    pub fn accepted(accepted_at: Timestamp) -> Self {
        let id = CaseId::at(accepted_at);
        Self(CaseFacts {
            case: id.name(),
            number: format!("C-{id}"),
            site: "sites/main".to_owned(),
            time_zone: "Asia/Shanghai".to_owned(),
            channel: Channel::Hotline.into(),
            kind: Kind::Complaint.into(),
            category: "billing".to_owned(),
            state: CaseState::Received.into(),
            accept_time: Some(to_wire(accepted_at)),
            ..CaseFacts::default()
        })
    }

    pub fn of_site(mut self, site: &str, time_zone: &str) -> Self {
        self.0.site = format!("sites/{site}");
        self.0.time_zone = time_zone.to_owned();
        self
    }

    pub fn on(mut self, channel: Channel, kind: Kind, category: &str) -> Self {
        (self.0.channel, self.0.kind) = (channel.into(), kind.into());
        self.0.category = category.to_owned();
        self
    }

    pub fn with_unit(mut self, unit: &str) -> Self {
        self.0.unit = format!("units/{unit}");
        self
    }

    pub fn resolved(mut self, resolved_at: Timestamp) -> Self {
        self.0.state = CaseState::Resolved.into();
        self.0.resolve_time = Some(to_wire(resolved_at));
        self.0.first_resolve_time.get_or_insert(to_wire(resolved_at));
        self
    }

    pub fn reopened(mut self) -> Self {
        self.0.state = CaseState::Received.into();
        self.0.resolve_time = None;
        self.0.reopen_count += 1;
        self
    }

    pub fn in_state(mut self, state: CaseState) -> Self {
        self.0.state = state.into();
        self
    }

    /// The event that tells how the case stands now.
    pub fn event(&self, event_type: &str) -> Event {
        let recorded_at = kexiang_rpc::time::timestamp(&self.0.accept_time.unwrap()).unwrap();
        event(event_type, &self.0.case, recorded_at, &self.0)
    }
}

/// A work order of a site in a state.
pub fn work_order(id: WorkOrderId, site: &str, state: WorkOrderState) -> Event {
    let now = at("2026-11-22T08:00:00Z");
    let facts = WorkOrderFacts {
        work_order: id.name(),
        case: CaseId::at(now).name(),
        attempt: 1,
        site: format!("sites/{site}"),
        state: state.into(),
        create_time: Some(to_wire(now)),
        ..WorkOrderFacts::default()
    };
    event("work_order.created", &facts.work_order, now, &facts)
}

/// A return visit of a site in a state.
pub fn return_visit(id: TaskId, site: &str, state: TaskState, due_at: Timestamp) -> Event {
    let facts = TaskFacts {
        task: id.name(),
        kind: TaskKind::ReturnVisit.into(),
        case: CaseId::at(due_at).name(),
        site: format!("sites/{site}"),
        state: state.into(),
        due_time: Some(to_wire(due_at)),
        ..TaskFacts::default()
    };
    event("task.opened", &facts.task, at("2026-11-22T08:00:00Z"), &facts)
}

/// An agent who comes or goes.
pub fn agent(name: &str, presence: Presence) -> Event {
    let facts = AgentFacts {
        agent: format!("agents/{name}"),
        unit: "units/north".to_owned(),
        presence: presence.into(),
        ..AgentFacts::default()
    };
    event("agent.signed_in", &facts.agent, at("2026-11-22T08:00:00Z"), &facts)
}
