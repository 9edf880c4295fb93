//! What went on at the desks.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{AgentId, CallId, SiteId, Timestamp};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{optional_word, word};
use crate::domain::{AgentState, AwayReason, DeskSpan};

/// The word in the column for a call that waits.
const WAITING: &str = "WAITING";

/// Whose spans.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// Everybody's, everywhere.
    All,
    /// Of one agent.
    Agent(&'a AgentId),
    /// Of all agents who said or did something at this site in that time, wherever they did it.
    AgentsAt(&'a SiteId),
}

/// Replaces what calls imply.
#[tracing::instrument(name = "db.desk_span.replace", skip_all, fields(calls = calls.len(), spans = spans.len()))]
pub async fn replace(
    connection: &mut PgConnection,
    calls: &[CallId],
    spans: &[DeskSpan],
) -> sqlx::Result<()> {
    sqlx::query("delete from intake.desk_spans where call_id = any($1)")
        .bind(calls.iter().map(|call| call.uuid()).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    insert(connection, spans).await
}

async fn insert(connection: &mut PgConnection, spans: &[DeskSpan]) -> sqlx::Result<()> {
    sqlx::query(
        "insert into intake.desk_spans (site_id, agent_id, state, away_reason, call_id, from_at, until_at)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::timestamptz[], $7::timestamptz[])",
    )
    .bind(spans.iter().map(|span| span.site.as_str()).collect::<Vec<_>>())
    .bind(spans.iter().map(|span| span.agent.as_ref().map(AgentId::as_str)).collect::<Vec<_>>())
    .bind(spans.iter().map(|span| span.state.map_or(WAITING, AgentState::as_str)).collect::<Vec<_>>())
    .bind(spans.iter().map(|span| span.away_reason.map(AwayReason::as_str)).collect::<Vec<_>>())
    .bind(spans.iter().map(|span| span.call.map(CallId::uuid)).collect::<Vec<_>>())
    .bind(spans.iter().map(|span| span.from.to_sqlx()).collect::<Vec<_>>())
    .bind(spans.iter().map(|span| span.until.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// What the agent said last. Whoever else wants to know it for this agent waits until the transaction ends.
#[tracing::instrument(name = "db.desk_span.lock_said", skip_all)]
pub async fn lock_said(connection: &mut PgConnection, agent: &AgentId) -> sqlx::Result<Option<DeskSpan>> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('desk_spans/' || $1, 0))")
        .bind(agent.as_str())
        .execute(&mut *connection)
        .await?;
    sqlx::query_as::<_, SpanRow>(
        "select site_id, agent_id, state, away_reason, call_id, from_at, until_at from intake.desk_spans
         where agent_id = $1 and call_id is null and until_at is null",
    )
    .bind(agent.as_str())
    .fetch_optional(connection)
    .await?
    .map(DeskSpan::try_from)
    .transpose()
}

/// Says something new: ends what was said last, or takes its place when it begins at the same instant.
#[tracing::instrument(name = "db.desk_span.say", skip_all)]
pub async fn say(connection: &mut PgConnection, agent: &AgentId, said: &DeskSpan) -> sqlx::Result<()> {
    sqlx::query(
        "delete from intake.desk_spans where agent_id = $1 and call_id is null and until_at is null and from_at >= $2",
    )
    .bind(agent.as_str())
    .bind(said.from.to_sqlx())
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "update intake.desk_spans set until_at = $2 where agent_id = $1 and call_id is null and until_at is null",
    )
    .bind(agent.as_str())
    .bind(said.from.to_sqlx())
    .execute(&mut *connection)
    .await?;
    insert(connection, std::slice::from_ref(said)).await
}

/// What went on in `[from, until)`. What a call implies and whose end was never reported ends here with the next thing that
/// its agent said or did, and after 24 hours at the latest.
#[tracing::instrument(name = "db.desk_span.during", skip_all)]
pub async fn during(
    connection: &mut PgConnection,
    from: Timestamp,
    until: Timestamp,
    whose: Whose<'_>,
) -> sqlx::Result<Vec<DeskSpan>> {
    let (agent, site) = match whose {
        Whose::All => (None, None),
        Whose::Agent(agent) => (Some(agent.as_str()), None),
        Whose::AgentsAt(site) => (None, Some(site.as_str())),
    };
    sqlx::query_as::<_, SpanRow>(
        "select span.site_id, span.agent_id, span.state, span.away_reason, span.call_id, span.from_at, ended.until_at
         from intake.desk_spans as span
         cross join lateral (
             select case when span.until_at is not null or span.call_id is null then span.until_at
                    else least(span.from_at + interval '24 hours',
                               (select min(next.from_at) from intake.desk_spans as next
                                where next.agent_id = span.agent_id and next.from_at > span.from_at
                                  and next.call_id is distinct from span.call_id))
                    end as until_at) as ended
         where tstzrange(span.from_at, span.until_at) && tstzrange($1, $2)
           and (ended.until_at is null or ended.until_at > $1)
           and ($3::text is null or span.agent_id = $3)
           and ($4::text is null or span.agent_id in (
                    select there.agent_id from intake.desk_spans as there
                    where there.site_id = $4 and tstzrange(there.from_at, there.until_at) && tstzrange($1, $2)))",
    )
    .bind(from.to_sqlx())
    .bind(until.to_sqlx())
    .bind(agent)
    .bind(site)
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(DeskSpan::try_from)
    .collect()
}

#[derive(FromRow)]
struct SpanRow {
    site_id: String,
    agent_id: Option<String>,
    state: String,
    away_reason: Option<String>,
    call_id: Option<Uuid>,
    from_at: SqlTimestamp,
    until_at: Option<SqlTimestamp>,
}

impl TryFrom<SpanRow> for DeskSpan {
    type Error = sqlx::Error;
    fn try_from(row: SpanRow) -> Result<Self, Self::Error> {
        Ok(Self {
            site: word("site_id", &row.site_id)?,
            agent: optional_word("agent_id", row.agent_id)?,
            state: if row.state == WAITING { None } else { Some(word("state", &row.state)?) },
            away_reason: optional_word("away_reason", row.away_reason)?,
            call: row.call_id.map(CallId::from_uuid),
            from: row.from_at.to_jiff(),
            until: row.until_at.map(SqlTimestamp::to_jiff),
        })
    }
}
