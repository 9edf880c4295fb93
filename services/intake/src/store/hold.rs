//! Spells on hold: `intake.case_holds`. The running one stands on the case too.

use jiff_sqlx::ToSqlx;
use kexiang_core::{Actor, CaseId, HoldId, Timestamp};
use sqlx::PgConnection;

use crate::domain::Hold;

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
