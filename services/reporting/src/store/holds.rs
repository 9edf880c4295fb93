//! Projection of what is on hold now: `reporting.held_cases`.

use jiff_sqlx::ToSqlx;
use kexiang_core::SiteId;
use sqlx::PgConnection;

use super::decode;
use crate::domain::{facts::CaseFacts, wallboard::HeldCases};

/// Writes which of these cases are on hold, each at most once in `cases`.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.hold.project", skip_all)]
pub async fn project(conn: &mut PgConnection, cases: &[CaseFacts]) -> sqlx::Result<()> {
    let (held, others): (Vec<_>, Vec<_>) = cases.iter().partition(|facts| facts.hold.is_some());
    sqlx::query("delete from reporting.held_cases where case_id = any($1)")
        .bind(others.iter().map(|facts| facts.case.uuid()).collect::<Vec<_>>())
        .execute(&mut *conn)
        .await?;
    if held.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into reporting.held_cases (case_id, site_id, reason, held_at)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[])
         on conflict (case_id) do update set
             site_id = excluded.site_id, reason = excluded.reason, held_at = excluded.held_at",
    )
    .bind(held.iter().map(|facts| facts.case.uuid()).collect::<Vec<_>>())
    .bind(held.iter().map(|facts| facts.site.as_str()).collect::<Vec<_>>())
    .bind(held.iter().map(|facts| facts.hold.map(|(reason, _)| reason.as_str())).collect::<Vec<_>>())
    .bind(held.iter().map(|facts| facts.hold.map(|(_, held_at)| held_at.to_sqlx())).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// What is on hold by reason, of one site or of all; reasons without cases are left out.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.hold.count", skip_all)]
pub async fn count(conn: &mut PgConnection, site: Option<&SiteId>) -> sqlx::Result<Vec<HeldCases>> {
    let rows: Vec<(String, i64, jiff_sqlx::Timestamp)> = sqlx::query_as(
        "select reason, count(*), min(held_at) from reporting.held_cases
         where $1::text is null or site_id = $1
         group by reason order by reason",
    )
    .bind(site.map(SiteId::as_str))
    .fetch_all(conn)
    .await?;
    let held = |(reason, count, oldest): (String, i64, jiff_sqlx::Timestamp)| {
        Ok(HeldCases { reason: reason.parse().map_err(decode)?, count, oldest_held_at: oldest.to_jiff() })
    };
    rows.into_iter().map(held).collect()
}
