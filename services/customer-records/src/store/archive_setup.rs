//! The archive's setup: kinds and retention classes.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, types::Json};

use crate::domain::archive::kind::{ArchiveKind, RetentionClass, StoredArchiveKind};

#[derive(FromRow)]
struct KindRow {
    definition: Json<ArchiveKind>,
    updated_at: SqlTimestamp,
    version: i64,
}

#[derive(FromRow)]
struct ClassRow {
    class: String,
    display_name: String,
    period_days: Option<i32>,
    updated_at: SqlTimestamp,
    version: i64,
}

impl From<KindRow> for StoredArchiveKind {
    fn from(row: KindRow) -> Self {
        Self { kind: row.definition.0, updated_at: row.updated_at.to_jiff(), version: row.version }
    }
}

impl From<ClassRow> for RetentionClass {
    fn from(row: ClassRow) -> Self {
        let ClassRow { class, display_name, period_days, updated_at, version } = row;
        Self { code: class, display_name, period_days, updated_at: updated_at.to_jiff(), version }
    }
}

/// The kind with this code; with `lock`, locked until the transaction ends.
#[tracing::instrument(name = "db.archive_kind.find", skip_all)]
pub async fn find_kind(
    conn: &mut PgConnection,
    code: &str,
    lock: bool,
) -> sqlx::Result<Option<StoredArchiveKind>> {
    let lock = if lock { "for update" } else { "" };
    let sql = format!(
        "select definition, updated_at, version from customer_records.archive_kinds where kind = $1 {lock}"
    );
    let row: Option<KindRow> = sqlx::query_as(AssertSqlSafe(sql)).bind(code).fetch_optional(conn).await?;
    Ok(row.map(StoredArchiveKind::from))
}

/// Writes a kind. False when somebody else made it meanwhile.
#[tracing::instrument(name = "db.archive_kind.save", skip_all)]
pub async fn save_kind(conn: &mut PgConnection, stored: &StoredArchiveKind) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into customer_records.archive_kinds as k (kind, retention_class, definition, updated_at, version)
         values ($1, $2, $3, $4, $5)
         on conflict (kind) do update set retention_class = $2, definition = $3, updated_at = $4, version = $5
         where k.version = $5 - 1",
    )
    .bind(&stored.kind.code)
    .bind(&stored.kind.retention_class)
    .bind(Json(&stored.kind))
    .bind(stored.updated_at.to_sqlx())
    .bind(stored.version)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Kinds with codes after `after`.
#[tracing::instrument(name = "db.archive_kind.list", skip_all)]
pub async fn list_kinds(
    conn: &mut PgConnection,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<StoredArchiveKind>> {
    let rows: Vec<KindRow> = sqlx::query_as(
        "select definition, updated_at, version from customer_records.archive_kinds
         where kind > $1 order by kind limit $2",
    )
    .bind(after.unwrap_or_default())
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(StoredArchiveKind::from).collect())
}

/// The retention class with this code; with `lock`, locked until the transaction ends.
#[tracing::instrument(name = "db.retention_class.find", skip_all)]
pub async fn find_class(
    conn: &mut PgConnection,
    code: &str,
    lock: bool,
) -> sqlx::Result<Option<RetentionClass>> {
    let lock = if lock { "for update" } else { "" };
    let sql = format!(
        "select class, display_name, period_days, updated_at, version
         from customer_records.retention_classes where class = $1 {lock}"
    );
    let row: Option<ClassRow> = sqlx::query_as(AssertSqlSafe(sql)).bind(code).fetch_optional(conn).await?;
    Ok(row.map(RetentionClass::from))
}

/// Writes a retention class. False when somebody else made it meanwhile.
#[tracing::instrument(name = "db.retention_class.save", skip_all)]
pub async fn save_class(conn: &mut PgConnection, class: &RetentionClass) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into customer_records.retention_classes as c (class, display_name, period_days, updated_at, version)
         values ($1, $2, $3, $4, $5)
         on conflict (class) do update set display_name = $2, period_days = $3, updated_at = $4, version = $5
         where c.version = $5 - 1",
    )
    .bind(&class.code)
    .bind(&class.display_name)
    .bind(class.period_days)
    .bind(class.updated_at.to_sqlx())
    .bind(class.version)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Retention classes with codes after `after`.
#[tracing::instrument(name = "db.retention_class.list", skip_all)]
pub async fn list_classes(
    conn: &mut PgConnection,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<RetentionClass>> {
    let rows: Vec<ClassRow> = sqlx::query_as(
        "select class, display_name, period_days, updated_at, version from customer_records.retention_classes
         where class > $1 order by class limit $2",
    )
    .bind(after.unwrap_or_default())
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(RetentionClass::from).collect())
}
