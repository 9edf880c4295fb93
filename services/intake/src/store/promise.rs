//! Promises and the history of their due times and owners.

mod row;

use std::collections::{HashMap, HashSet};

use jiff_sqlx::ToSqlx;
use kexiang_core::{AgentId, CaseId, PromiseId, Timestamp};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use self::row::{ChangeRow, PromiseRow};
use crate::domain::promise::{Previous, Promise, PromiseChange, PromiseState};

const COLUMNS: &str = "promise_id, case_id, site_id, kind, state, owner, note, made_at, made_by, due_at, due_soon_at, \
     escalation_level, missed_at, kept_at, keep_note, withdrawal_reason, updated_at, version";

/// Which promises to list.
#[derive(Debug, Clone, Default)]
pub struct PromiseFilter {
    /// Of this owner.
    pub owner: Option<AgentId>,
    /// About this case.
    pub case: Option<CaseId>,
    /// In this state.
    pub state: Option<PromiseState>,
    /// Due before this time.
    pub due_before: Option<Timestamp>,
}

/// Inserts a new promise.
#[tracing::instrument(name = "db.promise.insert", skip_all)]
pub async fn insert(connection: &mut PgConnection, promise: &Promise) -> sqlx::Result<()> {
    sqlx::query(
        "insert into intake.promises
             (promise_id, case_id, site_id, kind, state, owner, note, made_at, made_by, due_at, due_soon_at,
              escalation_level, fires_at, updated_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(promise.id.uuid())
    .bind(promise.case.uuid())
    .bind(promise.site.as_str())
    .bind(promise.kind.as_str())
    .bind(promise.state.as_str())
    .bind(promise.owner.as_str())
    .bind(&promise.note)
    .bind(promise.made_at.to_sqlx())
    .bind(promise.made_by.to_string())
    .bind(promise.due_at.to_sqlx())
    .bind(promise.due_soon_at.to_sqlx())
    .bind(promise.escalation_level)
    .bind(promise.fires_at().map(ToSqlx::to_sqlx))
    .bind(promise.updated_at.to_sqlx())
    .bind(promise.version)
    .execute(connection)
    .await?;
    Ok(())
}

/// Saves what commands and alarms change, all in one statement, but for the history ([`insert_last_change`]). The rows are
/// locked by [`lock`] or [`lock_due`].
#[tracing::instrument(name = "db.promise.update", skip_all, fields(promises = promises.len()))]
pub async fn update(connection: &mut PgConnection, promises: &[Promise]) -> sqlx::Result<()> {
    sqlx::query(
        "update intake.promises as p set
             state = n.state, owner = n.owner, due_at = n.due_at, due_soon_at = n.due_soon_at,
             escalation_level = n.escalation_level, fires_at = n.fires_at, missed_at = n.missed_at, kept_at = n.kept_at,
             keep_note = n.keep_note, withdrawal_reason = n.withdrawal_reason, updated_at = n.updated_at, version = n.version
         from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::integer[],
                     $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::text[],
                     $12::timestamptz[], $13::bigint[])
             as n (promise_id, state, owner, due_at, due_soon_at, escalation_level, fires_at, missed_at, kept_at, keep_note,
                   withdrawal_reason, updated_at, version)
         where p.promise_id = n.promise_id",
    )
    .bind(promises.iter().map(|promise| promise.id.uuid()).collect::<Vec<_>>())
    .bind(promises.iter().map(|promise| promise.state.as_str()).collect::<Vec<_>>())
    .bind(promises.iter().map(|promise| promise.owner.as_str()).collect::<Vec<_>>())
    .bind(promises.iter().map(|promise| promise.due_at.to_sqlx()).collect::<Vec<_>>())
    .bind(promises.iter().map(|promise| promise.due_soon_at.to_sqlx()).collect::<Vec<_>>())
    .bind(promises.iter().map(|promise| promise.escalation_level).collect::<Vec<_>>())
    .bind(promises.iter().map(|promise| promise.fires_at().map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .bind(promises.iter().map(|promise| promise.missed_at.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .bind(promises.iter().map(|promise| promise.kept_at.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .bind(promises.iter().map(|promise| promise.keep_note.as_deref()).collect::<Vec<_>>())
    .bind(promises.iter().map(|promise| promise.withdrawal_reason.as_deref()).collect::<Vec<_>>())
    .bind(promises.iter().map(|promise| promise.updated_at.to_sqlx()).collect::<Vec<_>>())
    .bind(promises.iter().map(|promise| promise.version).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// Appends the last change of a promise to its history.
#[tracing::instrument(name = "db.promise_change.insert", skip_all)]
pub async fn insert_last_change(connection: &mut PgConnection, promise: &Promise) -> sqlx::Result<()> {
    let Some(change) = promise.changes.last() else { return Ok(()) };
    let (due_at, owner) = match &change.previous {
        Previous::DueAt(due_at) => (Some(due_at.to_sqlx()), None),
        Previous::Owner(owner) => (None, Some(owner.as_str())),
    };
    sqlx::query(
        "insert into intake.promise_changes
             (promise_id, change_number, changed_at, changed_by, previous_due_at, previous_owner, reason)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(promise.id.uuid())
    .bind(i32::try_from(promise.changes.len()).unwrap_or(i32::MAX))
    .bind(change.changed_at.to_sqlx())
    .bind(change.changed_by.to_string())
    .bind(due_at)
    .bind(owner)
    .bind(&change.reason)
    .execute(connection)
    .await?;
    Ok(())
}

/// The promise with this id.
#[tracing::instrument(name = "db.promise.find", skip_all)]
pub async fn find(connection: &mut PgConnection, id: PromiseId) -> sqlx::Result<Option<Promise>> {
    one(connection, "where promise_id = $1", id).await
}

/// The promise with this id, locked until the transaction ends.
#[tracing::instrument(name = "db.promise.lock", skip_all)]
pub async fn lock(connection: &mut PgConnection, id: PromiseId) -> sqlx::Result<Option<Promise>> {
    one(connection, "where promise_id = $1 for update", id).await
}

/// What the customer of a locked case still waits for, locked, by id.
#[tracing::instrument(name = "db.promise.lock_waiting", skip_all)]
pub async fn lock_waiting(connection: &mut PgConnection, case: CaseId) -> sqlx::Result<Vec<Promise>> {
    let sql = format!(
        "select {COLUMNS} from intake.promises where case_id = $1 and state in ('OPEN', 'MISSED')
         order by promise_id for update"
    );
    let query = sqlx::query_as::<_, PromiseRow>(AssertSqlSafe(sql)).bind(case.uuid());
    let rows = query.fetch_all(&mut *connection).await?;
    with_changes(connection, rows).await
}

/// Promises with an alarm at `now` or before, locked, those whose alarm is oldest first; those that somebody else has locked
/// are left to them.
#[tracing::instrument(name = "db.promise.lock_due", skip_all)]
pub async fn lock_due(
    connection: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<Promise>> {
    let sql = format!(
        "select {COLUMNS} from intake.promises where fires_at <= $1
         order by fires_at limit $2 for update skip locked"
    );
    let query = sqlx::query_as::<_, PromiseRow>(AssertSqlSafe(sql)).bind(now.to_sqlx()).bind(limit);
    let rows = query.fetch_all(&mut *connection).await?;
    with_changes(connection, rows).await
}

/// A page of promises by due time.
#[tracing::instrument(name = "db.promise.list", skip_all)]
pub async fn list(
    connection: &mut PgConnection,
    filter: &PromiseFilter,
    after: Option<(Timestamp, PromiseId)>,
    limit: i64,
) -> sqlx::Result<Vec<Promise>> {
    let sql = format!(
        "select {COLUMNS} from intake.promises
         where ($1::text is null or owner = $1) and ($2::uuid is null or case_id = $2)
           and ($3::text is null or state = $3) and ($4::timestamptz is null or due_at < $4)
           and ($5::timestamptz is null or (due_at, promise_id) > ($5, $6))
         order by due_at, promise_id limit $7"
    );
    let rows = sqlx::query_as::<_, PromiseRow>(AssertSqlSafe(sql))
        .bind(filter.owner.as_ref().map(AgentId::as_str))
        .bind(filter.case.map(CaseId::uuid))
        .bind(filter.state.map(PromiseState::as_str))
        .bind(filter.due_before.map(ToSqlx::to_sqlx))
        .bind(after.map(|(due_at, _)| due_at.to_sqlx()))
        .bind(after.map(|(_, id)| id.uuid()))
        .bind(limit)
        .fetch_all(&mut *connection)
        .await?;
    with_changes(connection, rows).await
}

/// What customers still wait for in these cases, due first.
#[tracing::instrument(name = "db.promise.list_waiting", skip_all)]
pub async fn list_waiting(
    connection: &mut PgConnection,
    cases: &[CaseId],
    limit: i64,
) -> sqlx::Result<Vec<Promise>> {
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "select {COLUMNS} from intake.promises where case_id = any($1) and state in ('OPEN', 'MISSED')
         order by due_at, promise_id limit $2"
    );
    let cases: Vec<_> = cases.iter().map(|id| id.uuid()).collect();
    let query = sqlx::query_as::<_, PromiseRow>(AssertSqlSafe(sql)).bind(cases).bind(limit);
    let rows = query.fetch_all(&mut *connection).await?;
    with_changes(connection, rows).await
}

/// Which of these cases have a promise that the customer still waits for. For cases that are locked: no promise is made about
/// them meanwhile.
#[tracing::instrument(name = "db.promise.find_waiting_cases", skip_all)]
pub async fn find_waiting_cases(
    connection: &mut PgConnection,
    cases: &[CaseId],
) -> sqlx::Result<HashSet<CaseId>> {
    let waiting: Vec<Uuid> = sqlx::query_scalar(
        "select distinct case_id from intake.promises where case_id = any($1) and state in ('OPEN', 'MISSED')",
    )
    .bind(cases.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    Ok(waiting.into_iter().map(CaseId::from_uuid).collect())
}

async fn one(connection: &mut PgConnection, which: &str, id: PromiseId) -> sqlx::Result<Option<Promise>> {
    let sql = format!("select {COLUMNS} from intake.promises {which}");
    let query = sqlx::query_as::<_, PromiseRow>(AssertSqlSafe(sql)).bind(id.uuid());
    let row = query.fetch_optional(&mut *connection).await?;
    Ok(with_changes(connection, row.into_iter().collect()).await?.pop())
}

async fn with_changes(connection: &mut PgConnection, rows: Vec<PromiseRow>) -> sqlx::Result<Vec<Promise>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let changes: Vec<ChangeRow> = sqlx::query_as(
        "select promise_id, changed_at, changed_by, previous_due_at, previous_owner, reason
         from intake.promise_changes where promise_id = any($1) order by promise_id, change_number",
    )
    .bind(rows.iter().map(|row| row.promise_id).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let mut of: HashMap<Uuid, Vec<PromiseChange>> = HashMap::new();
    for row in changes {
        of.entry(row.promise_id).or_default().push(PromiseChange::try_from(row)?);
    }
    rows.into_iter()
        .map(|row| {
            let changes = of.remove(&row.promise_id).unwrap_or_default();
            Ok(Promise { changes, ..Promise::try_from(row)? })
        })
        .collect()
}
