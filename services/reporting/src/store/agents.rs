//! Projection of who gets work: `reporting.agent_presence`.

use sqlx::PgConnection;

use crate::domain::facts::AgentFacts;

/// Writes where these agents stand now, each at most once in `agents`. The same facts again write nothing.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.agent.upsert", skip_all)]
pub async fn upsert(conn: &mut PgConnection, agents: &[AgentFacts]) -> sqlx::Result<()> {
    sqlx::query(
        "insert into reporting.agent_presence (agent_id, unit_id, presence)
         select * from unnest($1::text[], $2::text[], $3::text[])
         on conflict (agent_id) do update set unit_id = excluded.unit_id, presence = excluded.presence
         where agent_presence.* is distinct from excluded.*",
    )
    .bind(agents.iter().map(|a| a.agent.as_str()).collect::<Vec<_>>())
    .bind(agents.iter().map(|a| a.unit.as_str()).collect::<Vec<_>>())
    .bind(agents.iter().map(|a| a.presence.as_str()).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// How many agents are signed in, over all sites.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.agent.signed_in", skip_all)]
pub async fn signed_in(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from reporting.agent_presence where presence = 'SIGNED_IN'")
        .fetch_one(conn)
        .await
}
