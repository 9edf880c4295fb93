//! Customers with their contact points.

use std::{collections::HashMap, iter::zip};

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::CustomerId;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{
    contact_points::{VALUE, match_key, open_details},
    inconsistent, name_tokens,
    subject_keys::{self, of},
};
use crate::domain::{
    contact_point::{ContactPoint, ContactPointKey},
    customer::{Customer, OutletKind},
    vault::{KeyRing, WrappedKey},
};

/// What a sealed name is; part of the seal.
pub(super) const NAME: &str = "customers.sealed_name";

#[derive(FromRow)]
struct CustomerRow {
    customer_id: Uuid,
    kind: String,
    outlet_kind: Option<String>,
    sealed_name: Option<Vec<u8>>,
    erased_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
    point_kinds: Vec<String>,
    point_values: Vec<Option<Vec<u8>>>,
    point_details: Vec<Option<Vec<u8>>>,
    kek_id: Option<String>,
    wrapped: Option<Vec<u8>>,
}

impl CustomerRow {
    /// Opens what is sealed. Of an erased customer nothing is there to open.
    fn open(self, ring: &KeyRing) -> sqlx::Result<Customer> {
        let (mut display_name, mut contact_points) = (String::new(), Vec::new());
        if self.erased_at.is_none() {
            let (Some(kek_id), Some(wrapped), Some(name)) = (self.kek_id, self.wrapped, self.sealed_name)
            else {
                return Err(inconsistent("a customer is not sealed"));
            };
            let stored = WrappedKey { kek_id, wrapped };
            let key = ring.unwrap(self.customer_id, &stored).map_err(inconsistent)?;
            display_name = key.open_text(NAME, &name).map_err(inconsistent)?;
            let points = zip(self.point_kinds, zip(self.point_values, self.point_details));
            for (kind, (value, details)) in points {
                let value = key.open_text(VALUE, &value.unwrap_or_default()).map_err(inconsistent)?;
                let point = ContactPoint::from_stored(kind.parse().map_err(inconsistent)?, value);
                contact_points.push(point.with_details(open_details(&key, details.as_deref())?));
            }
        }
        Ok(Customer {
            customer_id: CustomerId::from_uuid(self.customer_id),
            kind: self.kind.parse().map_err(inconsistent)?,
            outlet_kind: self.outlet_kind.as_deref().map(str::parse).transpose().map_err(inconsistent)?,
            display_name,
            contact_points,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
            erased_at: self.erased_at.map(Timestamp::to_jiff),
            version: self.version,
        })
    }
}

/// The customers of these ids, in the order asked; unknown ones are left out.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.customer.load", skip_all)]
pub async fn load(
    conn: &mut PgConnection,
    ring: &KeyRing,
    ids: &[CustomerId],
) -> sqlx::Result<Vec<Customer>> {
    let uuids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows: Vec<CustomerRow> = sqlx::query_as(
        "select c.customer_id, c.kind, c.outlet_kind, c.sealed_name, c.erased_at, c.created_at, c.updated_at, c.version,
                k.kek_id, k.wrapped,
                array(select p.kind from customer_records.contact_points p
                      where p.customer_id = c.customer_id order by p.position) as point_kinds,
                array(select p.sealed_value from customer_records.contact_points p
                      where p.customer_id = c.customer_id order by p.position) as point_values,
                array(select p.sealed_details from customer_records.contact_points p
                      where p.customer_id = c.customer_id order by p.position) as point_details
         from customer_records.customers c
         left join customer_records.subject_keys k using (customer_id)
         where c.customer_id = any($1)",
    )
    .bind(&uuids)
    .fetch_all(conn)
    .await?;
    let mut found: HashMap<Uuid, CustomerRow> = rows.into_iter().map(|row| (row.customer_id, row)).collect();
    uuids.iter().filter_map(|id| found.remove(id)).map(|row| row.open(ring)).collect()
}

/// The customer of this id.
///
/// # Errors
/// Those of the database.
pub async fn find(conn: &mut PgConnection, ring: &KeyRing, id: CustomerId) -> sqlx::Result<Option<Customer>> {
    Ok(load(conn, ring, &[id]).await?.pop())
}

/// Whether there is a customer of this id.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.customer.exists", skip_all)]
pub async fn exists(conn: &mut PgConnection, id: CustomerId) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from customer_records.customers where customer_id = $1)")
        .bind(id.uuid())
        .fetch_one(conn)
        .await
}

/// The customer of this id, locked until the transaction ends; links may still refer to it meanwhile.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.customer.find_for_update", skip_all)]
pub async fn find_for_update(
    conn: &mut PgConnection,
    ring: &KeyRing,
    id: CustomerId,
) -> sqlx::Result<Option<Customer>> {
    sqlx::query("select 1 from customer_records.customers where customer_id = $1 for no key update")
        .bind(id.uuid())
        .execute(&mut *conn)
        .await?;
    find(conn, ring, id).await
}

/// Ids of customers older than `after`, newest first.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.customer.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    after: Option<CustomerId>,
    limit: i64,
) -> sqlx::Result<Vec<CustomerId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select customer_id from customer_records.customers
         where customer_id < $1 and merged_into is null
         order by customer_id desc
         limit $2",
    )
    .bind(after.map_or(Uuid::max(), CustomerId::uuid))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(CustomerId::from_uuid).collect())
}

/// Ids of customers older than `after` with this contact point, newest first.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.customer.list_by_contact_point", skip_all)]
pub async fn list_by_contact_point(
    conn: &mut PgConnection,
    ring: &KeyRing,
    key: &ContactPointKey,
    after: Option<CustomerId>,
    limit: i64,
) -> sqlx::Result<Vec<CustomerId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "(select customer_id from customer_records.contact_points
          where identifying and kind = $1 and match_key = $2 and customer_id < $3)
         union all
         (select customer_id from customer_records.contact_points
          where not identifying and kind = $1 and match_key = $2 and customer_id < $3
          order by customer_id desc
          limit $4)
         order by customer_id desc
         limit $4",
    )
    .bind(key.kind.as_str())
    .bind(match_key(ring, key).to_vec())
    .bind(after.map_or(Uuid::max(), CustomerId::uuid))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(CustomerId::from_uuid).collect())
}

/// Inserts customers with their keys, without their contact points.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.customer.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, ring: &KeyRing, customers: &[&Customer]) -> sqlx::Result<()> {
    let Some(first) = customers.first() else { return Ok(()) };
    let of_all: Vec<CustomerId> = customers.iter().map(|c| c.customer_id).collect();
    subject_keys::create(conn, ring, &of_all, first.created_at).await?;
    let keys = subject_keys::open(conn, ring, &of_all).await?;
    let ids: Vec<Uuid> = customers.iter().map(|c| c.customer_id.uuid()).collect();
    let kinds: Vec<&str> = customers.iter().map(|c| c.kind.as_str()).collect();
    let mut names = Vec::with_capacity(customers.len());
    for customer in customers {
        let key = of(&keys, customer.customer_id)?;
        names.push(key.seal(NAME, customer.display_name.as_bytes()).map_err(inconsistent)?);
    }
    let created: Vec<Timestamp> = customers.iter().map(|c| c.created_at.to_sqlx()).collect();
    sqlx::query(
        "insert into customer_records.customers (customer_id, kind, sealed_name, created_at, updated_at, version, outlet_kind)
         select customer_id, kind, sealed_name, created_at, created_at, 1, outlet_kind
         from unnest($1::uuid[], $2::text[], $3::bytea[], $4::timestamptz[], $5::text[])
              as new (customer_id, kind, sealed_name, created_at, outlet_kind)",
    )
    .bind(ids)
    .bind(kinds)
    .bind(names)
    .bind(created)
    .bind(customers.iter().map(|c| c.outlet_kind.map(OutletKind::as_str)).collect::<Vec<_>>())
    .execute(&mut *conn)
    .await?;
    name_tokens::save(conn, ring.blind(), customers).await
}

/// Writes a changed customer, without its contact points. The row is locked by the caller.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.customer.update", skip_all)]
pub async fn update(conn: &mut PgConnection, ring: &KeyRing, customer: &Customer) -> sqlx::Result<()> {
    let keys = subject_keys::open(conn, ring, &[customer.customer_id]).await?;
    let key = of(&keys, customer.customer_id)?;
    sqlx::query(
        "update customer_records.customers set kind = $2, sealed_name = $3, updated_at = $4, version = $5, outlet_kind = $6
         where customer_id = $1",
    )
    .bind(customer.customer_id.uuid())
    .bind(customer.kind.as_str())
    .bind(key.seal(NAME, customer.display_name.as_bytes()).map_err(inconsistent)?)
    .bind(customer.updated_at.to_sqlx())
    .bind(customer.version)
    .bind(customer.outlet_kind.map(OutletKind::as_str))
    .execute(&mut *conn)
    .await?;
    name_tokens::save(conn, ring.blind(), &[customer]).await
}

/// Marks customers as changed, because they gain contact points, and locks them until the transaction ends. Tells whether
/// all still had the version given.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.customer.touch", skip_all)]
pub async fn touch(
    conn: &mut PgConnection,
    versions: &[(CustomerId, i64)],
    now: jiff::Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update customer_records.customers c set updated_at = $3, version = c.version + 1
         from unnest($1::uuid[], $2::bigint[]) as read (customer_id, version)
         where c.customer_id = read.customer_id and c.version = read.version",
    )
    .bind(versions.iter().map(|(id, _)| id.uuid()).collect::<Vec<_>>())
    .bind(versions.iter().map(|(_, version)| *version).collect::<Vec<_>>())
    .bind(now.to_sqlx())
    .execute(conn)
    .await?;
    Ok(usize::try_from(done.rows_affected()).is_ok_and(|touched| touched == versions.len()))
}
