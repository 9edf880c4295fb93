//! Contact points. That one identifies one customer only is decided by the index `contact_points_identity_key`.

use kexiang_core::{CustomerId, CustomerKind, PhoneNumber};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    inconsistent,
    subject_keys::{self, of},
};
use crate::domain::{
    contact_point::{ContactPoint, ContactPointKey, PointDetails},
    vault::{DIGEST_BYTES, KeyRing, SubjectKey},
};

/// What a sealed value is; part of the seal.
pub(super) const VALUE: &str = "contact_points.sealed_value";

/// What sealed details are; part of the seal.
const DETAILS: &str = "contact_points.sealed_details";

/// What is said of a contact point; nothing when nothing is kept.
pub(super) fn open_details(key: &SubjectKey, sealed: Option<&[u8]>) -> sqlx::Result<PointDetails> {
    let Some(sealed) = sealed else { return Ok(PointDetails::default()) };
    serde_json::from_slice(&key.open(DETAILS, sealed).map_err(inconsistent)?).map_err(inconsistent)
}

fn seal_details(key: &SubjectKey, details: &PointDetails) -> sqlx::Result<Option<Vec<u8>>> {
    if details.is_empty() {
        return Ok(None);
    }
    let plain = serde_json::to_vec(details).map_err(inconsistent)?;
    key.seal(DETAILS, &plain).map(Some).map_err(inconsistent)
}

/// What stands for the text of a contact point in the index.
pub(super) fn match_key(ring: &KeyRing, key: &ContactPointKey) -> [u8; DIGEST_BYTES] {
    ring.blind().digest(key.kind.as_str(), &key.text)
}

pub(super) fn match_keys(ring: &KeyRing, keys: &[ContactPointKey]) -> Vec<Vec<u8>> {
    keys.iter().map(|key| match_key(ring, key).to_vec()).collect()
}

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

/// Kind, digest, customer, sealed value, position, whether it identifies, sealed details: in the order in which all writers lock.
type Row = (&'static str, Vec<u8>, Uuid, Vec<u8>, i16, bool, Option<Vec<u8>>);

/// Inserts contact points; tells whether all are in. One that identifies another customer, or that the customer has got
/// meanwhile, is left out. Waits for those who are writing the same one.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.contact_point.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, ring: &KeyRing, gains: &[Gain<'_>]) -> sqlx::Result<bool> {
    let ids: Vec<CustomerId> = gains.iter().map(|gain| gain.customer_id).collect();
    let keys = subject_keys::open(conn, ring, &ids).await?;
    let mut rows: Vec<Row> = Vec::new();
    for gain in gains {
        let subject_key = of(&keys, gain.customer_id)?;
        for (position, point) in (gain.had..).zip(gain.points) {
            let position = i16::try_from(position).unwrap_or(i16::MAX);
            let identifying = point.identifies(gain.kind);
            let value = subject_key.seal(VALUE, point.value().as_bytes()).map_err(inconsistent)?;
            let digest = match_key(ring, &point.key()).to_vec();
            let details = seal_details(subject_key, point.details())?;
            let (kind, id) = (point.kind().as_str(), gain.customer_id.uuid());
            rows.push((kind, digest, id, value, position, identifying, details));
        }
    }
    rows.sort();
    let done = sqlx::query(
        "insert into customer_records.contact_points (customer_id, kind, match_key, sealed_value, position, identifying, sealed_details)
         select customer_id, kind, match_key, sealed_value, position, identifying, sealed_details
         from unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::smallint[], $6::boolean[], $7::bytea[])
              with ordinality
              as new (customer_id, kind, match_key, sealed_value, position, identifying, sealed_details, place)
         order by place
         on conflict do nothing",
    )
    .bind(rows.iter().map(|row| row.2).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.0).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.1.as_slice()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.3.as_slice()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.4).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.5).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.6.as_deref()).collect::<Vec<_>>())
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
    ring: &KeyRing,
    keys: &[ContactPointKey],
    than: CustomerId,
) -> sqlx::Result<Option<CustomerId>> {
    let id: Option<Uuid> = sqlx::query_scalar(
        "select p.customer_id
         from unnest($1::text[], $2::bytea[]) with ordinality as wanted (kind, match_key, place)
         join customer_records.contact_points p
           on p.identifying and p.kind = wanted.kind and p.match_key = wanted.match_key
         where p.customer_id <> $3
         order by wanted.place
         limit 1",
    )
    .bind(keys.iter().map(|key| key.kind.as_str()).collect::<Vec<_>>())
    .bind(match_keys(ring, keys))
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
pub async fn find_by_phone(
    conn: &mut PgConnection,
    ring: &KeyRing,
    phone: &PhoneNumber,
) -> sqlx::Result<Option<CustomerId>> {
    let id: Option<Uuid> = sqlx::query_scalar(
        "select customer_id from customer_records.contact_points
         where identifying and kind = 'PHONE' and match_key = $1",
    )
    .bind(match_key(ring, &ContactPoint::phone(phone).key()).to_vec())
    .fetch_optional(conn)
    .await?;
    Ok(id.map(CustomerId::from_uuid))
}
