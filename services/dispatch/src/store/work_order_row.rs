//! The row of `dispatch.work_orders`, read by name and written as JSON.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{AgentId, CaseId, RouteId, UnitId, WorkOrderId};
use serde::Serialize;
use uuid::Uuid;

use super::{StoreError, read, read_optional};
use crate::domain::work_order::{Brief, Proof, Routing, WorkOrder};

pub(super) const TABLE: &str = "dispatch.work_orders";
pub(super) const COLUMNS: &str = "work_order_id, case_id, case_number, life, round, site_id, kind, channel, category, \
     district, severity, state, unit_id, route_id, route_explanation, agent_id, previous_agent_id, report, evidence, \
     verifier, rework_count, reason, created_at, assigned_at, accepted_at, started_at, finished_at, completed_at, \
     updated_at, version";

#[derive(sqlx::FromRow, Serialize)]
pub(super) struct WorkOrderRow {
    work_order_id: Uuid,
    case_id: Uuid,
    case_number: String,
    life: i32,
    round: i32,
    site_id: String,
    kind: String,
    channel: String,
    category: String,
    district: String,
    severity: String,
    state: String,
    unit_id: Option<String>,
    route_id: Option<Uuid>,
    route_explanation: Option<String>,
    agent_id: Option<String>,
    previous_agent_id: Option<String>,
    report: Option<String>,
    evidence: Option<Vec<String>>,
    verifier: Option<String>,
    rework_count: i32,
    reason: Option<String>,
    created_at: Timestamp,
    assigned_at: Option<Timestamp>,
    accepted_at: Option<Timestamp>,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    updated_at: Timestamp,
    version: i64,
}

impl WorkOrderRow {
    fn brief(&self) -> Result<Brief, StoreError> {
        Ok(Brief {
            case: CaseId::from_uuid(self.case_id),
            case_number: self.case_number.clone(),
            life: self.life,
            round: self.round,
            site: read(TABLE, "site_id", &self.site_id)?,
            kind: read(TABLE, "kind", &self.kind)?,
            channel: read(TABLE, "channel", &self.channel)?,
            category: self.category.clone(),
            district: self.district.clone(),
            severity: read(TABLE, "severity", &self.severity)?,
        })
    }

    fn routing(&self) -> Result<Option<Routing>, StoreError> {
        let unit = read_optional(TABLE, "unit_id", self.unit_id.as_deref())?;
        let parts = unit.zip(self.route_id).zip(self.route_explanation.clone());
        Ok(parts.map(|((unit, route), explanation)| Routing {
            unit,
            route: RouteId::from_uuid(route),
            explanation,
        }))
    }
}

impl TryFrom<WorkOrderRow> for WorkOrder {
    type Error = StoreError;
    fn try_from(row: WorkOrderRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: WorkOrderId::from_uuid(row.work_order_id),
            brief: row.brief()?,
            state: read(TABLE, "state", &row.state)?,
            routing: row.routing()?,
            agent: read_optional(TABLE, "agent_id", row.agent_id.as_deref())?,
            previous_agent: read_optional(TABLE, "previous_agent_id", row.previous_agent_id.as_deref())?,
            proof: row.report.zip(row.evidence).map(|(report, evidence)| Proof { report, evidence }),
            verifier: read_optional(TABLE, "verifier", row.verifier.as_deref())?,
            rework_count: row.rework_count,
            reason: row.reason,
            created_at: row.created_at.to_jiff(),
            assigned_at: row.assigned_at.map(Timestamp::to_jiff),
            accepted_at: row.accepted_at.map(Timestamp::to_jiff),
            started_at: row.started_at.map(Timestamp::to_jiff),
            finished_at: row.finished_at.map(Timestamp::to_jiff),
            completed_at: row.completed_at.map(Timestamp::to_jiff),
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        })
    }
}

impl From<&WorkOrder> for WorkOrderRow {
    fn from(order: &WorkOrder) -> Self {
        let (brief, routing) = (&order.brief, order.routing.as_ref());
        Self {
            work_order_id: order.id.uuid(),
            case_id: brief.case.uuid(),
            case_number: brief.case_number.clone(),
            life: brief.life,
            round: brief.round,
            site_id: brief.site.to_string(),
            kind: brief.kind.to_string(),
            channel: brief.channel.to_string(),
            category: brief.category.clone(),
            district: brief.district.clone(),
            severity: brief.severity.to_string(),
            state: order.state.to_string(),
            unit_id: order.unit().map(UnitId::to_string),
            route_id: routing.map(|routing| routing.route.uuid()),
            route_explanation: routing.map(|routing| routing.explanation.clone()),
            agent_id: order.agent.as_ref().map(AgentId::to_string),
            previous_agent_id: order.previous_agent.as_ref().map(AgentId::to_string),
            report: order.proof.as_ref().map(|proof| proof.report.clone()),
            evidence: order.proof.as_ref().map(|proof| proof.evidence.clone()),
            verifier: order.verifier.as_ref().map(ToString::to_string),
            rework_count: order.rework_count,
            reason: order.reason.clone(),
            created_at: order.created_at.to_sqlx(),
            assigned_at: order.assigned_at.map(ToSqlx::to_sqlx),
            accepted_at: order.accepted_at.map(ToSqlx::to_sqlx),
            started_at: order.started_at.map(ToSqlx::to_sqlx),
            finished_at: order.finished_at.map(ToSqlx::to_sqlx),
            completed_at: order.completed_at.map(ToSqlx::to_sqlx),
            updated_at: order.updated_at.to_sqlx(),
            version: order.version,
        }
    }
}
