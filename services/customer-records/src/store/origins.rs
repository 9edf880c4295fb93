//! Who answers for whom, and whose contact points were before merges.

use std::collections::HashMap;

use kexiang_core::CustomerId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::contact_points::match_keys;
use crate::domain::{contact_point::ContactPointKey, origin::Holders, vault::KeyRing};

/// Locks customers against being merged until the transaction ends; those of them who are merged already, each with who answers
/// for them at the end of the chain.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.customer.hold", skip_all)]
pub async fn hold(
    conn: &mut PgConnection,
    ids: &[CustomerId],
) -> sqlx::Result<HashMap<CustomerId, CustomerId>> {
    let mut uuids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    uuids.sort_unstable();
    uuids.dedup();
    sqlx::query(
        "select 1 from customer_records.customers where customer_id = any($1) order by customer_id for key share",
    )
    .bind(&uuids)
    .execute(&mut *conn)
    .await?;
    survivors(conn, &uuids).await
}

/// Those of these customers who are merged, each with who answers for them at the end of the chain.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.customer.survivors", skip_all)]
pub async fn survivors(
    conn: &mut PgConnection,
    uuids: &[Uuid],
) -> sqlx::Result<HashMap<CustomerId, CustomerId>> {
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "with recursive chain (merged_id, customer_id) as (
             select customer_id, merged_into from customer_records.customers
             where customer_id = any($1) and merged_into is not null
             union all
             select chain.merged_id, c.merged_into from chain
             join customer_records.customers c on c.customer_id = chain.customer_id and c.merged_into is not null)
         select merged_id, customer_id from chain
         join customer_records.customers c using (customer_id) where c.merged_into is null",
    )
    .bind(uuids)
    .fetch_all(conn)
    .await?;
    let id = CustomerId::from_uuid;
    Ok(rows.into_iter().map(|(merged, survivor)| (id(merged), id(survivor))).collect())
}

/// Locks two customers against everything until the transaction ends.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.customer.lock", skip_all)]
pub async fn lock(conn: &mut PgConnection, ids: [CustomerId; 2]) -> sqlx::Result<()> {
    sqlx::query("select 1 from customer_records.customers where customer_id = any($1) order by customer_id for update")
        .bind(ids.map(CustomerId::uuid).to_vec())
        .execute(conn)
        .await?;
    Ok(())
}

/// Points a customer at who answers for it, or takes that back.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.customer.point_at", skip_all)]
pub async fn point_at(
    conn: &mut PgConnection,
    id: CustomerId,
    survivor: Option<CustomerId>,
) -> sqlx::Result<()> {
    sqlx::query("update customer_records.customers set merged_into = $2 where customer_id = $1")
        .bind(id.uuid())
        .bind(survivor.map(CustomerId::uuid))
        .execute(conn)
        .await?;
    Ok(())
}

/// A customer and all who are merged into it, also by way of others.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.customer.group", skip_all)]
pub async fn group(conn: &mut PgConnection, id: CustomerId) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "with recursive members (customer_id) as (
             select $1::uuid
             union
             select c.customer_id from members join customer_records.customers c on c.merged_into = members.customer_id)
         select customer_id from members",
    )
    .bind(id.uuid())
    .fetch_all(conn)
    .await
}

/// Whose each contact point of a customer was, in their order; `None` is the customer's own.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.contact_point.origins", skip_all)]
pub async fn of_points(conn: &mut PgConnection, id: CustomerId) -> sqlx::Result<Vec<Option<CustomerId>>> {
    let origins: Vec<Option<Uuid>> = sqlx::query_scalar(
        "select origin_id from customer_records.contact_points where customer_id = $1 order by position",
    )
    .bind(id.uuid())
    .fetch_all(conn)
    .await?;
    Ok(origins.into_iter().map(|origin| origin.map(CustomerId::from_uuid)).collect())
}

/// Says whose contact points were, from this position on.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.contact_point.set_origins", skip_all)]
pub async fn set_of_points(
    conn: &mut PgConnection,
    id: CustomerId,
    from: usize,
    origins: &[Option<CustomerId>],
) -> sqlx::Result<()> {
    if origins.iter().all(Option::is_none) {
        return Ok(());
    }
    sqlx::query(
        "update customer_records.contact_points p set origin_id = new.origin_id
         from unnest($3::uuid[]) with ordinality as new (origin_id, place)
         where p.customer_id = $1 and p.position = $2 + new.place - 1",
    )
    .bind(id.uuid())
    .bind(i64::try_from(from).unwrap_or(i64::MAX))
    .bind(origins.iter().map(|origin| origin.map(CustomerId::uuid)).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// Whom each of these contact points identifies, and whose it was before merges when it was another's.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.contact_point.holders", skip_all)]
pub async fn holders(
    conn: &mut PgConnection,
    ring: &KeyRing,
    keys: &[ContactPointKey],
) -> sqlx::Result<Holders> {
    let rows: Vec<(i64, Uuid, Option<Uuid>)> = sqlx::query_as(
        "select wanted.place, p.customer_id, p.origin_id
         from unnest($1::text[], $2::bytea[]) with ordinality as wanted (kind, match_key, place)
         join customer_records.contact_points p
           on p.identifying and p.kind = wanted.kind and p.match_key = wanted.match_key",
    )
    .bind(keys.iter().map(|key| key.kind.as_str()).collect::<Vec<_>>())
    .bind(match_keys(ring, keys))
    .fetch_all(conn)
    .await?;
    let holder = |(place, id, origin): (i64, Uuid, Option<Uuid>)| {
        let key = keys.get(usize::try_from(place).ok()?.checked_sub(1)?)?;
        Some((key.clone(), (CustomerId::from_uuid(id), origin.map(CustomerId::from_uuid))))
    };
    Ok(rows.into_iter().filter_map(holder).collect())
}
