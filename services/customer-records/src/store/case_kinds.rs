//! What cases are, as intake told last.

use kexiang_core::CaseId;
use sqlx::PgConnection;

/// Writes kinds of cases; no case stands twice in `kinds`.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.case_kind.save", skip_all)]
pub async fn save(conn: &mut PgConnection, kinds: &[(CaseId, String)]) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.case_kinds as kept (case_id, kind)
         select * from unnest($1::uuid[], $2::text[])
         on conflict (case_id) do update set kind = excluded.kind where kept.kind <> excluded.kind",
    )
    .bind(kinds.iter().map(|(case, _)| case.uuid()).collect::<Vec<_>>())
    .bind(kinds.iter().map(|(_, kind)| kind.as_str()).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}
