//! `dispatch.units`. A unit's row is the lock under which its agents' counters change.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::UnitId;
use sqlx::PgConnection;

use super::{StoreError, read, read_optional};
use crate::domain::unit::{Unit, UnitLevel};

const TABLE: &str = "dispatch.units";

#[derive(sqlx::FromRow)]
struct UnitRow {
    unit_id: String,
    display_name: String,
    parent_id: Option<String>,
    created_at: Timestamp,
    level: Option<String>,
    version: i64,
}

impl TryFrom<UnitRow> for Unit {
    type Error = StoreError;
    fn try_from(row: UnitRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: read(TABLE, "unit_id", &row.unit_id)?,
            display_name: row.display_name,
            parent: read_optional(TABLE, "parent_id", row.parent_id.as_deref())?,
            created_at: row.created_at.to_jiff(),
            level: read_optional(TABLE, "level", row.level.as_deref())?,
            version: row.version,
        })
    }
}

/// Keeps a new unit; false when its id is taken.
///
/// # Errors
/// [`StoreError::Sql`].
#[tracing::instrument(name = "db.unit.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, unit: &Unit) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "insert into dispatch.units (unit_id, display_name, parent_id, created_at, level, version)
         values ($1, $2, $3, $4, $5, $6)
         on conflict on constraint units_pkey do nothing",
    )
    .bind(unit.id.as_str())
    .bind(&unit.display_name)
    .bind(unit.parent.as_ref().map(UnitId::as_str))
    .bind(unit.created_at.to_sqlx())
    .bind(unit.level.map(UnitLevel::as_str))
    .bind(unit.version)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The unit of this id.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.unit.find", skip_all)]
pub async fn find(conn: &mut PgConnection, id: &UnitId) -> Result<Option<Unit>, StoreError> {
    sqlx::query_as::<_, UnitRow>(
        "select unit_id, display_name, parent_id, created_at, level, version from dispatch.units where unit_id = $1",
    )
    .bind(id.as_str())
    .fetch_optional(conn)
    .await?
    .map(Unit::try_from)
    .transpose()
}

/// Units by id, from after `after` on.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.unit.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    after: Option<&UnitId>,
    limit: i64,
) -> Result<Vec<Unit>, StoreError> {
    sqlx::query_as::<_, UnitRow>(
        "select unit_id, display_name, parent_id, created_at, level, version from dispatch.units
         where $1::text is null or unit_id > $1
         order by unit_id limit $2",
    )
    .bind(after.map(UnitId::as_str))
    .bind(limit)
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Unit::try_from)
    .collect()
}

/// Locks these units until the end of the transaction, always in the order of their ids.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.unit.lock", skip_all)]
pub async fn lock<'a>(
    conn: &mut PgConnection,
    ids: impl IntoIterator<Item = &'a UnitId>,
) -> Result<(), StoreError> {
    let ids: Vec<&str> = ids.into_iter().map(UnitId::as_str).collect();
    sqlx::query("select 1 from dispatch.units where unit_id = any($1) order by unit_id for no key update")
        .bind(ids)
        .execute(conn)
        .await?;
    Ok(())
}

/// Locks the unit unless another transaction decides over it just now; whether it did.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.unit.try_lock", skip_all)]
pub async fn try_lock(conn: &mut PgConnection, id: &UnitId) -> Result<bool, StoreError> {
    let row = sqlx::query("select 1 from dispatch.units where unit_id = $1 for no key update skip locked")
        .bind(id.as_str())
        .fetch_optional(conn)
        .await?;
    Ok(row.is_some())
}

/// Units where orders wait and somebody is free.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.unit.assignable", skip_all)]
pub async fn assignable(conn: &mut PgConnection) -> Result<Vec<UnitId>, StoreError> {
    let ids: Vec<String> = sqlx::query_scalar(
        "select u.unit_id from dispatch.units u
         where exists (select from dispatch.work_orders w where w.unit_id = u.unit_id and w.state = 'QUEUED')
           and exists (select from dispatch.agents a
                       where a.unit_id = u.unit_id and a.presence = 'SIGNED_IN' and a.absence is null
                         and a.open_orders < a.capacity)
         order by u.unit_id",
    )
    .fetch_all(conn)
    .await?;
    ids.iter().map(|id| read(TABLE, "unit_id", id)).collect()
}
