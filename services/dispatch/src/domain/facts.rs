//! What dispatch tells: the types of its events and the facts they carry, as JSON in the log. Whole after every change; ids and
//! codes, no personal data. The wire form is `kexiang.dispatch.v1` `WorkOrderFacts`, `TaskFacts`, `AgentFacts` and so on.

use kexiang_core::{
    AgentId, ArrivalId, CaseId, Satisfaction, SiteId, TaskId, Timestamp, TurnId, UnitId, WorkOrderId,
};
use serde::{Deserialize, Serialize};

use super::{
    rotation::{
        TurnManner,
        reception::{Arrival, Turn},
    },
    state::WorkOrderState,
    task::{Task, TaskKind, TaskState},
    unit::{Absence, Agent, Presence},
    work_order::WorkOrder,
};

/// A work order was made of a case.
pub const WORK_ORDER_CREATED: &str = "work_order.created";
/// Its unit is known, or it went back to its unit's queue.
pub const WORK_ORDER_ROUTED: &str = "work_order.routed";
/// An agent got it.
pub const WORK_ORDER_ASSIGNED: &str = "work_order.assigned";
/// The agent signed for it.
pub const WORK_ORDER_ACCEPTED: &str = "work_order.accepted";
/// Work began.
pub const WORK_ORDER_STARTED: &str = "work_order.started";
/// The doer says it is done.
pub const WORK_ORDER_FINISHED: &str = "work_order.finished";
/// It was sent back for rework.
pub const WORK_ORDER_RETURNED: &str = "work_order.returned";
/// Another person verified it.
pub const WORK_ORDER_COMPLETED: &str = "work_order.completed";
/// The case was withdrawn.
pub const WORK_ORDER_CANCELLED: &str = "work_order.cancelled";
/// A return visit is to be made.
pub const TASK_OPENED: &str = "task.opened";
/// An attempt reached nobody.
pub const TASK_ATTEMPTED: &str = "task.attempted";
/// The customer answered.
pub const TASK_DONE: &str = "task.done";
/// The last attempt reached nobody.
pub const TASK_EXHAUSTED: &str = "task.exhausted";
/// It is no longer needed.
pub const TASK_CANCELLED: &str = "task.cancelled";
/// An agent gets work from now on.
pub const AGENT_SIGNED_IN: &str = "agent.signed_in";
/// An agent gets nothing more.
pub const AGENT_SIGNED_OUT: &str = "agent.signed_out";
/// An agent who is signed in gets nothing for a while.
pub const AGENT_ABSENCE_STARTED: &str = "agent.absence_started";
/// An agent gets work again.
pub const AGENT_ABSENCE_ENDED: &str = "agent.absence_ended";
/// A unit stands elsewhere in the tree.
pub const UNIT_MOVED: &str = "unit.moved";
/// A site's rotation was set up or changed.
pub const ROTATION_SET: &str = "rotation.set";
/// A supervisor changed the order of a round.
pub const ROTATION_REORDERED: &str = "rotation.reordered";
/// A ranking came.
pub const ROTATION_RANKED: &str = "rotation.ranked";
/// An agent serves a customer.
pub const TURN_SERVED: &str = "turn.served";
/// They are done.
pub const TURN_ENDED: &str = "turn.ended";
/// A customer waits.
pub const ARRIVAL_JOINED: &str = "arrival.joined";
/// A waiting customer went away.
pub const ARRIVAL_LEFT: &str = "arrival.left";

/// Data of all `work_order.*` events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkOrderFacts {
    /// The order.
    pub work_order: WorkOrderId,
    /// Its case.
    pub case: CaseId,
    /// Which life of the case: 1, and one more for each reopening.
    pub life: i32,
    /// Where the case was accepted.
    pub site: SiteId,
    /// Where it stands.
    pub state: WorkOrderState,
    /// Who has to do it.
    pub unit: Option<UnitId>,
    /// Who has it.
    pub agent: Option<AgentId>,
    /// How often returned.
    pub rework_count: i32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was verified.
    pub completed_at: Option<Timestamp>,
}

impl From<&WorkOrder> for WorkOrderFacts {
    fn from(order: &WorkOrder) -> Self {
        Self {
            work_order: order.id,
            case: order.brief.case,
            life: order.brief.life,
            site: order.brief.site.clone(),
            state: order.state,
            unit: order.unit().cloned(),
            agent: order.agent.clone(),
            rework_count: order.rework_count,
            created_at: order.created_at,
            completed_at: order.completed_at,
        }
    }
}

/// Data of all `task.*` events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskFacts {
    /// The task.
    pub task: TaskId,
    /// What it is for.
    pub kind: TaskKind,
    /// Its case.
    pub case: CaseId,
    /// Where the case was accepted.
    pub site: SiteId,
    /// Where it stands.
    pub state: TaskState,
    /// By when.
    pub due_at: Timestamp,
    /// Attempts that reached nobody.
    pub failed_attempts: i32,
    /// The customer's answer.
    pub satisfaction: Option<Satisfaction>,
    /// When it was done or exhausted.
    pub completed_at: Option<Timestamp>,
    /// Of which life of the case.
    pub life: i32,
}

impl From<&Task> for TaskFacts {
    fn from(task: &Task) -> Self {
        Self {
            task: task.id,
            kind: task.kind,
            case: task.case,
            site: task.site.clone(),
            state: task.state,
            due_at: task.due_at,
            failed_attempts: task.failed_attempts,
            satisfaction: task.satisfaction,
            completed_at: task.completed_at,
            life: task.life,
        }
    }
}

/// Data of all `agent.*` events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentFacts {
    /// Who.
    pub agent: AgentId,
    /// Where they work.
    pub unit: UnitId,
    /// Whether they get work.
    pub presence: Presence,
    /// Why they get nothing although signed in.
    #[serde(default)]
    pub absence: Option<Absence>,
}

impl From<&Agent> for AgentFacts {
    fn from(agent: &Agent) -> Self {
        Self {
            agent: agent.id.clone(),
            unit: agent.unit.clone(),
            presence: agent.presence,
            absence: agent.absence.map(|(absence, _)| absence),
        }
    }
}

/// Data of `unit.moved`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitFacts {
    /// Which.
    pub unit: UnitId,
    /// One tier up, after the move.
    pub parent: Option<UnitId>,
}

/// Data of all `rotation.*` events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationFacts {
    /// Whose.
    pub site: SiteId,
    /// Whose agents take turns; none for a ranking.
    pub unit: Option<UnitId>,
    /// The members, the order of what is left of the round, or the ranking.
    pub agents: Vec<AgentId>,
    /// Of the ranking.
    pub period: Option<String>,
}

/// Data of all `turn.*` events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnFacts {
    /// Which.
    pub turn: TurnId,
    /// Where.
    pub site: SiteId,
    /// Who is served.
    pub arrival: ArrivalId,
    /// Who serves.
    pub agent: AgentId,
    /// At the site.
    pub number: i64,
    /// How it was given.
    pub manner: TurnManner,
    /// Who was passed over.
    pub passed_over: Vec<AgentId>,
}

impl From<&Turn> for TurnFacts {
    fn from(turn: &Turn) -> Self {
        Self {
            turn: turn.id,
            site: turn.site.clone(),
            arrival: turn.arrival,
            agent: turn.agent.clone(),
            number: turn.number,
            manner: turn.manner,
            passed_over: turn.passed_over.iter().map(|passed| passed.agent.clone()).collect(),
        }
    }
}

/// Data of all `arrival.*` events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrivalFacts {
    /// Which.
    pub arrival: ArrivalId,
    /// Where.
    pub site: SiteId,
}

impl From<&Arrival> for ArrivalFacts {
    fn from(arrival: &Arrival) -> Self {
        Self { arrival: arrival.id, site: arrival.site.clone() }
    }
}
