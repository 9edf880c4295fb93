//! Unmaskings and legal holds.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{CustomerId, LegalHoldId, UnmaskingId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::privacy::{LegalHold, PersonalField, Unmasking};

#[derive(FromRow)]
struct UnmaskingRow {
    unmasking_id: Uuid,
    customer_id: Uuid,
    actor: String,
    purpose: String,
    fields: Vec<String>,
    unmasked_at: Timestamp,
}

impl TryFrom<UnmaskingRow> for Unmasking {
    type Error = sqlx::Error;
    fn try_from(row: UnmaskingRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            unmasking_id: UnmaskingId::from_uuid(row.unmasking_id),
            customer_id: CustomerId::from_uuid(row.customer_id),
            actor: row.actor.parse().map_err(inconsistent)?,
            purpose: row.purpose.parse().map_err(inconsistent)?,
            fields: row
                .fields
                .iter()
                .map(|field| field.parse())
                .collect::<Result<_, _>>()
                .map_err(inconsistent)?,
            unmasked_at: row.unmasked_at.to_jiff(),
        })
    }
}

/// Keeps that somebody saw what is masked.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.unmasking.insert", skip_all)]
pub async fn insert_unmasking(conn: &mut PgConnection, unmasking: &Unmasking) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.unmaskings (unmasking_id, customer_id, actor, purpose, fields, unmasked_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(unmasking.unmasking_id.uuid())
    .bind(unmasking.customer_id.uuid())
    .bind(unmasking.actor.to_string())
    .bind(unmasking.purpose.as_str())
    .bind(unmasking.fields.iter().map(|field| PersonalField::as_str(*field)).collect::<Vec<_>>())
    .bind(unmasking.unmasked_at.to_sqlx())
    .execute(conn)
    .await?;
    Ok(())
}

/// Unmaskings older than `after`, of one customer or all, newest first.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.unmasking.list", skip_all)]
pub async fn list_unmaskings(
    conn: &mut PgConnection,
    customer: Option<CustomerId>,
    after: Option<UnmaskingId>,
    limit: i64,
) -> sqlx::Result<Vec<Unmasking>> {
    let all = "select * from customer_records.unmaskings where unmasking_id < $1 and $2::uuid is null
         order by unmasking_id desc limit $3";
    let of_one = "select * from customer_records.unmaskings where unmasking_id < $1 and customer_id = $2
         order by unmasking_id desc limit $3";
    let rows: Vec<UnmaskingRow> = sqlx::query_as(if customer.is_some() { of_one } else { all })
        .bind(after.map_or(Uuid::max(), UnmaskingId::uuid))
        .bind(customer.map(CustomerId::uuid))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}

#[derive(FromRow)]
struct HoldRow {
    legal_hold_id: Uuid,
    customer_id: Uuid,
    reference: String,
    placed_by: String,
    placed_at: Timestamp,
    released_by: Option<String>,
    released_at: Option<Timestamp>,
    version: i64,
}

impl TryFrom<HoldRow> for LegalHold {
    type Error = sqlx::Error;
    fn try_from(row: HoldRow) -> Result<Self, sqlx::Error> {
        let released = match (row.released_by, row.released_at) {
            (Some(by), Some(at)) => Some((by.parse().map_err(inconsistent)?, at.to_jiff())),
            _ => None,
        };
        Ok(Self {
            legal_hold_id: LegalHoldId::from_uuid(row.legal_hold_id),
            customer_id: CustomerId::from_uuid(row.customer_id),
            reference: row.reference,
            placed_by: row.placed_by.parse().map_err(inconsistent)?,
            placed_at: row.placed_at.to_jiff(),
            released,
            version: row.version,
        })
    }
}

/// Writes a hold, new or changed.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.legal_hold.save", skip_all)]
pub async fn save_hold(conn: &mut PgConnection, hold: &LegalHold) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.legal_holds
             (legal_hold_id, customer_id, reference, placed_by, placed_at, released_by, released_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (legal_hold_id) do update
             set released_by = excluded.released_by, released_at = excluded.released_at, version = excluded.version",
    )
    .bind(hold.legal_hold_id.uuid())
    .bind(hold.customer_id.uuid())
    .bind(&hold.reference)
    .bind(hold.placed_by.to_string())
    .bind(hold.placed_at.to_sqlx())
    .bind(hold.released.as_ref().map(|(by, _)| by.to_string()))
    .bind(hold.released.as_ref().map(|(_, at)| at.to_sqlx()))
    .bind(hold.version)
    .execute(conn)
    .await?;
    Ok(())
}

/// The hold of this id, locked until the transaction ends.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.legal_hold.find_for_update", skip_all)]
pub async fn find_hold_for_update(
    conn: &mut PgConnection,
    id: LegalHoldId,
) -> sqlx::Result<Option<LegalHold>> {
    let row: Option<HoldRow> =
        sqlx::query_as("select * from customer_records.legal_holds where legal_hold_id = $1 for update")
            .bind(id.uuid())
            .fetch_optional(conn)
            .await?;
    row.map(TryFrom::try_from).transpose()
}

/// A hold that stands on this customer, whose row is locked by the caller.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.legal_hold.find_standing", skip_all)]
pub async fn find_standing_hold(
    conn: &mut PgConnection,
    id: CustomerId,
) -> sqlx::Result<Option<LegalHoldId>> {
    let hold: Option<Uuid> = sqlx::query_scalar(
        "select legal_hold_id from customer_records.legal_holds
         where customer_id = $1 and released_at is null limit 1",
    )
    .bind(id.uuid())
    .fetch_optional(conn)
    .await?;
    Ok(hold.map(LegalHoldId::from_uuid))
}

/// Holds of a customer older than `after`, newest first.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.legal_hold.list", skip_all)]
pub async fn list_holds(
    conn: &mut PgConnection,
    id: CustomerId,
    after: Option<LegalHoldId>,
    limit: i64,
) -> sqlx::Result<Vec<LegalHold>> {
    let rows: Vec<HoldRow> = sqlx::query_as(
        "select * from customer_records.legal_holds where customer_id = $1 and legal_hold_id < $2
         order by legal_hold_id desc limit $3",
    )
    .bind(id.uuid())
    .bind(after.map_or(Uuid::max(), LegalHoldId::uuid))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}
