//! Contact points. That one identifies one customer only is decided by the index `contact_points_identity_key`.

use kexiang_core::{CustomerId, CustomerKind, PhoneNumber};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::contact_point::{ContactPoint, ContactPointKey};

/// Contact points that one customer gains.
pub struct Gain<'a> {
    /// Who.
    pub customer_id: CustomerId,
    /// Decides which of them identify.
    pub kind: CustomerKind,
    /// How many the customer has already.
    pub had: usize,
    /// The new ones, in the order shown.
    pub points: &'a [ContactPoint],
}

/// Inserts contact points; tells whether all are in. One that identifies another customer, or that the customer has got
/// meanwhile, is left out. Waits for those who are writing the same one.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.contact_point.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, gains: &[Gain<'_>]) -> sqlx::Result<bool> {
    let mut rows: Vec<(ContactPointKey, Uuid, &str, i16, bool)> = Vec::new();
    for gain in gains {
        for (position, point) in (gain.had..).zip(gain.points) {
            let position = i16::try_from(position).unwrap_or(i16::MAX);
            let identifying = point.identifies(gain.kind);
            rows.push((point.key(), gain.customer_id.uuid(), point.value(), position, identifying));
        }
    }
    rows.sort();
    let done = sqlx::query(
        "insert into customer_records.contact_points (customer_id, kind, match_key, value, position, identifying)
         select customer_id, kind, match_key, value, position, identifying
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::boolean[]) with ordinality
              as new (customer_id, kind, match_key, value, position, identifying, place)
         order by place
         on conflict do nothing",
    )
    .bind(rows.iter().map(|row| row.1).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.0.kind.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.0.text.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.2).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.3).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.4).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(usize::try_from(done.rows_affected()).is_ok_and(|inserted| inserted == rows.len()))
}

/// Deletes all contact points of a customer, whose row is locked by the caller.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.contact_point.delete", skip_all)]
pub async fn delete_of(conn: &mut PgConnection, id: CustomerId) -> sqlx::Result<()> {
    sqlx::query("delete from customer_records.contact_points where customer_id = $1")
        .bind(id.uuid())
        .execute(conn)
        .await?;
    Ok(())
}

/// Another customer whom one of these contact points identifies.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.contact_point.find_other", skip_all)]
pub async fn find_other_customer(
    conn: &mut PgConnection,
    keys: &[ContactPointKey],
    than: CustomerId,
) -> sqlx::Result<Option<CustomerId>> {
    let id: Option<Uuid> = sqlx::query_scalar(
        "select p.customer_id
         from unnest($1::text[], $2::text[]) with ordinality as wanted (kind, match_key, place)
         join customer_records.contact_points p
           on p.identifying and p.kind = wanted.kind and p.match_key = wanted.match_key
         where p.customer_id <> $3
         order by wanted.place
         limit 1",
    )
    .bind(keys.iter().map(|key| key.kind.as_str()).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.text.as_str()).collect::<Vec<_>>())
    .bind(than.uuid())
    .fetch_optional(conn)
    .await?;
    Ok(id.map(CustomerId::from_uuid))
}

/// The customer of this phone: one index lookup (CU-17).
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.contact_point.find_by_phone", skip_all)]
pub async fn find_by_phone(conn: &mut PgConnection, phone: &PhoneNumber) -> sqlx::Result<Option<CustomerId>> {
    let id: Option<Uuid> = sqlx::query_scalar(
        "select customer_id from customer_records.contact_points
         where identifying and kind = 'PHONE' and match_key = $1",
    )
    .bind(phone.as_str())
    .fetch_optional(conn)
    .await?;
    Ok(id.map(CustomerId::from_uuid))
}
