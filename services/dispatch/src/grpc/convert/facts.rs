//! Facts of events on the wire.

use kexiang_proto::dispatch_v1 as pb;
use kexiang_rpc::time;

use super::{
    resources::{agent_name, optional_time, unit_name},
    words,
};
use crate::{
    domain::facts::{
        AgentFacts, ArrivalFacts, RotationFacts, TaskFacts, TurnFacts, UnitFacts, WorkOrderFacts,
    },
    grpc::rotation::manner_to_wire,
};

impl From<WorkOrderFacts> for pb::WorkOrderFacts {
    fn from(facts: WorkOrderFacts) -> Self {
        Self {
            work_order: facts.work_order.name(),
            case: facts.case.name(),
            attempt: facts.life,
            site: facts.site.name(),
            state: words::work_order_state(facts.state),
            unit: unit_name(facts.unit.as_ref()),
            agent: agent_name(facts.agent.as_ref()),
            rework_count: facts.rework_count,
            create_time: Some(time::to_wire(facts.created_at)),
            complete_time: optional_time(facts.completed_at),
        }
    }
}

impl From<TaskFacts> for pb::TaskFacts {
    fn from(facts: TaskFacts) -> Self {
        Self {
            task: facts.task.name(),
            kind: words::task_kind(facts.kind),
            case: facts.case.name(),
            site: facts.site.name(),
            state: words::task_state(facts.state),
            due_time: Some(time::to_wire(facts.due_at)),
            failed_attempts: facts.failed_attempts,
            satisfaction: words::satisfaction(facts.satisfaction),
            complete_time: optional_time(facts.completed_at),
            attempt: facts.life,
        }
    }
}

impl From<AgentFacts> for pb::AgentFacts {
    fn from(facts: AgentFacts) -> Self {
        Self {
            agent: facts.agent.name(),
            unit: facts.unit.name(),
            presence: words::presence(facts.presence),
            absence: words::absence(facts.absence),
        }
    }
}

impl From<UnitFacts> for pb::UnitFacts {
    fn from(facts: UnitFacts) -> Self {
        Self { unit: facts.unit.name(), parent: unit_name(facts.parent.as_ref()) }
    }
}

impl From<RotationFacts> for pb::RotationFacts {
    fn from(facts: RotationFacts) -> Self {
        Self {
            site: facts.site.name(),
            unit: unit_name(facts.unit.as_ref()),
            agents: facts.agents.iter().map(|agent| agent_name(Some(agent))).collect(),
            period: facts.period.unwrap_or_default(),
        }
    }
}

impl From<TurnFacts> for pb::TurnFacts {
    fn from(facts: TurnFacts) -> Self {
        Self {
            turn: facts.turn.name(),
            site: facts.site.name(),
            arrival: facts.arrival.name(),
            agent: facts.agent.name(),
            number: facts.number,
            manner: manner_to_wire(facts.manner),
            passed_over: facts.passed_over.iter().map(|agent| agent_name(Some(agent))).collect(),
        }
    }
}

impl From<ArrivalFacts> for pb::ArrivalFacts {
    fn from(facts: ArrivalFacts) -> Self {
        Self { arrival: facts.arrival.name(), site: facts.site.name() }
    }
}
