//! Erasing customers, and the receipts.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{ContactId, CustomerId, ErasureId};
use sqlx::{FromRow, PgConnection, types::Json};
use uuid::Uuid;

use super::{inconsistent, subject_keys};
use crate::domain::privacy::{Erasure, ErasurePart};

/// What goes beside the key: whatever is sealed is noise without it, but indexes and stumps must not lead to anybody. Each
/// statement takes the customer's id. Who keeps something of a customer that is not sealed by their key adds a line here.
const BESIDE_THE_KEY: [&str; 10] = [
    "delete from customer_records.contact_points where customer_id = $1",
    "delete from customer_records.name_tokens where customer_id = $1",
    "delete from customer_records.customer_profiles where customer_id = $1",
    "update customer_records.same_customer_rulings set reason = '' where $1 in (customer_id, other_id)",
    "update customer_records.follow_ups set content = null, next_step = null where customer_id = $1",
    "update customer_records.key_account_members set display_name = '(erased)' where customer_id = $1",
    "update customer_records.member_changes set display_name = '(erased)' where customer_id = $1 and display_name is not null",
    "update customer_records.customer_handover_items set decline_reason = null
     where customer_id = $1 and decline_reason is not null",
    "update customer_records.ownership_entries set reason = null where customer_id = $1 and reason is not null",
    "update customer_records.ownership_disputes set grounds = null where customer_id = $1",
];

/// Erases a customer whose row is locked by the caller.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.customer.erase", skip_all)]
pub async fn erase(
    conn: &mut PgConnection,
    id: CustomerId,
    now: kexiang_core::Timestamp,
) -> sqlx::Result<()> {
    subject_keys::destroy(conn, id, now).await?;
    sqlx::query(
        "update customer_records.customers
         set erased_at = $2, updated_at = $2, version = version + 1, display_name = null, sealed_name = null
         where customer_id = $1",
    )
    .bind(id.uuid())
    .bind(now.to_sqlx())
    .execute(&mut *conn)
    .await?;
    for sql in BESIDE_THE_KEY {
        sqlx::query(sql).bind(id.uuid()).execute(&mut *conn).await?;
    }
    Ok(())
}

/// The contacts of a customer.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.contact_link.list", skip_all)]
pub async fn contacts_of(conn: &mut PgConnection, id: CustomerId) -> sqlx::Result<Vec<ContactId>> {
    let ids: Vec<Uuid> =
        sqlx::query_scalar("select contact_id from customer_records.contact_links where customer_id = $1")
            .bind(id.uuid())
            .fetch_all(conn)
            .await?;
    Ok(ids.into_iter().map(ContactId::from_uuid).collect())
}

/// Writes a new erasure.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.erasure.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, erasure: &Erasure) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.erasures (erasure_id, customer_id, reason, requested_by, requested_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(erasure.erasure_id.uuid())
    .bind(erasure.customer_id.uuid())
    .bind(erasure.reason.as_str())
    .bind(erasure.requested_by.to_string())
    .bind(erasure.requested_at.to_sqlx())
    .execute(&mut *conn)
    .await?;
    for part in &erasure.parts {
        sqlx::query(
            "insert into customer_records.erasure_parts (erasure_id, service, holds_nothing, done_at)
             values ($1, $2, $3, $4)",
        )
        .bind(erasure.erasure_id.uuid())
        .bind(&part.service)
        .bind(part.holds_nothing)
        .bind(part.done_at.map(ToSqlx::to_sqlx))
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Notes that a service has done its part. Told again, the first time stays.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.erasure.part_done", skip_all)]
pub async fn part_done(
    conn: &mut PgConnection,
    id: ErasureId,
    service: &str,
    at: kexiang_core::Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "update customer_records.erasure_parts set done_at = $3
         where erasure_id = $1 and service = $2 and done_at is null",
    )
    .bind(id.uuid())
    .bind(service)
    .bind(at.to_sqlx())
    .execute(conn)
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct ErasureRow {
    erasure_id: Uuid,
    customer_id: Uuid,
    reason: String,
    requested_by: String,
    requested_at: Timestamp,
    parts: Json<Vec<ErasurePart>>,
}

impl TryFrom<ErasureRow> for Erasure {
    type Error = sqlx::Error;
    fn try_from(row: ErasureRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            erasure_id: ErasureId::from_uuid(row.erasure_id),
            customer_id: CustomerId::from_uuid(row.customer_id),
            reason: row.reason.parse().map_err(inconsistent)?,
            requested_by: row.requested_by.parse().map_err(inconsistent)?,
            requested_at: row.requested_at.to_jiff(),
            parts: row.parts.0,
        })
    }
}

/// The erasure of this id, or the newest ones below it.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.erasure.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    only: Option<ErasureId>,
    after: Option<ErasureId>,
    limit: i64,
) -> sqlx::Result<Vec<Erasure>> {
    let rows: Vec<ErasureRow> = sqlx::query_as(
        "select e.*, (select jsonb_agg(jsonb_build_object('service', p.service, 'holds_nothing', p.holds_nothing,
                                                          'done_at', p.done_at) order by p.service)
                      from customer_records.erasure_parts p where p.erasure_id = e.erasure_id) as parts
         from customer_records.erasures e
         where e.erasure_id < $1 and e.erasure_id >= $2
         order by e.erasure_id desc
         limit $3",
    )
    .bind(match only {
        // The one above it in order, so that the range holds it alone.
        Some(id) => Uuid::from_u128(id.uuid().as_u128().saturating_add(1)),
        None => after.map_or(Uuid::max(), ErasureId::uuid),
    })
    .bind(only.map_or(Uuid::nil(), ErasureId::uuid))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}

/// Up to `limit` customers of whom nothing was heard since `before`: created and changed before, no contact since, no open
/// case, no hold.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.customer.list_idle", skip_all)]
pub async fn list_idle(
    conn: &mut PgConnection,
    before: kexiang_core::Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<CustomerId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select c.customer_id from customer_records.customers c
         where c.erased_at is null and c.updated_at < $1
           and not exists (select from customer_records.contact_links l
                           where l.customer_id = c.customer_id and l.contact_at >= $1)
           and not exists (select from customer_records.case_links l where l.customer_id = c.customer_id and l.open)
           and not exists (select from customer_records.legal_holds h
                           where h.customer_id = c.customer_id and h.released_at is null)
         limit $2",
    )
    .bind(before.to_sqlx())
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(CustomerId::from_uuid).collect())
}
