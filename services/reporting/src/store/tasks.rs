//! Projection of tasks: `reporting.task_facts`.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kexiang_core::{Satisfaction, SiteId};
use sqlx::PgConnection;

use crate::domain::{facts::TaskFacts, wallboard::OpenVisits};

/// Writes what is known of these tasks now, each at most once in `tasks`. The same facts again write nothing.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.task.upsert", skip_all)]
pub async fn upsert(conn: &mut PgConnection, tasks: &[TaskFacts]) -> sqlx::Result<()> {
    sqlx::query(UPSERT)
        .bind(column(tasks, |t| t.task.uuid()))
        .bind(column(tasks, |t| t.kind.as_str()))
        .bind(column(tasks, |t| t.case.uuid()))
        .bind(column(tasks, |t| t.site.as_str()))
        .bind(column(tasks, |t| t.state.as_str()))
        .bind(column(tasks, |t| t.due_at.to_sqlx()))
        .bind(column(tasks, |t| t.failed_attempts))
        .bind(column(tasks, |t| t.satisfaction.map(Satisfaction::as_str)))
        .bind(column(tasks, |t| t.completed_at.map(ToSqlx::to_sqlx)))
        .execute(conn)
        .await?;
    Ok(())
}

/// One column of a batch, for `unnest`.
fn column<'a, T>(tasks: &'a [TaskFacts], value: impl Fn(&'a TaskFacts) -> T) -> Vec<T> {
    tasks.iter().map(value).collect()
}

const UPSERT: &str = "
insert into reporting.task_facts (
    task_id, kind, case_id, site_id, state, due_at, failed_attempts, satisfaction, completed_at
)
select * from unnest(
    $1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::integer[], $8::text[],
    $9::timestamptz[]
)
on conflict (task_id) do update set
    kind = excluded.kind,
    case_id = excluded.case_id,
    site_id = excluded.site_id,
    state = excluded.state,
    due_at = excluded.due_at,
    failed_attempts = excluded.failed_attempts,
    satisfaction = excluded.satisfaction,
    completed_at = excluded.completed_at
where task_facts.* is distinct from excluded.*";

/// Return visits to be made at `now`, of one site or of all; past their time are those due before `now`. Reads open ones
/// only, by the partial index.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.task.open_visits", skip_all)]
pub async fn open_visits(
    conn: &mut PgConnection,
    site: Option<&SiteId>,
    now: Timestamp,
) -> sqlx::Result<OpenVisits> {
    let (open, overdue) = sqlx::query_as(
        "select count(*), count(*) filter (where due_at < $1)
         from reporting.task_facts
         where state = 'OPEN' and kind = 'RETURN_VISIT' and ($2::text is null or site_id = $2)",
    )
    .bind(now.to_sqlx())
    .bind(site.map(SiteId::as_str))
    .fetch_one(conn)
    .await?;
    Ok(OpenVisits { open, overdue })
}
