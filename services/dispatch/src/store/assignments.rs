//! `dispatch.assignments`: decisions, appended and read, never changed (DI-6).

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{AgentId, AssignmentId, WorkOrderId};
use serde::Serialize;
use sqlx::{AssertSqlSafe, PgConnection, types::Json};
use uuid::Uuid;

use super::{StoreError, read, read_optional, write_rows};
use crate::domain::assignment::{Assignment, Considered};

const TABLE: &str = "dispatch.assignments";
const COLUMNS: &str = "assignment_id, work_order_id, agent_id, policy, policy_version, decided_at, actor, candidates, \
     route_explanation";

#[derive(sqlx::FromRow, Serialize)]
struct AssignmentRow {
    assignment_id: Uuid,
    work_order_id: Uuid,
    agent_id: Option<String>,
    policy: String,
    policy_version: i32,
    decided_at: Timestamp,
    actor: String,
    candidates: Json<Vec<Considered>>,
    route_explanation: String,
}

impl TryFrom<AssignmentRow> for Assignment {
    type Error = StoreError;
    fn try_from(row: AssignmentRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: AssignmentId::from_uuid(row.assignment_id),
            work_order: WorkOrderId::from_uuid(row.work_order_id),
            agent: read_optional(TABLE, "agent_id", row.agent_id.as_deref())?,
            policy: read(TABLE, "policy", &row.policy)?,
            policy_version: row.policy_version,
            decided_at: row.decided_at.to_jiff(),
            actor: read(TABLE, "actor", &row.actor)?,
            considered: row.candidates.0,
            route_explanation: row.route_explanation,
        })
    }
}

impl From<Assignment> for AssignmentRow {
    fn from(assignment: Assignment) -> Self {
        Self {
            assignment_id: assignment.id.uuid(),
            work_order_id: assignment.work_order.uuid(),
            agent_id: assignment.agent.as_ref().map(AgentId::to_string),
            policy: assignment.policy.as_str().to_owned(),
            policy_version: assignment.policy_version,
            decided_at: assignment.decided_at.to_sqlx(),
            actor: assignment.actor.to_string(),
            candidates: Json(assignment.considered),
            route_explanation: assignment.route_explanation,
        }
    }
}

/// Keeps decisions.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.assignment.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, assignments: Vec<Assignment>) -> Result<(), StoreError> {
    let rows: Vec<AssignmentRow> = assignments.into_iter().map(AssignmentRow::from).collect();
    let sql = AssertSqlSafe(format!(
        "insert into dispatch.assignments ({COLUMNS})
         select {COLUMNS} from jsonb_populate_recordset(null::dispatch.assignments, $1)"
    ));
    write_rows(conn, sql, TABLE, &rows).await
}

/// The decisions about an order, newest first, from after the one made at `after.0` with id `after.1` on.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.assignment.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    order: WorkOrderId,
    after: Option<(jiff::Timestamp, AssignmentId)>,
    limit: i64,
) -> Result<Vec<Assignment>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "select {COLUMNS} from dispatch.assignments
         where work_order_id = $1 and ($2::timestamptz is null or (decided_at, assignment_id) < ($2, $3))
         order by decided_at desc, assignment_id desc limit $4"
    ));
    let rows = sqlx::query_as::<_, AssignmentRow>(sql)
        .bind(order.uuid())
        .bind(after.map(|(at, _)| at.to_sqlx()))
        .bind(after.map(|(_, id)| id.uuid()))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Assignment::try_from).collect()
}
