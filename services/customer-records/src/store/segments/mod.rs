//! Segments, and who is in them: see [`condition`].

pub mod condition;
mod figure;

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{CustomerId, SegmentId};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder, types::Json};
use uuid::Uuid;

use self::condition::{Ask, Form};
use super::{
    inconsistent,
    subject_keys::{self, SubjectKeys, of},
};
use crate::domain::{
    segment::{Node, Segment},
    vault::KeyRing,
};

/// What a sealed filter is; part of the seal.
const FILTER: &str = "segments.sealed_filter";

#[derive(FromRow)]
struct SegmentRow {
    segment_id: Uuid,
    title: String,
    sealed_filter: Vec<u8>,
    created_by: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
}

/// Under which its key lies among those of customers.
fn owner_of_key(id: SegmentId) -> CustomerId {
    CustomerId::from_uuid(id.uuid())
}

fn open(keys: &SubjectKeys, row: SegmentRow) -> sqlx::Result<Segment> {
    let segment_id = SegmentId::from_uuid(row.segment_id);
    let key = of(keys, owner_of_key(segment_id))?;
    Ok(Segment {
        segment_id,
        title: row.title,
        filter: key.open_text(FILTER, &row.sealed_filter).map_err(inconsistent)?,
        created_by: row.created_by.parse().map_err(inconsistent)?,
        created_at: row.created_at.to_jiff(),
        updated_at: row.updated_at.to_jiff(),
        version: row.version,
    })
}

async fn open_all(
    conn: &mut PgConnection,
    ring: &KeyRing,
    rows: Vec<SegmentRow>,
) -> sqlx::Result<Vec<Segment>> {
    let ids: Vec<_> = rows.iter().map(|row| CustomerId::from_uuid(row.segment_id)).collect();
    let keys = subject_keys::open(conn, ring, &ids).await?;
    rows.into_iter().map(|row| open(&keys, row)).collect()
}

async fn seal(conn: &mut PgConnection, ring: &KeyRing, segment: &Segment) -> sqlx::Result<Vec<u8>> {
    let owner = owner_of_key(segment.segment_id);
    let keys = subject_keys::open(conn, ring, &[owner]).await?;
    of(&keys, owner)?.seal(FILTER, segment.filter.as_bytes()).map_err(inconsistent)
}

/// Inserts a segment with its key.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.segment.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, ring: &KeyRing, segment: &Segment) -> sqlx::Result<()> {
    subject_keys::create(conn, ring, &[owner_of_key(segment.segment_id)], segment.created_at).await?;
    let sealed = seal(conn, ring, segment).await?;
    sqlx::query(
        "insert into customer_records.segments
             (segment_id, title, sealed_filter, created_by, created_at, updated_at, version)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(segment.segment_id.uuid())
    .bind(&segment.title)
    .bind(sealed)
    .bind(segment.created_by.to_string())
    .bind(segment.created_at.to_sqlx())
    .bind(segment.updated_at.to_sqlx())
    .bind(segment.version)
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes a segment that was read [`find_for_update`].
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.segment.update", skip_all)]
pub async fn update(conn: &mut PgConnection, ring: &KeyRing, segment: &Segment) -> sqlx::Result<()> {
    let sealed = seal(conn, ring, segment).await?;
    sqlx::query(
        "update customer_records.segments set title = $2, sealed_filter = $3, updated_at = $4, version = $5
         where segment_id = $1",
    )
    .bind(segment.segment_id.uuid())
    .bind(&segment.title)
    .bind(sealed)
    .bind(segment.updated_at.to_sqlx())
    .bind(segment.version)
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes a segment and destroys its key.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.segment.delete", skip_all)]
pub async fn delete(conn: &mut PgConnection, id: SegmentId, now: jiff::Timestamp) -> sqlx::Result<()> {
    sqlx::query("delete from customer_records.segments where segment_id = $1")
        .bind(id.uuid())
        .execute(&mut *conn)
        .await?;
    subject_keys::destroy(conn, owner_of_key(id), now).await
}

/// The segment of this id.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.segment.find", skip_all)]
pub async fn find(conn: &mut PgConnection, ring: &KeyRing, id: SegmentId) -> sqlx::Result<Option<Segment>> {
    let row = sqlx::query_as("select * from customer_records.segments where segment_id = $1");
    let row: Option<SegmentRow> = row.bind(id.uuid()).fetch_optional(&mut *conn).await?;
    Ok(open_all(conn, ring, row.into_iter().collect()).await?.pop())
}

/// The same, locked until the transaction ends.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.segment.find_for_update", skip_all)]
pub async fn find_for_update(
    conn: &mut PgConnection,
    ring: &KeyRing,
    id: SegmentId,
) -> sqlx::Result<Option<Segment>> {
    let row = sqlx::query_as("select * from customer_records.segments where segment_id = $1 for update");
    let row: Option<SegmentRow> = row.bind(id.uuid()).fetch_optional(&mut *conn).await?;
    Ok(open_all(conn, ring, row.into_iter().collect()).await?.pop())
}

/// Segments older than `after`, newest first.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.segment.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    ring: &KeyRing,
    after: Option<SegmentId>,
    limit: i64,
) -> sqlx::Result<Vec<Segment>> {
    let rows = sqlx::query_as(
        "select * from customer_records.segments where segment_id < $1 order by segment_id desc limit $2",
    );
    let rows =
        rows.bind(after.map_or(Uuid::max(), SegmentId::uuid)).bind(limit).fetch_all(&mut *conn).await?;
    open_all(conn, ring, rows).await
}

/// Who is merged or erased is in no segment.
const FROM: &str =
    " from customer_records.customers c where c.merged_into is null and c.erased_at is null and (";

fn counting(begin: &str, ask: &Ask<'_>, node: &Node) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(format!("{begin}select count(*)"));
    sql.push(FROM);
    ask.push(&mut sql, node);
    sql.push(")");
    sql
}

/// What PostgreSQL expects a count to cost, in its own unit.
async fn cost(conn: &mut PgConnection, ask: &Ask<'_>, node: &Node) -> sqlx::Result<f64> {
    let mut sql = counting("explain (format json) ", ask, node);
    let plan: Json<serde_json::Value> = sql.build_query_scalar().persistent(false).fetch_one(conn).await?;
    Ok(plan.0.pointer("/0/Plan/Total Cost").and_then(serde_json::Value::as_f64).unwrap_or(f64::INFINITY))
}

/// How many customers fit; histories are looked at in the form that PostgreSQL expects to be cheaper: customer by customer when
/// the rest of the filter leaves few, grouped when it leaves many.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.segment.count", skip_all)]
pub async fn count(
    conn: &mut PgConnection,
    ring: &KeyRing,
    now: jiff::Timestamp,
    node: &Node,
) -> sqlx::Result<i64> {
    let (one, other) = (Ask { form: Form::Grouped, ring, now }, Ask { form: Form::ByCustomer, ring, now });
    let grouped = cost(conn, &one, node).await? < cost(conn, &other, node).await?;
    let mut sql = counting("", if grouped { &one } else { &other }, node);
    // Filters are of any form: kept prepared, they would push out what is asked all the time.
    sql.build_query_scalar().persistent(false).fetch_one(conn).await
}

/// Customers that fit, after this one, in the order of their ids.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.segment.members", skip_all)]
pub async fn members(
    conn: &mut PgConnection,
    ask: &Ask<'_>,
    node: &Node,
    after: Option<CustomerId>,
    limit: i64,
) -> sqlx::Result<Vec<CustomerId>> {
    let mut sql = QueryBuilder::<Postgres>::new("select c.customer_id");
    sql.push(FROM);
    ask.push(&mut sql, node);
    sql.push(") and c.customer_id > ").push_bind(after.map_or(Uuid::nil(), CustomerId::uuid));
    sql.push(" order by c.customer_id limit ").push_bind(limit);
    let ids: Vec<Uuid> = sql.build_query_scalar().persistent(false).fetch_all(conn).await?;
    Ok(ids.into_iter().map(CustomerId::from_uuid).collect())
}

/// Lets the server end statements of this transaction that take longer, and gives them memory to group histories in.
///
/// # Errors
/// Those of the database.
pub async fn limit_time(conn: &mut PgConnection, limit: std::time::Duration) -> sqlx::Result<()> {
    sqlx::query("select set_config('statement_timeout', $1, true), set_config('work_mem', '64MB', true)")
        .bind(limit.as_millis().to_string())
        .execute(conn)
        .await?;
    Ok(())
}
