//! What earlier versions wrote in clear, sealed batch by batch. Each batch is whole or not at all; several replicas share
//! the work by skipping each other's rows.

use kexiang_core::{CustomerId, Timestamp};
use serde_json::Value;
use sqlx::{FromRow, PgConnection, types::Json};
use uuid::Uuid;

use super::{
    contact_points::{VALUE, match_key},
    customers::NAME,
    inconsistent, sealed_answers,
    subject_keys::{self, of},
};
use crate::domain::{contact_point::ContactPoint, customer::Customer, vault::KeyRing};

#[derive(FromRow)]
struct NameRow {
    customer_id: Uuid,
    display_name: String,
}

#[derive(FromRow)]
struct PointRow {
    customer_id: Uuid,
    kind: String,
    match_key: Vec<u8>,
    value: String,
}

#[derive(FromRow)]
struct AnswerRow {
    actor: String,
    method: String,
    request_id: Uuid,
    response: Json<Customer>,
}

/// Whether anything lies in clear.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.clear.exists", skip_all)]
pub async fn exists(conn: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from customer_records.customers where display_name is not null)
             or exists (select from customer_records.idempotency_keys where response ? 'display_name')",
    )
    .fetch_one(conn)
    .await
}

/// Seals up to `limit` customers with their contact points; gives how many.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.clear.seal_customers", skip_all)]
pub async fn seal_customers(
    conn: &mut PgConnection,
    ring: &KeyRing,
    limit: i64,
    now: Timestamp,
) -> sqlx::Result<usize> {
    let names: Vec<NameRow> = sqlx::query_as(
        "select customer_id, display_name from customer_records.customers
         where display_name is not null limit $1 for no key update skip locked",
    )
    .bind(limit)
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<CustomerId> = names.iter().map(|row| CustomerId::from_uuid(row.customer_id)).collect();
    subject_keys::create(conn, ring, &ids, now).await?;
    let keys = subject_keys::open(conn, ring, &ids).await?;
    let mut sealed = Vec::with_capacity(names.len());
    for (id, row) in ids.iter().zip(&names) {
        sealed.push(of(&keys, *id)?.seal(NAME, row.display_name.as_bytes()).map_err(inconsistent)?);
    }
    sqlx::query(
        "update customer_records.customers c set display_name = null, sealed_name = sealed.name
         from unnest($1::uuid[], $2::bytea[]) as sealed (customer_id, name)
         where c.customer_id = sealed.customer_id",
    )
    .bind(ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .bind(&sealed)
    .execute(&mut *conn)
    .await?;
    seal_points(conn, ring, &ids, &keys).await?;
    Ok(ids.len())
}

async fn seal_points(
    conn: &mut PgConnection,
    ring: &KeyRing,
    ids: &[CustomerId],
    keys: &subject_keys::SubjectKeys,
) -> sqlx::Result<()> {
    let rows: Vec<PointRow> = sqlx::query_as(
        "select customer_id, kind, match_key, value from customer_records.contact_points
         where customer_id = any($1) and value is not null",
    )
    .bind(ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .fetch_all(&mut *conn)
    .await?;
    let (mut digests, mut values) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in &rows {
        let kind = row.kind.parse().map_err(inconsistent)?;
        let point = ContactPoint::from_stored(kind, row.value.clone());
        let key = of(keys, CustomerId::from_uuid(row.customer_id))?;
        digests.push(match_key(ring, &point.key()).to_vec());
        values.push(key.seal(VALUE, row.value.as_bytes()).map_err(inconsistent)?);
    }
    sqlx::query(
        "update customer_records.contact_points p set match_key = sealed.digest, value = null, sealed_value = sealed.value
         from unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::bytea[])
              as sealed (customer_id, kind, match_key, digest, value)
         where p.customer_id = sealed.customer_id and p.kind = sealed.kind and p.match_key = sealed.match_key",
    )
    .bind(rows.iter().map(|row| row.customer_id).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.kind.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.match_key.as_slice()).collect::<Vec<_>>())
    .bind(&digests)
    .bind(&values)
    .execute(conn)
    .await?;
    Ok(())
}

/// Seals up to `limit` kept answers; gives how many. Their customers have keys by then.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.clear.seal_answers", skip_all)]
pub async fn seal_answers(conn: &mut PgConnection, ring: &KeyRing, limit: i64) -> sqlx::Result<usize> {
    let rows: Vec<AnswerRow> = sqlx::query_as(
        "select actor, method, request_id, response from customer_records.idempotency_keys
         where response ? 'display_name' limit $1 for update skip locked",
    )
    .bind(limit)
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<CustomerId> = rows.iter().map(|row| row.response.customer_id).collect();
    let keys = subject_keys::open(conn, ring, &ids).await?;
    for row in &rows {
        let key = of(&keys, row.response.customer_id)?;
        let sealed: Value = sealed_answers::seal(key, &row.response)?;
        sqlx::query(
            "update customer_records.idempotency_keys set response = $4
             where actor = $1 and method = $2 and request_id = $3",
        )
        .bind(&row.actor)
        .bind(&row.method)
        .bind(row.request_id)
        .bind(sealed)
        .execute(&mut *conn)
        .await?;
    }
    Ok(rows.len())
}
