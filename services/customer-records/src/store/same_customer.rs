//! Groups of one customer, and what joins them. Whoever changes what joins two customers first locks their groups.

use std::collections::BTreeSet;

use kexiang_core::CustomerId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{relationship::Pair, same_customer::Groups};

/// Who stands for each of these, in their order.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.same_customer.representatives", skip_all)]
pub async fn representatives(conn: &mut PgConnection, pair: Pair) -> sqlx::Result<Pair> {
    let (one, other): (Uuid, Uuid) = sqlx::query_as(
        "select coalesce((select representative_id from customer_records.same_customer_members where customer_id = $1), $1),
                coalesce((select representative_id from customer_records.same_customer_members where customer_id = $2), $2)",
    )
    .bind(pair.0.uuid())
    .bind(pair.1.uuid())
    .fetch_one(conn)
    .await?;
    Ok(Pair(CustomerId::from_uuid(one), CustomerId::from_uuid(other)))
}

/// Locks two groups by their representatives, until the transaction or savepoint ends. In the order of the locks' keys,
/// whoever asks: nobody deadlocks.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.same_customer.lock", skip_all)]
pub async fn lock(conn: &mut PgConnection, representatives: Pair) -> sqlx::Result<()> {
    let mut keys: Vec<i64> = sqlx::query_scalar(
        "select distinct hashtextextended('customer_records.same_customer:' || id::text, 0)
         from unnest($1::uuid[]) as id order by 1",
    )
    .bind(vec![representatives.0.uuid(), representatives.1.uuid()])
    .fetch_all(&mut *conn)
    .await?;
    keys.sort_unstable();
    for key in keys {
        sqlx::query("select pg_advisory_xact_lock($1)").bind(key).execute(&mut *conn).await?;
    }
    Ok(())
}

/// All who are represented by these, themselves included.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.same_customer.members", skip_all)]
pub async fn members(conn: &mut PgConnection, representatives: Pair) -> sqlx::Result<BTreeSet<CustomerId>> {
    let of = vec![representatives.0.uuid(), representatives.1.uuid()];
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select customer_id from customer_records.same_customer_members where representative_id = any($1)
         union select unnest($1::uuid[])",
    )
    .bind(of)
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(CustomerId::from_uuid).collect())
}

/// All that joins any of `members` with somebody.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.same_customer.joining", skip_all)]
pub async fn joining(conn: &mut PgConnection, members: &BTreeSet<CustomerId>) -> sqlx::Result<Vec<Pair>> {
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select r.customer_id, r.related_id from customer_records.relationships r
         where r.customer_id = any($1) and r.ended_at is null and r.kind in ('SPOUSE', 'PARENT', 'SHAREHOLDER')
           and not exists (
               select from customer_records.same_customer_rulings apart
               where apart.customer_id = least(r.customer_id, r.related_id)
                 and apart.other_id = greatest(r.customer_id, r.related_id)
                 and apart.ended_at is null and apart.decision = 'KEEP_APART')
         union all
         select customer_id, other_id from customer_records.same_customer_rulings
         where customer_id = any($1) and ended_at is null and decision = 'JOIN'",
    )
    .bind(members.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(one, other)| Pair(CustomerId::from_uuid(one), CustomerId::from_uuid(other)))
        .collect())
}

/// Writes the groups of all their members, whose groups are locked.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.same_customer.save", skip_all)]
pub async fn save(conn: &mut PgConnection, groups: &Groups) -> sqlx::Result<()> {
    let (members, of): (Vec<Uuid>, Vec<Uuid>) = groups.iter().map(|(id, of)| (id.uuid(), of.uuid())).unzip();
    sqlx::query(
        "with told as (
             select customer_id, representative_id, count(*) over (partition by representative_id) as size
             from unnest($1::uuid[], $2::uuid[]) as told (customer_id, representative_id)
         ), alone as (
             delete from customer_records.same_customer_members
             where customer_id in (select customer_id from told where size = 1)
         )
         insert into customer_records.same_customer_members as kept (customer_id, representative_id)
         select customer_id, representative_id from told where size > 1
         on conflict (customer_id) do update set representative_id = excluded.representative_id
             where kept.representative_id <> excluded.representative_id",
    )
    .bind(members)
    .bind(of)
    .execute(conn)
    .await?;
    Ok(())
}
