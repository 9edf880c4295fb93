//! `dispatch.agents`. Counters and presence change only in a transaction that locked the agent's unit.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{AgentId, UnitId};
use serde::Serialize;
use sqlx::{AssertSqlSafe, PgConnection};

use super::{StoreError, read, read_optional, write_rows};
use crate::domain::unit::Agent;

const TABLE: &str = "dispatch.agents";
const COLUMNS: &str = "agent_id, display_name, unit_id, capacity, presence, open_orders, last_assigned_at, created_at, \
     absence, absent_since, signed_in_at, trainee";

#[derive(sqlx::FromRow, Serialize)]
struct AgentRow {
    agent_id: String,
    display_name: String,
    unit_id: String,
    capacity: i32,
    presence: String,
    open_orders: i32,
    last_assigned_at: Option<Timestamp>,
    created_at: Timestamp,
    absence: Option<String>,
    absent_since: Option<Timestamp>,
    signed_in_at: Option<Timestamp>,
    trainee: bool,
}

impl TryFrom<AgentRow> for Agent {
    type Error = StoreError;
    fn try_from(row: AgentRow) -> Result<Self, StoreError> {
        let absence = read_optional(TABLE, "absence", row.absence.as_deref())?;
        Ok(Self {
            id: read(TABLE, "agent_id", &row.agent_id)?,
            display_name: row.display_name,
            unit: read(TABLE, "unit_id", &row.unit_id)?,
            capacity: row.capacity,
            presence: read(TABLE, "presence", &row.presence)?,
            open_orders: row.open_orders,
            last_assigned_at: row.last_assigned_at.map(Timestamp::to_jiff),
            created_at: row.created_at.to_jiff(),
            absence: absence.zip(row.absent_since.map(Timestamp::to_jiff)),
            signed_in_at: row.signed_in_at.map(Timestamp::to_jiff),
            trainee: row.trainee,
        })
    }
}

impl From<&Agent> for AgentRow {
    fn from(agent: &Agent) -> Self {
        Self {
            agent_id: agent.id.to_string(),
            display_name: agent.display_name.clone(),
            unit_id: agent.unit.to_string(),
            capacity: agent.capacity,
            presence: agent.presence.to_string(),
            open_orders: agent.open_orders,
            last_assigned_at: agent.last_assigned_at.map(ToSqlx::to_sqlx),
            created_at: agent.created_at.to_sqlx(),
            absence: agent.absence.map(|(absence, _)| absence.to_string()),
            absent_since: agent.absence.map(|(_, since)| since.to_sqlx()),
            signed_in_at: agent.signed_in_at.map(ToSqlx::to_sqlx),
            trainee: agent.trainee,
        }
    }
}

/// Keeps a new agent; false when their id is taken.
///
/// # Errors
/// [`StoreError::Sql`].
#[tracing::instrument(name = "db.agent.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, agent: &Agent) -> Result<bool, StoreError> {
    let row = AgentRow::from(agent);
    let done = sqlx::query(
        "insert into dispatch.agents
             (agent_id, display_name, unit_id, capacity, presence, open_orders, last_assigned_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict on constraint agents_pkey do nothing",
    )
    .bind(row.agent_id)
    .bind(row.display_name)
    .bind(row.unit_id)
    .bind(row.capacity)
    .bind(row.presence)
    .bind(row.open_orders)
    .bind(row.last_assigned_at)
    .bind(row.created_at)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The agent of this id.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.agent.find", skip_all)]
pub async fn find(conn: &mut PgConnection, id: &AgentId) -> Result<Option<Agent>, StoreError> {
    let sql = AssertSqlSafe(format!("select {COLUMNS} from dispatch.agents where agent_id = $1"));
    sqlx::query_as::<_, AgentRow>(sql)
        .bind(id.as_str())
        .fetch_optional(conn)
        .await?
        .map(Agent::try_from)
        .transpose()
}

/// Agents by id, of one unit or of all, from after `after` on.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.agent.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    unit: Option<&UnitId>,
    after: Option<&AgentId>,
    limit: i64,
) -> Result<Vec<Agent>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "select {COLUMNS} from dispatch.agents
             where ($1::text is null or unit_id = $1) and ($2::text is null or agent_id > $2)
             order by agent_id limit $3"
    ));
    let query = sqlx::query_as::<_, AgentRow>(sql)
        .bind(unit.map(UnitId::as_str))
        .bind(after.map(AgentId::as_str))
        .bind(limit);
    query.fetch_all(conn).await?.into_iter().map(Agent::try_from).collect()
}

/// All agents of these units, which the transaction has locked.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.agent.of_units", skip_all)]
pub async fn of_units<'a>(
    conn: &mut PgConnection,
    units: impl IntoIterator<Item = &'a UnitId>,
) -> Result<Vec<Agent>, StoreError> {
    let units: Vec<&str> = units.into_iter().map(UnitId::as_str).collect();
    let sql = AssertSqlSafe(format!(
        "select {COLUMNS} from dispatch.agents where unit_id = any($1) order by agent_id"
    ));
    let rows = sqlx::query_as::<_, AgentRow>(sql).bind(units).fetch_all(conn).await?;
    rows.into_iter().map(Agent::try_from).collect()
}

/// Writes presence and counters of agents whose units the transaction has locked.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.agent.update", skip_all)]
pub async fn update<'a>(
    conn: &mut PgConnection,
    agents: impl IntoIterator<Item = &'a Agent>,
) -> Result<(), StoreError> {
    let rows: Vec<AgentRow> = agents.into_iter().map(AgentRow::from).collect();
    let sql = "update dispatch.agents a
         set presence = r.presence, open_orders = r.open_orders, last_assigned_at = r.last_assigned_at,
             absence = r.absence, absent_since = r.absent_since, signed_in_at = r.signed_in_at
         from jsonb_populate_recordset(null::dispatch.agents, $1) r
         where a.agent_id = r.agent_id";
    write_rows(conn, sql, TABLE, &rows).await
}
