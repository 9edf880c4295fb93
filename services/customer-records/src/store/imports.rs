//! Rows of files that were taken in, and changes of many customers at once.

use std::collections::HashMap;

use jiff_sqlx::ToSqlx;
use kexiang_core::CustomerId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    customers::NAME,
    inconsistent, name_tokens,
    subject_keys::{self, of},
};
use crate::domain::{
    customer::Customer,
    import::plan::{Digest, Remembered},
    vault::KeyRing,
};

/// Lets one batch of a source go at a time, until the transaction ends.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.import.lock_source", skip_all)]
pub async fn lock_source(conn: &mut PgConnection, source: &str) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('customer_records.import_rows ' || $1, 0))")
        .bind(source)
        .execute(conn)
        .await?;
    Ok(())
}

/// What is remembered of these rows of a source.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.import.find_rows", skip_all)]
pub async fn find_rows(
    conn: &mut PgConnection,
    source: &str,
    keys: &[Digest],
) -> sqlx::Result<HashMap<Digest, Remembered>> {
    let rows: Vec<(Vec<u8>, Vec<u8>, Uuid)> = sqlx::query_as(
        "select row_key, fingerprint, customer_id from customer_records.import_rows
         where source = $1 and row_key = any($2)",
    )
    .bind(source)
    .bind(keys.iter().map(|key| key.to_vec()).collect::<Vec<_>>())
    .fetch_all(conn)
    .await?;
    let digest =
        |bytes: Vec<u8>| Digest::try_from(bytes).map_err(|_| inconsistent("a digest has another length"));
    rows.into_iter()
        .map(|(key, fingerprint, id)| {
            let row =
                Remembered { customer_id: CustomerId::from_uuid(id), fingerprint: digest(fingerprint)? };
            Ok((digest(key)?, row))
        })
        .collect()
}

/// Remembers rows of a source, in place of what they said before.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.import.remember", skip_all)]
pub async fn remember(
    conn: &mut PgConnection,
    source: &str,
    rows: &[(Digest, Remembered)],
    now: jiff::Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.import_rows (source, row_key, fingerprint, customer_id, imported_at)
         select $1, row_key, fingerprint, customer_id, $5
         from unnest($2::bytea[], $3::bytea[], $4::uuid[]) as new (row_key, fingerprint, customer_id)
         on conflict (source, row_key) do update
         set fingerprint = excluded.fingerprint, customer_id = excluded.customer_id, imported_at = excluded.imported_at",
    )
    .bind(source)
    .bind(rows.iter().map(|(key, _)| key.to_vec()).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, row)| row.fingerprint.to_vec()).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, row)| row.customer_id.uuid()).collect::<Vec<_>>())
    .bind(now.to_sqlx())
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes the names of customers who were touched in this transaction.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.import.rename", skip_all)]
pub async fn rename(conn: &mut PgConnection, ring: &KeyRing, customers: &[&Customer]) -> sqlx::Result<()> {
    if customers.is_empty() {
        return Ok(());
    }
    let ids: Vec<CustomerId> = customers.iter().map(|customer| customer.customer_id).collect();
    let keys = subject_keys::open(conn, ring, &ids).await?;
    let mut names = Vec::with_capacity(customers.len());
    for customer in customers {
        let key = of(&keys, customer.customer_id)?;
        names.push(key.seal(NAME, customer.display_name.as_bytes()).map_err(inconsistent)?);
    }
    sqlx::query(
        "update customer_records.customers c set sealed_name = new.sealed_name
         from unnest($1::uuid[], $2::bytea[]) as new (customer_id, sealed_name)
         where c.customer_id = new.customer_id",
    )
    .bind(ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .bind(names)
    .execute(&mut *conn)
    .await?;
    name_tokens::save(conn, ring.blind(), customers).await
}
