//! A work order 电子工单: what it is about, where it stands, and, in `moves`, every move it can make.
//!
//! Invariants: an order has a unit from QUEUED on and an agent exactly from ASSIGNED to COMPLETED; COMPLETED has a proof and a
//! verifier who is not the doer (DI-12); nothing leaves COMPLETED or CANCELLED. A refused move changes nothing.

use kexiang_core::{
    Actor, AgentId, CaseId, Channel, Kind, RouteId, Severity, SiteId, Timestamp, UnitId, WorkOrderId,
};
use serde::{Deserialize, Serialize};

use super::state::WorkOrderState;

/// What the work is about, as the case said when the order was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub case_number: String,
    /// Which life of the case: 1, and one more for each reopening.
    pub life: i32,
    /// How often the case had gone its own way again after following another one; one order in each round of a life.
    #[serde(default)]
    pub round: i32,
    /// Where the case was accepted.
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
}

/// Who has to do it, and the line of the routing table that says so (DI-7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routing {
    /// The unit.
    pub unit: UnitId,
    /// The line.
    pub route: RouteId,
    /// The conditions that fitted, in words.
    pub explanation: String,
}

/// What shows that the work is done (DI-12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// What was done.
    pub report: String,
    /// References to photos, recordings, measurements or documents; at least one.
    pub evidence: Vec<String>,
}

/// A piece of work for a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkOrder {
    /// Its id.
    pub id: WorkOrderId,
    /// What it is about.
    pub brief: Brief,
    /// Where it stands.
    pub state: WorkOrderState,
    /// Who has to do it; none while unrouted.
    pub routing: Option<Routing>,
    /// Who has it.
    pub agent: Option<AgentId>,
    /// Who had it before it was reassigned; the policy does not give it back to them.
    pub previous_agent: Option<AgentId>,
    /// The last proof.
    pub proof: Option<Proof>,
    /// Who verified it.
    pub verifier: Option<Actor>,
    /// How often it was returned for rework.
    pub rework_count: i32,
    /// The reason of the last return, reassignment or cancellation.
    pub reason: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The last assignment.
    pub assigned_at: Option<Timestamp>,
    /// When the agent who has it signed for it.
    pub accepted_at: Option<Timestamp>,
    /// The first start.
    pub started_at: Option<Timestamp>,
    /// The last finish.
    pub finished_at: Option<Timestamp>,
    /// When it was verified.
    pub completed_at: Option<Timestamp>,
    /// The last change.
    pub updated_at: Timestamp,
    /// One more with every change; the etag.
    pub version: i64,
}

impl WorkOrder {
    /// A new order, not routed yet.
    #[must_use]
    pub fn new(brief: Brief, now: Timestamp) -> Self {
        Self {
            id: WorkOrderId::at(now),
            brief,
            state: WorkOrderState::Unrouted,
            routing: None,
            agent: None,
            previous_agent: None,
            proof: None,
            verifier: None,
            rework_count: 0,
            reason: None,
            created_at: now,
            assigned_at: None,
            accepted_at: None,
            started_at: None,
            finished_at: None,
            completed_at: None,
            updated_at: now,
            version: 1,
        }
    }

    /// The unit that has to do it.
    #[must_use]
    pub fn unit(&self) -> Option<&UnitId> {
        self.routing.as_ref().map(|routing| &routing.unit)
    }

    /// Why it is with its unit, in words; empty while unrouted.
    #[must_use]
    pub fn route_explanation(&self) -> String {
        self.routing.as_ref().map(|routing| routing.explanation.clone()).unwrap_or_default()
    }

    /// Who has it, as long as it counts among their open orders.
    #[must_use]
    pub fn holder(&self) -> Option<&AgentId> {
        self.agent.as_ref().filter(|_| self.state.is_open_order())
    }
}

mod moves;

#[cfg(test)]
mod tests;
