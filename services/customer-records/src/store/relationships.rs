//! Relationships and rulings. That one holds once between two is decided by their `…_holding_key` indexes.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{CustomerId, RelationshipId, SameCustomerRulingId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::relationship::{End, Pair, Relationship, Ruling};

#[derive(FromRow)]
struct RelationshipRow {
    relationship_id: Uuid,
    customer_id: Uuid,
    kind: String,
    related_id: Uuid,
    created_at: Timestamp,
    created_by: String,
    ended_at: Option<Timestamp>,
    ended_by: Option<String>,
    version: i64,
}

#[derive(FromRow)]
struct RulingRow {
    same_customer_ruling_id: Uuid,
    customer_id: Uuid,
    other_id: Uuid,
    decision: String,
    reason: String,
    created_at: Timestamp,
    created_by: String,
    ended_at: Option<Timestamp>,
    ended_by: Option<String>,
    version: i64,
}

fn end(at: Option<Timestamp>, by: Option<String>) -> sqlx::Result<Option<End>> {
    let Some((at, by)) = at.zip(by) else { return Ok(None) };
    Ok(Some(End { at: at.to_jiff(), by: by.parse().map_err(inconsistent)? }))
}

impl TryFrom<RelationshipRow> for Relationship {
    type Error = sqlx::Error;
    fn try_from(row: RelationshipRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: RelationshipId::from_uuid(row.relationship_id),
            customer: CustomerId::from_uuid(row.customer_id),
            kind: row.kind.parse().map_err(inconsistent)?,
            related: CustomerId::from_uuid(row.related_id),
            created_at: row.created_at.to_jiff(),
            created_by: row.created_by.parse().map_err(inconsistent)?,
            end: end(row.ended_at, row.ended_by)?,
            version: row.version,
        })
    }
}

impl TryFrom<RulingRow> for Ruling {
    type Error = sqlx::Error;
    fn try_from(row: RulingRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: SameCustomerRulingId::from_uuid(row.same_customer_ruling_id),
            customer: CustomerId::from_uuid(row.customer_id),
            other: CustomerId::from_uuid(row.other_id),
            decision: row.decision.parse().map_err(inconsistent)?,
            reason: row.reason,
            created_at: row.created_at.to_jiff(),
            created_by: row.created_by.parse().map_err(inconsistent)?,
            end: end(row.ended_at, row.ended_by)?,
            version: row.version,
        })
    }
}

/// Inserts a relationship; `false` when it holds already.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.relationship.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, new: &Relationship) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into customer_records.relationships
             (relationship_id, customer_id, kind, related_id, created_at, created_by, version)
         values ($1, $2, $3, $4, $5, $6, 1) on conflict do nothing",
    )
    .bind(new.id.uuid())
    .bind(new.customer.uuid())
    .bind(new.kind.as_str())
    .bind(new.related.uuid())
    .bind(new.created_at.to_sqlx())
    .bind(new.created_by.to_string())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The one that holds between the same two in the same way.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.relationship.find_holding", skip_all)]
pub async fn find_holding(
    conn: &mut PgConnection,
    like: &Relationship,
) -> sqlx::Result<Option<RelationshipId>> {
    let id: Option<Uuid> = sqlx::query_scalar(
        "select relationship_id from customer_records.relationships
         where customer_id = $1 and related_id = $2 and kind = $3 and ended_at is null",
    )
    .bind(like.customer.uuid())
    .bind(like.related.uuid())
    .bind(like.kind.as_str())
    .fetch_optional(conn)
    .await?;
    Ok(id.map(RelationshipId::from_uuid))
}

/// The relationship, locked until the transaction ends.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.relationship.lock", skip_all)]
pub async fn lock(conn: &mut PgConnection, id: RelationshipId) -> sqlx::Result<Option<Relationship>> {
    let row: Option<RelationshipRow> =
        sqlx::query_as("select * from customer_records.relationships where relationship_id = $1 for update")
            .bind(id.uuid())
            .fetch_optional(conn)
            .await?;
    row.map(TryFrom::try_from).transpose()
}

/// Writes the end of a relationship.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.relationship.end", skip_all)]
pub async fn save_end(conn: &mut PgConnection, ended: &Relationship) -> sqlx::Result<()> {
    sqlx::query(
        "update customer_records.relationships set ended_at = $2, ended_by = $3, version = $4
         where relationship_id = $1",
    )
    .bind(ended.id.uuid())
    .bind(ended.end.as_ref().map(|end| end.at.to_sqlx()))
    .bind(ended.end.as_ref().map(|end| end.by.to_string()))
    .bind(ended.version)
    .execute(conn)
    .await?;
    Ok(())
}

/// Relationships of a customer from both sides older than `after`, newest first.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.relationship.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    customer: CustomerId,
    with_ended: bool,
    after: Option<RelationshipId>,
    limit: i64,
) -> sqlx::Result<Vec<Relationship>> {
    let rows: Vec<RelationshipRow> = sqlx::query_as(
        "(select * from customer_records.relationships
          where customer_id = $1 and relationship_id < $2 and (ended_at is null or $3)
          order by relationship_id desc limit $4)
         union all
         (select * from customer_records.relationships
          where related_id = $1 and relationship_id < $2 and (ended_at is null or $3)
          order by relationship_id desc limit $4)
         order by relationship_id desc limit $4",
    )
    .bind(customer.uuid())
    .bind(after.map_or(Uuid::max(), RelationshipId::uuid))
    .bind(with_ended)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}

/// Inserts a ruling; `false` when one holds for the two already.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.ruling.insert", skip_all)]
pub async fn insert_ruling(conn: &mut PgConnection, new: &Ruling) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into customer_records.same_customer_rulings
             (same_customer_ruling_id, customer_id, other_id, decision, reason, created_at, created_by, version)
         values ($1, $2, $3, $4, $5, $6, $7, 1) on conflict do nothing",
    )
    .bind(new.id.uuid())
    .bind(new.customer.uuid())
    .bind(new.other.uuid())
    .bind(new.decision.as_str())
    .bind(&new.reason)
    .bind(new.created_at.to_sqlx())
    .bind(new.created_by.to_string())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The ruling that holds for the same two.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.ruling.find_holding", skip_all)]
pub async fn find_holding_ruling(
    conn: &mut PgConnection,
    like: &Ruling,
) -> sqlx::Result<Option<SameCustomerRulingId>> {
    let id: Option<Uuid> = sqlx::query_scalar(
        "select same_customer_ruling_id from customer_records.same_customer_rulings
         where customer_id = $1 and other_id = $2 and ended_at is null",
    )
    .bind(like.customer.uuid())
    .bind(like.other.uuid())
    .fetch_optional(conn)
    .await?;
    Ok(id.map(SameCustomerRulingId::from_uuid))
}

/// The ruling, locked until the transaction ends.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.ruling.lock", skip_all)]
pub async fn lock_ruling(conn: &mut PgConnection, id: SameCustomerRulingId) -> sqlx::Result<Option<Ruling>> {
    let row: Option<RulingRow> = sqlx::query_as(
        "select * from customer_records.same_customer_rulings where same_customer_ruling_id = $1 for update",
    )
    .bind(id.uuid())
    .fetch_optional(conn)
    .await?;
    row.map(TryFrom::try_from).transpose()
}

/// Writes that a ruling was withdrawn.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.ruling.end", skip_all)]
pub async fn save_ruling_end(conn: &mut PgConnection, ended: &Ruling) -> sqlx::Result<()> {
    sqlx::query(
        "update customer_records.same_customer_rulings set ended_at = $2, ended_by = $3, version = $4
         where same_customer_ruling_id = $1",
    )
    .bind(ended.id.uuid())
    .bind(ended.end.as_ref().map(|end| end.at.to_sqlx()))
    .bind(ended.end.as_ref().map(|end| end.by.to_string()))
    .bind(ended.version)
    .execute(conn)
    .await?;
    Ok(())
}

/// Rulings about a customer older than `after`, newest first.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.ruling.list", skip_all)]
pub async fn list_rulings(
    conn: &mut PgConnection,
    customer: CustomerId,
    after: Option<SameCustomerRulingId>,
    limit: i64,
) -> sqlx::Result<Vec<Ruling>> {
    let rows: Vec<RulingRow> = sqlx::query_as(
        "(select * from customer_records.same_customer_rulings
          where customer_id = $1 and same_customer_ruling_id < $2 order by same_customer_ruling_id desc limit $3)
         union all
         (select * from customer_records.same_customer_rulings
          where other_id = $1 and same_customer_ruling_id < $2 order by same_customer_ruling_id desc limit $3)
         order by same_customer_ruling_id desc limit $3",
    )
    .bind(customer.uuid())
    .bind(after.map_or(Uuid::max(), SameCustomerRulingId::uuid))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}

/// The two of a relationship: they never change.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.relationship.find_pair", skip_all)]
pub async fn find_pair(conn: &mut PgConnection, id: RelationshipId) -> sqlx::Result<Option<Pair>> {
    let row: Option<(Uuid, Uuid)> = sqlx::query_as(
        "select customer_id, related_id from customer_records.relationships where relationship_id = $1",
    )
    .bind(id.uuid())
    .fetch_optional(conn)
    .await?;
    Ok(row.map(pair))
}

/// The two of a ruling: they never change.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.ruling.find_pair", skip_all)]
pub async fn find_ruling_pair(
    conn: &mut PgConnection,
    id: SameCustomerRulingId,
) -> sqlx::Result<Option<Pair>> {
    let row: Option<(Uuid, Uuid)> = sqlx::query_as(
        "select customer_id, other_id from customer_records.same_customer_rulings where same_customer_ruling_id = $1",
    )
    .bind(id.uuid())
    .fetch_optional(conn)
    .await?;
    Ok(row.map(pair))
}

fn pair((one, other): (Uuid, Uuid)) -> Pair {
    Pair(CustomerId::from_uuid(one), CustomerId::from_uuid(other))
}
