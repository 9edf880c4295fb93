//! The keys of customers, wrapped. Who holds one, sealed rows are written and read with it.

use std::collections::HashMap;

use jiff_sqlx::ToSqlx;
use kexiang_core::{CustomerId, Timestamp};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::vault::{KeyRing, SubjectKey, WrappedKey};

/// The keys of some customers.
pub type SubjectKeys = HashMap<CustomerId, SubjectKey>;

#[derive(FromRow)]
struct KeyRow {
    customer_id: Uuid,
    kek_id: String,
    wrapped: Vec<u8>,
}

/// Makes the keys of new customers. Those who have one already keep it.
///
/// # Errors
/// Those of the database; when the system gives no random bytes.
#[tracing::instrument(name = "db.subject_key.create", skip_all)]
pub async fn create(
    conn: &mut PgConnection,
    ring: &KeyRing,
    ids: &[CustomerId],
    now: Timestamp,
) -> sqlx::Result<()> {
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        let key = SubjectKey::generate().map_err(inconsistent)?;
        rows.push(ring.wrap(id.uuid(), &key).map_err(inconsistent)?);
    }
    sqlx::query(
        "insert into customer_records.subject_keys (customer_id, kek_id, wrapped, created_at)
         select customer_id, kek_id, wrapped, $4
         from unnest($1::uuid[], $2::text[], $3::bytea[]) as new (customer_id, kek_id, wrapped)
         on conflict do nothing",
    )
    .bind(ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.kek_id.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.wrapped.as_slice()).collect::<Vec<_>>())
    .bind(now.to_sqlx())
    .execute(conn)
    .await?;
    Ok(())
}

/// The keys of these customers; those who have none, or whose key is destroyed, are left out.
///
/// # Errors
/// Those of the database; when the ring lacks the key that wraps one.
#[tracing::instrument(name = "db.subject_key.open", skip_all)]
pub async fn open(conn: &mut PgConnection, ring: &KeyRing, ids: &[CustomerId]) -> sqlx::Result<SubjectKeys> {
    let rows: Vec<KeyRow> = sqlx::query_as(
        "select customer_id, kek_id, wrapped from customer_records.subject_keys
         where customer_id = any($1) and destroyed_at is null",
    )
    .bind(ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| unwrap(ring, row)).collect()
}

/// Whether the ring is the one that wrapped the keys there are: a key file that was lost and made anew opens none of them.
///
/// # Errors
/// Those of the database; when the ring does not open a key.
#[tracing::instrument(name = "db.subject_key.probe", skip_all)]
pub async fn probe(conn: &mut PgConnection, ring: &KeyRing) -> sqlx::Result<()> {
    let row: Option<KeyRow> = sqlx::query_as(
        "select customer_id, kek_id, wrapped from customer_records.subject_keys where destroyed_at is null limit 1",
    )
    .fetch_optional(conn)
    .await?;
    row.map_or(Ok(()), |row| unwrap(ring, row).map(drop))
}

/// The key of one customer that has to be there.
///
/// # Errors
/// [`sqlx::Error::RowNotFound`] when it is not.
pub fn of(keys: &SubjectKeys, id: CustomerId) -> sqlx::Result<&SubjectKey> {
    keys.get(&id).ok_or(sqlx::Error::RowNotFound)
}

/// Destroys the key of a customer: what it sealed is noise from now on.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.subject_key.destroy", skip_all)]
pub async fn destroy(conn: &mut PgConnection, id: CustomerId, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query(
        "update customer_records.subject_keys set kek_id = null, wrapped = null, destroyed_at = $2
         where customer_id = $1 and destroyed_at is null",
    )
    .bind(id.uuid())
    .bind(now.to_sqlx())
    .execute(conn)
    .await?;
    Ok(())
}

/// Wraps up to `limit` keys anew that another key-encryption key than the current one wraps; gives how many.
///
/// # Errors
/// Those of the database; when the ring lacks the key that wraps one.
#[tracing::instrument(name = "db.subject_key.rewrap", skip_all)]
pub async fn rewrap(conn: &mut PgConnection, ring: &KeyRing, limit: i64) -> sqlx::Result<usize> {
    // Two ranges, because "not equal" has no index.
    let rows: Vec<KeyRow> = sqlx::query_as(
        "select customer_id, kek_id, wrapped from customer_records.subject_keys
         where customer_id in (
             (select customer_id from customer_records.subject_keys
              where destroyed_at is null and kek_id < $1 limit $2)
             union all
             (select customer_id from customer_records.subject_keys
              where destroyed_at is null and kek_id > $1 limit $2)
             limit $2)
           and destroyed_at is null and kek_id <> $1
         for update skip locked",
    )
    .bind(ring.current())
    .bind(limit)
    .fetch_all(&mut *conn)
    .await?;
    let mut anew: Vec<(Uuid, WrappedKey)> = Vec::with_capacity(rows.len());
    for row in rows {
        let customer_id = row.customer_id;
        let (_, key) = unwrap(ring, row)?;
        anew.push((customer_id, ring.wrap(customer_id, &key).map_err(inconsistent)?));
    }
    sqlx::query(
        "update customer_records.subject_keys k set kek_id = $1, wrapped = anew.wrapped
         from unnest($2::uuid[], $3::bytea[]) as anew (customer_id, wrapped)
         where k.customer_id = anew.customer_id",
    )
    .bind(ring.current())
    .bind(anew.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind(anew.iter().map(|(_, key)| key.wrapped.as_slice()).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(anew.len())
}

fn unwrap(ring: &KeyRing, row: KeyRow) -> sqlx::Result<(CustomerId, SubjectKey)> {
    let stored = WrappedKey { kek_id: row.kek_id, wrapped: row.wrapped };
    let key = ring.unwrap(row.customer_id, &stored).map_err(inconsistent)?;
    Ok((CustomerId::from_uuid(row.customer_id), key))
}
