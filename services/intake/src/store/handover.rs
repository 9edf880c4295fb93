//! Handovers: `intake.handovers`. Written under the lock of their case.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{AgentId, CaseId, HandoverId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use super::{optional_word, word};
use crate::domain::{Handover, HandoverState};

const COLUMNS: &str = "handover_id, case_id, from_agent, to_agent, reason, state, offered_by, offered_at, \
     ended_at, decline_reason, version";

/// Which handovers to list.
#[derive(Debug, Clone, Default)]
pub struct HandoverFilter {
    /// Of this case.
    pub case: Option<CaseId>,
    /// To this agent.
    pub to: Option<AgentId>,
    /// In this state.
    pub state: Option<HandoverState>,
}

/// Inserts one.
#[tracing::instrument(name = "db.handover.insert", skip_all)]
pub async fn insert(connection: &mut PgConnection, handover: &Handover) -> sqlx::Result<()> {
    sqlx::query(
        "insert into intake.handovers
             (handover_id, case_id, from_agent, to_agent, reason, state, offered_by, offered_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(handover.id.uuid())
    .bind(handover.case.uuid())
    .bind(handover.from.as_ref().map(AgentId::as_str))
    .bind(handover.to.as_str())
    .bind(&handover.reason)
    .bind(handover.state.as_str())
    .bind(handover.offered_by.to_string())
    .bind(handover.offered_at.to_sqlx())
    .bind(handover.version)
    .execute(connection)
    .await?;
    Ok(())
}

/// Saves how one ended.
#[tracing::instrument(name = "db.handover.update", skip_all)]
pub async fn update(connection: &mut PgConnection, handover: &Handover) -> sqlx::Result<()> {
    sqlx::query(
        "update intake.handovers set state = $2, ended_at = $3, decline_reason = $4, version = $5
         where handover_id = $1",
    )
    .bind(handover.id.uuid())
    .bind(handover.state.as_str())
    .bind(handover.ended_at.map(ToSqlx::to_sqlx))
    .bind(handover.decline_reason.as_deref())
    .bind(handover.version)
    .execute(connection)
    .await?;
    Ok(())
}

/// The handover with this id.
#[tracing::instrument(name = "db.handover.find", skip_all)]
pub async fn find(connection: &mut PgConnection, id: HandoverId) -> sqlx::Result<Option<Handover>> {
    let sql = format!("select {COLUMNS} from intake.handovers where handover_id = $1");
    let row = sqlx::query_as::<_, HandoverRow>(AssertSqlSafe(sql)).bind(id.uuid());
    row.fetch_optional(connection).await?.map(Handover::try_from).transpose()
}

/// The open handovers of these cases, by case.
#[tracing::instrument(name = "db.handover.find_open", skip_all)]
pub async fn find_open(connection: &mut PgConnection, cases: &[CaseId]) -> sqlx::Result<Vec<Handover>> {
    let sql = format!(
        "select {COLUMNS} from intake.handovers where case_id = any($1) and state = 'OFFERED' order by case_id"
    );
    let rows = sqlx::query_as::<_, HandoverRow>(AssertSqlSafe(sql))
        .bind(cases.iter().map(|case| case.uuid()).collect::<Vec<_>>());
    rows.fetch_all(connection).await?.into_iter().map(Handover::try_from).collect()
}

/// A page of handovers, newest first.
#[tracing::instrument(name = "db.handover.list", skip_all)]
pub async fn list(
    connection: &mut PgConnection,
    filter: &HandoverFilter,
    after: Option<HandoverId>,
    limit: i64,
) -> sqlx::Result<Vec<Handover>> {
    let sql = format!(
        "select {COLUMNS} from intake.handovers
         where ($1::uuid is null or case_id = $1) and ($2::text is null or to_agent = $2)
           and ($3::text is null or state = $3) and ($4::uuid is null or handover_id < $4)
         order by handover_id desc limit $5"
    );
    let rows = sqlx::query_as::<_, HandoverRow>(AssertSqlSafe(sql))
        .bind(filter.case.map(CaseId::uuid))
        .bind(filter.to.as_ref().map(AgentId::as_str))
        .bind(filter.state.map(HandoverState::as_str))
        .bind(after.map(HandoverId::uuid))
        .bind(limit);
    rows.fetch_all(connection).await?.into_iter().map(Handover::try_from).collect()
}

#[derive(FromRow)]
struct HandoverRow {
    handover_id: Uuid,
    case_id: Uuid,
    from_agent: Option<String>,
    to_agent: String,
    reason: String,
    state: String,
    offered_by: String,
    offered_at: SqlTimestamp,
    ended_at: Option<SqlTimestamp>,
    decline_reason: Option<String>,
    version: i64,
}

impl TryFrom<HandoverRow> for Handover {
    type Error = sqlx::Error;
    fn try_from(row: HandoverRow) -> Result<Self, Self::Error> {
        Ok(Self {
            id: HandoverId::from_uuid(row.handover_id),
            case: CaseId::from_uuid(row.case_id),
            from: optional_word("from_agent", row.from_agent)?,
            to: word("to_agent", &row.to_agent)?,
            reason: row.reason,
            state: word("state", &row.state)?,
            offered_by: word("offered_by", &row.offered_by)?,
            offered_at: row.offered_at.to_jiff(),
            ended_at: row.ended_at.map(SqlTimestamp::to_jiff),
            decline_reason: row.decline_reason,
            version: row.version,
        })
    }
}
