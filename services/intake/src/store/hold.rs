//! Spells on hold: `intake.case_holds`. The running one stands on the case too.

use jiff_sqlx::ToSqlx;
use kexiang_core::{Actor, CaseId, HoldId, HoldReason, SiteId, Timestamp};
use sqlx::{AssertSqlSafe, PgConnection};

use super::case::{COLUMNS, CaseRow};
use crate::domain::{Case, Hold};

/// Which cases on hold to list.
#[derive(Debug, Clone, Default)]
pub struct HeldFilter {
    /// Of this site.
    pub site: Option<SiteId>,
    /// On hold for this.
    pub reason: Option<HoldReason>,
    /// Put on hold before this time.
    pub held_before: Option<Timestamp>,
}

/// A page of what is on hold, the longest wait first. Its cost grows with what is on hold alone.
#[tracing::instrument(name = "db.hold.list", skip_all)]
pub async fn list(
    connection: &mut PgConnection,
    filter: &HeldFilter,
    after: Option<(Timestamp, CaseId)>,
    limit: i64,
) -> sqlx::Result<Vec<Case>> {
    let sql = format!(
        "select {COLUMNS} from intake.cases
         where held_at is not null and ($1::text is null or site_id = $1) and ($2::text is null or hold_reason = $2)
           and ($3::timestamptz is null or held_at < $3)
           and ($4::timestamptz is null or (held_at, case_id) > ($4, $5))
         order by held_at, case_id limit $6"
    );
    let rows = sqlx::query_as::<_, CaseRow>(AssertSqlSafe(sql))
        .bind(filter.site.as_ref().map(SiteId::as_str))
        .bind(filter.reason.map(HoldReason::as_str))
        .bind(filter.held_before.map(ToSqlx::to_sqlx))
        .bind(after.map(|(held_at, _)| held_at.to_sqlx()))
        .bind(after.map(|(_, case)| case.uuid()))
        .bind(limit);
    rows.fetch_all(connection).await?.into_iter().map(Case::try_from).collect()
}

/// Begins a spell of a locked case.
#[tracing::instrument(name = "db.hold.begin", skip_all)]
pub async fn begin(
    connection: &mut PgConnection,
    id: HoldId,
    case: CaseId,
    hold: &Hold,
    by: &Actor,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into intake.case_holds (hold_id, case_id, reason, note, expected_at, held_at, held_by)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id.uuid())
    .bind(case.uuid())
    .bind(hold.reason.as_str())
    .bind(hold.note.as_deref())
    .bind(hold.expected_at.map(ToSqlx::to_sqlx))
    .bind(hold.held_at.to_sqlx())
    .bind(by.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends the running spells of locked cases; those without one are left as they are.
#[tracing::instrument(name = "db.hold.end", skip_all)]
pub async fn end(
    connection: &mut PgConnection,
    cases: &[CaseId],
    by: &Actor,
    note: Option<&str>,
    now: Timestamp,
) -> sqlx::Result<()> {
    if cases.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "update intake.case_holds set resumed_at = greatest($2, held_at), resumed_by = $3, resume_note = $4
         where case_id = any($1) and resumed_at is null",
    )
    .bind(cases.iter().map(|case| case.uuid()).collect::<Vec<_>>())
    .bind(now.to_sqlx())
    .bind(by.to_string())
    .bind(note)
    .execute(connection)
    .await?;
    Ok(())
}
