//! Resources of the domain on the wire.

use kexiang_core::{AgentId, Timestamp, UnitId};
use kexiang_proto::dispatch_v1 as pb;
use kexiang_rpc::time;

use super::words;
use crate::domain::{
    assignment::{Assignment, Considered},
    routing::Route,
    task::Task,
    unit::{Agent, Unit},
    work_order::{Proof, WorkOrder},
};

pub(super) fn optional_time(at: Option<Timestamp>) -> Option<prost_types::Timestamp> {
    at.map(time::to_wire)
}

pub(super) fn unit_name(unit: Option<&UnitId>) -> String {
    unit.map(UnitId::name).unwrap_or_default()
}

pub(super) fn agent_name(agent: Option<&AgentId>) -> String {
    agent.map(AgentId::name).unwrap_or_default()
}

impl From<Unit> for pb::Unit {
    fn from(unit: Unit) -> Self {
        Self {
            name: unit.id.name(),
            parent: unit_name(unit.parent.as_ref()),
            display_name: unit.display_name,
            create_time: Some(time::to_wire(unit.created_at)),
            level: words::unit_level(unit.level),
            etag: unit.version.to_string(),
        }
    }
}

impl From<Agent> for pb::Agent {
    fn from(agent: Agent) -> Self {
        Self {
            name: agent.id.name(),
            display_name: agent.display_name,
            unit: agent.unit.name(),
            capacity: agent.capacity,
            presence: words::presence(agent.presence),
            open_orders: agent.open_orders,
            create_time: Some(time::to_wire(agent.created_at)),
            absence: words::absence(agent.absence.map(|(absence, _)| absence)),
        }
    }
}

impl From<Route> for pb::Route {
    fn from(route: Route) -> Self {
        Self {
            name: route.id.name(),
            site: route.site.name(),
            kind: route.conditions.kind.map_or(0, words::kind),
            channel: route.conditions.channel.map_or(0, words::channel),
            category_prefix: route.conditions.category_prefix,
            district: route.conditions.district,
            unit: route.unit.name(),
            create_time: Some(time::to_wire(route.created_at)),
        }
    }
}

impl From<WorkOrder> for pb::WorkOrder {
    fn from(order: WorkOrder) -> Self {
        let WorkOrder { brief, routing, .. } = order;
        Self {
            name: order.id.name(),
            case: brief.case.name(),
            case_number: brief.case_number,
            attempt: brief.life,
            site: brief.site.name(),
            kind: words::kind(brief.kind),
            channel: words::channel(brief.channel),
            category: brief.category,
            district: brief.district,
            severity: words::severity(brief.severity),
            state: words::work_order_state(order.state),
            unit: unit_name(routing.as_ref().map(|routing| &routing.unit)),
            route: routing.map(|routing| routing.route.name()).unwrap_or_default(),
            agent: agent_name(order.agent.as_ref()),
            proof: order.proof.map(|Proof { report, evidence }| pb::Proof { report, evidence }),
            verifier: order.verifier.map(|verifier| verifier.to_string()).unwrap_or_default(),
            rework_count: order.rework_count,
            reason: order.reason.unwrap_or_default(),
            create_time: Some(time::to_wire(order.created_at)),
            assign_time: optional_time(order.assigned_at),
            accept_time: optional_time(order.accepted_at),
            start_time: optional_time(order.started_at),
            finish_time: optional_time(order.finished_at),
            complete_time: optional_time(order.completed_at),
            update_time: Some(time::to_wire(order.updated_at)),
            etag: order.version.to_string(),
        }
    }
}

impl From<Considered> for pb::Candidate {
    fn from(considered: Considered) -> Self {
        Self {
            agent: considered.agent.name(),
            open_orders: considered.open_orders,
            capacity: considered.capacity,
            last_assign_time: optional_time(considered.last_assigned_at),
            outcome: words::outcome(considered.outcome),
            explanation: considered.explanation,
        }
    }
}

impl From<Assignment> for pb::Assignment {
    fn from(assignment: Assignment) -> Self {
        Self {
            name: format!("{}/{}", assignment.work_order.name(), assignment.id.name()),
            agent: agent_name(assignment.agent.as_ref()),
            policy: assignment.policy.as_str().to_owned(),
            policy_version: assignment.policy_version,
            decide_time: Some(time::to_wire(assignment.decided_at)),
            actor: assignment.actor.to_string(),
            candidates: assignment.considered.into_iter().map(Into::into).collect(),
            route_explanation: assignment.route_explanation,
        }
    }
}

impl From<Task> for pb::Task {
    fn from(task: Task) -> Self {
        Self {
            name: task.id.name(),
            kind: words::task_kind(task.kind),
            case: task.case.name(),
            case_number: task.case_number,
            site: task.site.name(),
            agent: agent_name(task.agent.as_ref()),
            state: words::task_state(task.state),
            due_time: Some(time::to_wire(task.due_at)),
            failed_attempts: task.failed_attempts,
            satisfaction: words::satisfaction(task.satisfaction),
            words: task.words.unwrap_or_default(),
            visitor: task.visitor.map(|visitor| visitor.to_string()).unwrap_or_default(),
            create_time: Some(time::to_wire(task.created_at)),
            complete_time: optional_time(task.completed_at),
            etag: task.version.to_string(),
        }
    }
}
