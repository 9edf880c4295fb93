//! Merges, and what is remembered of them.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{Actor, CustomerId, MergeId};
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{inconsistent, sealed_answers::SealedAnswer};
use crate::domain::{
    merge::{Before, Merge, MergeState, Origins},
    vault::KeyRing,
};

const COLUMNS: &str =
    "merge_id, survivor_id, loser_id, state, moving, merged_at, merged_by, unmerged_at, unmerged_by, version";

#[derive(FromRow)]
struct MergeRow {
    merge_id: Uuid,
    survivor_id: Uuid,
    loser_id: Uuid,
    state: String,
    moving: bool,
    merged_at: Timestamp,
    merged_by: String,
    unmerged_at: Option<Timestamp>,
    unmerged_by: Option<String>,
    version: i64,
}

impl TryFrom<MergeRow> for Merge {
    type Error = sqlx::Error;
    fn try_from(row: MergeRow) -> Result<Self, sqlx::Error> {
        let actor = |text: String| text.parse::<Actor>().map_err(inconsistent);
        Ok(Self {
            merge_id: MergeId::from_uuid(row.merge_id),
            survivor: CustomerId::from_uuid(row.survivor_id),
            loser: CustomerId::from_uuid(row.loser_id),
            state: row.state.parse::<MergeState>().map_err(inconsistent)?,
            moving: row.moving,
            merged_at: row.merged_at.to_jiff(),
            merged_by: actor(row.merged_by)?,
            unmerged_at: row.unmerged_at.map(Timestamp::to_jiff),
            unmerged_by: row.unmerged_by.map(actor).transpose()?,
            version: row.version,
        })
    }
}

/// Inserts a merge with all that an un-merge needs, sealed.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.merge.insert", skip_all)]
pub async fn insert(
    conn: &mut PgConnection,
    ring: &KeyRing,
    merge: &Merge,
    before: &Before,
) -> sqlx::Result<()> {
    let survivor_before = SealedAnswer::of(conn, ring, &before.survivor).await?;
    let survivor_after = SealedAnswer::of(conn, ring, &before.after).await?;
    let loser_before = SealedAnswer::of(conn, ring, &before.loser.customer).await?;
    let json = |sealed: SealedAnswer| serde_json::to_value(sealed).map_err(inconsistent);
    sqlx::query(
        "insert into customer_records.merges
             (merge_id, survivor_id, loser_id, state, moving, survivor_before, survivor_after, loser_before, loser_origins,
              merged_at, merged_by, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(merge.merge_id.uuid())
    .bind(merge.survivor.uuid())
    .bind(merge.loser.uuid())
    .bind(merge.state.as_str())
    .bind(merge.moving)
    .bind(json(survivor_before)?)
    .bind(json(survivor_after)?)
    .bind(json(loser_before)?)
    .bind(serde_json::to_value(&before.loser.of_points).map_err(inconsistent)?)
    .bind(merge.merged_at.to_sqlx())
    .bind(merge.merged_by.to_string())
    .bind(merge.version)
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes where a merge stands. The row is locked by the caller.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.merge.update", skip_all)]
pub async fn update(conn: &mut PgConnection, merge: &Merge) -> sqlx::Result<()> {
    sqlx::query(
        "update customer_records.merges
         set state = $2, moving = $3, unmerged_at = $4, unmerged_by = $5, version = $6 where merge_id = $1",
    )
    .bind(merge.merge_id.uuid())
    .bind(merge.state.as_str())
    .bind(merge.moving)
    .bind(merge.unmerged_at.map(ToSqlx::to_sqlx))
    .bind(merge.unmerged_by.as_ref().map(ToString::to_string))
    .bind(merge.version)
    .execute(conn)
    .await?;
    Ok(())
}

async fn one(conn: &mut PgConnection, tail: &str, id: Uuid) -> sqlx::Result<Option<Merge>> {
    let sql = format!("select {COLUMNS} from customer_records.merges {tail}");
    let row: Option<MergeRow> =
        sqlx::query_as(kexiang_pg::sql_text(sql)).bind(id).fetch_optional(conn).await?;
    row.map(Merge::try_from).transpose()
}

/// The merge of this id.
///
/// # Errors
/// Those of the database.
pub async fn find(conn: &mut PgConnection, id: MergeId) -> sqlx::Result<Option<Merge>> {
    one(conn, "where merge_id = $1", id.uuid()).await
}

/// The merge of this id, locked until the transaction ends.
///
/// # Errors
/// Those of the database.
pub async fn find_for_update(conn: &mut PgConnection, id: MergeId) -> sqlx::Result<Option<Merge>> {
    one(conn, "where merge_id = $1 for update", id.uuid()).await
}

/// A merge with rows on their way that nobody has in hand, locked until the transaction ends.
///
/// # Errors
/// Those of the database.
pub async fn find_moving(conn: &mut PgConnection) -> sqlx::Result<Option<Merge>> {
    let tail = "where moving and $1 is not null order by merge_number limit 1 for update skip locked";
    one(conn, tail, Uuid::nil()).await
}

/// A merge of a customer with rows on their way.
///
/// # Errors
/// Those of the database.
pub async fn find_moving_of(conn: &mut PgConnection, id: CustomerId) -> sqlx::Result<Option<Merge>> {
    one(conn, "where moving and $1 in (survivor_id, loser_id) limit 1", id.uuid()).await
}

/// The merge that has to be taken back before this one: that of its survivor into another, else the survivor's last.
///
/// # Errors
/// Those of the database.
pub async fn find_later(conn: &mut PgConnection, merge: &Merge) -> sqlx::Result<Option<MergeId>> {
    let id: Option<Uuid> = sqlx::query_scalar(
        "select later.merge_id
         from customer_records.merges this
         join customer_records.merges later
           on later.merge_number > this.merge_number and later.state = 'MERGED'
          and this.survivor_id in (later.survivor_id, later.loser_id)
         where this.merge_id = $1
         order by later.merge_number desc
         limit 1",
    )
    .bind(merge.merge_id.uuid())
    .fetch_optional(conn)
    .await?;
    Ok(id.map(MergeId::from_uuid))
}

/// What an un-merge needs; `None` when one of the two has been erased since.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.merge.before", skip_all)]
pub async fn before(conn: &mut PgConnection, ring: &KeyRing, id: MergeId) -> sqlx::Result<Option<Before>> {
    let (survivor, after, loser, origins): (Value, Value, Value, Value) = sqlx::query_as(
        "select survivor_before, survivor_after, loser_before, loser_origins
         from customer_records.merges where merge_id = $1",
    )
    .bind(id.uuid())
    .fetch_one(&mut *conn)
    .await?;
    let sealed = |value| serde_json::from_value::<SealedAnswer>(value).map_err(inconsistent);
    let survivor = sealed(survivor)?.open(conn, ring).await?;
    let after = sealed(after)?.open(conn, ring).await?;
    let loser = sealed(loser)?.open(conn, ring).await?;
    let of_points = serde_json::from_value(origins).map_err(inconsistent)?;
    let (Some(survivor), Some(after), Some(customer)) = (survivor, after, loser) else { return Ok(None) };
    Ok(Some(Before { survivor, after, loser: Origins { customer, of_points } }))
}

/// Merges that a customer survived or lost, older than `after`, newest first.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.merge.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    customer: CustomerId,
    after: Option<MergeId>,
    limit: i64,
) -> sqlx::Result<Vec<Merge>> {
    let sql = format!(
        "(select {COLUMNS} from customer_records.merges where survivor_id = $1 and merge_id < $2
          order by merge_id desc limit $3)
         union all
         (select {COLUMNS} from customer_records.merges where loser_id = $1 and merge_id < $2
          order by merge_id desc limit $3)
         order by merge_id desc limit $3"
    );
    let rows: Vec<MergeRow> = sqlx::query_as(kexiang_pg::sql_text(sql))
        .bind(customer.uuid())
        .bind(after.map_or(Uuid::max(), MergeId::uuid))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Merge::try_from).collect()
}
