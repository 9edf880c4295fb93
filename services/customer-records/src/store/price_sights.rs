//! Who saw prices of key accounts: appended, never changed.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{Actor, KeyAccountId, PriceSightId, Timestamp};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::key_account::sight::PriceSight;

/// Which sights to list.
#[derive(Debug, Clone, Default)]
pub struct PriceSightFilter {
    /// Of this key account.
    pub key_account: Option<KeyAccountId>,
    /// Of this one.
    pub actor: Option<Actor>,
    /// Not before.
    pub start: Option<Timestamp>,
    /// Before.
    pub end: Option<Timestamp>,
}

#[derive(FromRow)]
struct Row {
    price_sight_id: Uuid,
    key_account_id: Uuid,
    actor: String,
    method: String,
    seen_at: SqlTimestamp,
}

impl TryFrom<Row> for PriceSight {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> sqlx::Result<Self> {
        Ok(Self {
            price_sight_id: PriceSightId::from_uuid(row.price_sight_id),
            key_account_id: KeyAccountId::from_uuid(row.key_account_id),
            actor: row.actor.parse().map_err(inconsistent)?,
            method: row.method,
            seen_at: row.seen_at.to_jiff(),
        })
    }
}

/// Keeps a sight.
#[tracing::instrument(name = "db.price_sight.add", skip_all)]
pub async fn add(conn: &mut PgConnection, sight: &PriceSight) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.price_sights (price_sight_id, key_account_id, actor, method, seen_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(sight.price_sight_id.uuid())
    .bind(sight.key_account_id.uuid())
    .bind(sight.actor.to_string())
    .bind(&sight.method)
    .bind(sight.seen_at.to_sqlx())
    .execute(conn)
    .await?;
    Ok(())
}

/// A page of sights older than `after`, newest first.
#[tracing::instrument(name = "db.price_sight.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    filter: &PriceSightFilter,
    after: Option<PriceSightId>,
    limit: i64,
) -> sqlx::Result<Vec<PriceSight>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select price_sight_id, key_account_id, actor, method, seen_at from customer_records.price_sights
         where price_sight_id < $1 and ($2::uuid is null or key_account_id = $2) and ($3::text is null or actor = $3)
           and ($4::timestamptz is null or seen_at >= $4) and ($5::timestamptz is null or seen_at < $5)
         order by price_sight_id desc limit $6",
    )
    .bind(after.map_or(Uuid::max(), PriceSightId::uuid))
    .bind(filter.key_account.map(KeyAccountId::uuid))
    .bind(filter.actor.as_ref().map(ToString::to_string))
    .bind(filter.start.map(ToSqlx::to_sqlx))
    .bind(filter.end.map(ToSqlx::to_sqlx))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(PriceSight::try_from).collect()
}
