//! How far the consumers are: reads `reporting.consumer_cursors`, which `kexiang_events` moves.

use jiff::Timestamp;
use sqlx::PgConnection;

/// Up to when all events of these consumers are in: the least of them; `None` when one of them has taken in nothing yet.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.progress.complete_up_to", skip_all)]
pub async fn complete_up_to(conn: &mut PgConnection, consumers: &[&str]) -> sqlx::Result<Option<Timestamp>> {
    let applied: Vec<Option<jiff_sqlx::Timestamp>> = sqlx::query_scalar(
        "select cursors.applied_at
         from unnest($1::text[]) as wanted (consumer) left join reporting.consumer_cursors as cursors using (consumer)",
    )
    .bind(consumers)
    .fetch_all(conn)
    .await?;
    let applied: Option<Vec<_>> =
        applied.into_iter().map(|at| at.map(jiff_sqlx::Timestamp::to_jiff)).collect();
    Ok(applied.and_then(|applied| applied.into_iter().min()))
}
