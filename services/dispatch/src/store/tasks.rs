//! `dispatch.tasks`: return visits.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{AgentId, CaseId, SiteId, TaskId};
use serde::Serialize;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{StoreError, read, read_optional, write_rows};
use crate::domain::{
    filter::TaskFilter,
    task::{Task, TaskState},
};

const TABLE: &str = "dispatch.tasks";
const COLUMNS: &str = "task_id, kind, case_id, case_number, life, site_id, agent_id, state, due_at, \
     failed_attempts, satisfaction, words, visitor, created_at, completed_at, version";

#[derive(sqlx::FromRow, Serialize)]
struct TaskRow {
    task_id: Uuid,
    kind: String,
    case_id: Uuid,
    case_number: String,
    life: i32,
    site_id: String,
    agent_id: Option<String>,
    state: String,
    due_at: Timestamp,
    failed_attempts: i32,
    satisfaction: Option<String>,
    words: Option<String>,
    visitor: Option<String>,
    created_at: Timestamp,
    completed_at: Option<Timestamp>,
    version: i64,
}

impl TryFrom<TaskRow> for Task {
    type Error = StoreError;
    fn try_from(row: TaskRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: TaskId::from_uuid(row.task_id),
            kind: read(TABLE, "kind", &row.kind)?,
            case: CaseId::from_uuid(row.case_id),
            case_number: row.case_number,
            life: row.life,
            site: read(TABLE, "site_id", &row.site_id)?,
            agent: read_optional(TABLE, "agent_id", row.agent_id.as_deref())?,
            state: read(TABLE, "state", &row.state)?,
            due_at: row.due_at.to_jiff(),
            failed_attempts: row.failed_attempts,
            satisfaction: read_optional(TABLE, "satisfaction", row.satisfaction.as_deref())?,
            words: row.words,
            visitor: read_optional(TABLE, "visitor", row.visitor.as_deref())?,
            created_at: row.created_at.to_jiff(),
            completed_at: row.completed_at.map(Timestamp::to_jiff),
            version: row.version,
        })
    }
}

impl From<&Task> for TaskRow {
    fn from(task: &Task) -> Self {
        Self {
            task_id: task.id.uuid(),
            kind: task.kind.as_str().to_owned(),
            case_id: task.case.uuid(),
            case_number: task.case_number.clone(),
            life: task.life,
            site_id: task.site.to_string(),
            agent_id: task.agent.as_ref().map(AgentId::to_string),
            state: task.state.to_string(),
            due_at: task.due_at.to_sqlx(),
            failed_attempts: task.failed_attempts,
            satisfaction: task.satisfaction.map(|satisfaction| satisfaction.to_string()),
            words: task.words.clone(),
            visitor: task.visitor.as_ref().map(ToString::to_string),
            created_at: task.created_at.to_sqlx(),
            completed_at: task.completed_at.map(ToSqlx::to_sqlx),
            version: task.version,
        }
    }
}

/// Keeps new tasks.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.task.insert", skip_all)]
pub async fn insert<'a>(
    conn: &mut PgConnection,
    tasks: impl IntoIterator<Item = &'a Task>,
) -> Result<(), StoreError> {
    let rows: Vec<TaskRow> = tasks.into_iter().map(TaskRow::from).collect();
    let sql = AssertSqlSafe(format!(
        "insert into dispatch.tasks ({COLUMNS})
         select {COLUMNS} from jsonb_populate_recordset(null::dispatch.tasks, $1)"
    ));
    write_rows(conn, sql, TABLE, &rows).await
}

/// Writes tasks that the transaction has locked.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.task.update", skip_all)]
pub async fn update<'a>(
    conn: &mut PgConnection,
    tasks: impl IntoIterator<Item = &'a Task>,
) -> Result<(), StoreError> {
    let rows: Vec<TaskRow> = tasks.into_iter().map(TaskRow::from).collect();
    let sql = "update dispatch.tasks t
         set state = r.state, failed_attempts = r.failed_attempts, satisfaction = r.satisfaction,
             words = r.words, visitor = r.visitor, completed_at = r.completed_at, version = r.version
         from jsonb_populate_recordset(null::dispatch.tasks, $1) r
         where t.task_id = r.task_id";
    write_rows(conn, sql, TABLE, &rows).await
}

/// The task of this id.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.task.find", skip_all)]
pub async fn find(conn: &mut PgConnection, id: TaskId) -> Result<Option<Task>, StoreError> {
    let sql = AssertSqlSafe(format!("select {COLUMNS} from dispatch.tasks where task_id = $1"));
    let row = sqlx::query_as::<_, TaskRow>(sql).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Task::try_from).transpose()
}

/// The same, locked until the end of the transaction.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.task.lock", skip_all)]
pub async fn lock(conn: &mut PgConnection, id: TaskId) -> Result<Option<Task>, StoreError> {
    let sql =
        AssertSqlSafe(format!("select {COLUMNS} from dispatch.tasks where task_id = $1 for no key update"));
    let row = sqlx::query_as::<_, TaskRow>(sql).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Task::try_from).transpose()
}

/// All tasks of these cases, locked.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.task.lock_of_cases", skip_all)]
pub async fn lock_of_cases(
    conn: &mut PgConnection,
    cases: impl IntoIterator<Item = CaseId>,
) -> Result<Vec<Task>, StoreError> {
    let cases: Vec<Uuid> = cases.into_iter().map(CaseId::uuid).collect();
    let sql = AssertSqlSafe(format!(
        "select {COLUMNS} from dispatch.tasks where case_id = any($1) order by task_id for no key update"
    ));
    let rows = sqlx::query_as::<_, TaskRow>(sql).bind(cases).fetch_all(conn).await?;
    rows.into_iter().map(Task::try_from).collect()
}

/// Tasks by due time, the first due first, from after the one due at `after.0` with id `after.1` on.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.task.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    filter: &TaskFilter,
    after: Option<(jiff::Timestamp, TaskId)>,
    limit: i64,
) -> Result<Vec<Task>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "select {COLUMNS} from dispatch.tasks
         where ($1::text is null or site_id = $1) and ($2::uuid is null or case_id = $2)
           and ($3::text is null or state = $3)
           and ($4::timestamptz is null or (due_at, task_id) > ($4, $5))
         order by due_at, task_id limit $6"
    ));
    let rows = sqlx::query_as::<_, TaskRow>(sql)
        .bind(filter.site.as_ref().map(SiteId::as_str))
        .bind(filter.case.map(CaseId::uuid))
        .bind(filter.state.map(TaskState::as_str))
        .bind(after.map(|(at, _)| at.to_sqlx()))
        .bind(after.map(|(_, id)| id.uuid()))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Task::try_from).collect()
}
