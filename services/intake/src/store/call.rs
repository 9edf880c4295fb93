//! Phone calls.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{AgentId, CallId, ContactId, SiteId, Timestamp};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, types::Json};
use uuid::Uuid;

use super::word;
use crate::domain::{Life, PhoneCall, call::CallOutcome};

const COLUMNS: &str =
    "call_id, site_id, source, reference, contact_id, register_number, life, completed_at, updated_at";

/// Which calls to list.
#[derive(Debug, Clone)]
pub struct CallFilter {
    /// Of this site.
    pub site: SiteId,
    /// Came in at or after.
    pub from: Option<Timestamp>,
    /// Came in before.
    pub until: Option<Timestamp>,
    /// With this outcome.
    pub outcome: Option<CallOutcome>,
    /// Of this agent.
    pub agent: Option<AgentId>,
    /// Only those that are not over.
    pub live: bool,
}

/// Inserts calls that are not there yet, by site and reference, in this order; gives the ids of those that are new. A twin that
/// is being inserted elsewhere is waited for.
#[tracing::instrument(name = "db.call.open", skip_all, fields(calls = calls.len()))]
pub async fn open(connection: &mut PgConnection, calls: &[PhoneCall]) -> sqlx::Result<Vec<CallId>> {
    let inserted: Vec<Uuid> = sqlx::query_scalar(
        "insert into intake.calls (call_id, site_id, source, reference, contact_id, register_number, offered_at, life, updated_at)
         select c.call_id, c.site_id, c.source, c.reference, c.contact_id, 0, c.offered_at, c.life, c.updated_at
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::timestamptz[], $7::jsonb[], $8::timestamptz[])
            as c (call_id, site_id, source, reference, contact_id, offered_at, life, updated_at)
         order by c.site_id, c.reference
         on conflict on constraint calls_reference_key do nothing
         returning call_id",
    )
    .bind(calls.iter().map(|call| call.id.uuid()).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.site.as_str()).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.source.as_str()).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.reference.as_str()).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.contact.uuid()).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.life.offered_at.to_sqlx()).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| Json(&call.life)).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.updated_at.to_sqlx()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    Ok(inserted.into_iter().map(CallId::from_uuid).collect())
}

/// Locks the calls with these references, in one order for everybody.
#[tracing::instrument(name = "db.call.lock_referenced", skip_all)]
pub async fn lock_referenced(
    connection: &mut PgConnection,
    references: &[(&SiteId, &str)],
) -> sqlx::Result<Vec<PhoneCall>> {
    let sql = format!(
        "select {COLUMNS} from intake.calls
         where (site_id, reference) in (select * from unnest($1::text[], $2::text[]))
         order by site_id, reference for update"
    );
    sqlx::query_as::<_, CallRow>(AssertSqlSafe(sql))
        .bind(references.iter().map(|(site, _)| site.as_str()).collect::<Vec<_>>())
        .bind(references.iter().map(|(_, reference)| *reference).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(PhoneCall::try_from)
        .collect()
}

/// Locks a call.
#[tracing::instrument(name = "db.call.lock", skip_all)]
pub async fn lock(connection: &mut PgConnection, id: CallId) -> sqlx::Result<Option<PhoneCall>> {
    let sql = format!("select {COLUMNS} from intake.calls where call_id = $1 for update");
    one(connection, sql, id).await
}

/// The call with this id.
#[tracing::instrument(name = "db.call.find", skip_all)]
pub async fn find(connection: &mut PgConnection, id: CallId) -> sqlx::Result<Option<PhoneCall>> {
    let sql = format!("select {COLUMNS} from intake.calls where call_id = $1");
    one(connection, sql, id).await
}

async fn one(connection: &mut PgConnection, sql: String, id: CallId) -> sqlx::Result<Option<PhoneCall>> {
    let row = sqlx::query_as::<_, CallRow>(AssertSqlSafe(sql)).bind(id.uuid()).fetch_optional(connection);
    row.await?.map(PhoneCall::try_from).transpose()
}

/// Writes what calls add up to now.
#[tracing::instrument(name = "db.call.update", skip_all, fields(calls = calls.len()))]
pub async fn update(connection: &mut PgConnection, calls: &[PhoneCall]) -> sqlx::Result<()> {
    sqlx::query(
        "update intake.calls as call
         set register_number = c.register_number, outcome = c.outcome, agent_id = c.agent_id, offered_at = c.offered_at,
             ended_at = c.ended_at, life = c.life, updated_at = c.updated_at
         from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::jsonb[],
                     $8::timestamptz[])
            as c (call_id, register_number, outcome, agent_id, offered_at, ended_at, life, updated_at)
         where call.call_id = c.call_id",
    )
    .bind(calls.iter().map(|call| call.id.uuid()).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.register_number).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.life.outcome.map(CallOutcome::as_str)).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.life.agent.as_ref().map(AgentId::as_str)).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.life.offered_at.to_sqlx()).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.life.ended_at.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| Json(&call.life)).collect::<Vec<_>>())
    .bind(calls.iter().map(|call| call.updated_at.to_sqlx()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks a call's contact as completed.
#[tracing::instrument(name = "db.call.complete", skip_all)]
pub async fn complete(connection: &mut PgConnection, id: CallId, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query("update intake.calls set completed_at = $2, updated_at = $2 where call_id = $1")
        .bind(id.uuid())
        .bind(now.to_sqlx())
        .execute(connection)
        .await?;
    Ok(())
}

/// A page of calls, newest first, after the call of that time and id.
#[tracing::instrument(name = "db.call.list", skip_all)]
pub async fn list(
    connection: &mut PgConnection,
    filter: &CallFilter,
    after: Option<(Timestamp, CallId)>,
    limit: i64,
) -> sqlx::Result<Vec<PhoneCall>> {
    // Written out rather than asked in SQL, so that the planner sees the partial indexes.
    let live = if filter.live { "and ended_at is null" } else { "" };
    let agent = if filter.agent.is_some() { "and agent_id = $5" } else { "and $5::text is null" };
    let sql = format!(
        "select {COLUMNS} from intake.calls
         where site_id = $1 and ($2::timestamptz is null or offered_at >= $2)
           and ($3::timestamptz is null or offered_at < $3) and ($4::text is null or outcome = $4)
           {agent} {live}
           and ($6::timestamptz is null or (offered_at, call_id) < ($6, $7))
         order by offered_at desc, call_id desc limit $8"
    );
    sqlx::query_as::<_, CallRow>(AssertSqlSafe(sql))
        .bind(filter.site.as_str())
        .bind(filter.from.map(ToSqlx::to_sqlx))
        .bind(filter.until.map(ToSqlx::to_sqlx))
        .bind(filter.outcome.map(CallOutcome::as_str))
        .bind(filter.agent.as_ref().map(AgentId::as_str))
        .bind(after.map(|(at, _)| at.to_sqlx()))
        .bind(after.map(|(_, id)| id.uuid()))
        .bind(limit)
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(PhoneCall::try_from)
        .collect()
}

#[derive(FromRow)]
struct CallRow {
    call_id: Uuid,
    site_id: String,
    source: String,
    reference: String,
    contact_id: Uuid,
    register_number: i64,
    life: Json<Life>,
    completed_at: Option<SqlTimestamp>,
    updated_at: SqlTimestamp,
}

impl TryFrom<CallRow> for PhoneCall {
    type Error = sqlx::Error;
    fn try_from(row: CallRow) -> Result<Self, Self::Error> {
        Ok(Self {
            id: CallId::from_uuid(row.call_id),
            site: word("site_id", &row.site_id)?,
            source: row.source,
            reference: row.reference,
            contact: ContactId::from_uuid(row.contact_id),
            register_number: row.register_number,
            life: row.life.0,
            completed_at: row.completed_at.map(SqlTimestamp::to_jiff),
            updated_at: row.updated_at.to_jiff(),
        })
    }
}
