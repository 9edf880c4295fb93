//! Tokens of names: written with the name, and read by the search through one GIN index.

use kexiang_core::CustomerId;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{customers::NAME, inconsistent};
use crate::domain::{
    customer::Customer,
    name_search,
    vault::{BlindKey, KeyRing, WrappedKey},
};

/// A customer whose name may fit.
pub struct Named {
    /// Who.
    pub customer_id: CustomerId,
    /// Personal.
    pub display_name: String,
}

#[derive(FromRow)]
struct NamedRow {
    customer_id: Uuid,
    sealed_name: Vec<u8>,
    kek_id: String,
    wrapped: Vec<u8>,
}

impl NamedRow {
    fn open(self, ring: &KeyRing) -> sqlx::Result<Named> {
        let stored = WrappedKey { kek_id: self.kek_id, wrapped: self.wrapped };
        let key = ring.unwrap(self.customer_id, &stored).map_err(inconsistent)?;
        let display_name = key.open_text(NAME, &self.sealed_name).map_err(inconsistent)?;
        Ok(Named { customer_id: CustomerId::from_uuid(self.customer_id), display_name })
    }
}

/// Which tokens a name must have.
pub enum Wanted {
    /// All of these.
    All(Vec<i64>),
    /// Of every group at least one.
    AnyOfEach(Vec<Vec<i64>>),
}

/// Rows that a lookup of very frequent tokens goes on with; a random part of more.
const FREQUENT: &str = "set local gin_fuzzy_search_limit = 20000";

/// Writes the tokens of these customers' names, in place of former ones.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.name_tokens.save", skip_all)]
pub async fn save(conn: &mut PgConnection, key: &BlindKey, customers: &[&Customer]) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = customers.iter().map(|customer| customer.customer_id.uuid()).collect();
    let tokens: Vec<String> =
        customers.iter().map(|customer| literal(&name_search::tokens(&customer.display_name, key))).collect();
    sqlx::query(
        "insert into customer_records.name_tokens (customer_id, tokens)
         select customer_id, tokens::bigint[] from unnest($1::uuid[], $2::text[]) as new (customer_id, tokens)
         on conflict (customer_id) do update set tokens = excluded.tokens
         where name_tokens.tokens <> excluded.tokens",
    )
    .bind(ids)
    .bind(tokens)
    .execute(conn)
    .await?;
    Ok(())
}

/// An array of numbers as text: arrays of arrays must be of one length, these are not.
fn literal(tokens: &[i64]) -> String {
    let tokens: Vec<String> = tokens.iter().map(i64::to_string).collect();
    format!("{{{}}}", tokens.join(","))
}

/// Customers whose names have the tokens, at most `limit`, in no order. Inside a transaction: the limit of frequent tokens is
/// set for it.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.name_tokens.find", skip_all)]
pub async fn find(conn: &mut PgConnection, wanted: &Wanted, limit: i64) -> sqlx::Result<Vec<CustomerId>> {
    sqlx::query(FREQUENT).execute(&mut *conn).await?;
    let ids: Vec<Uuid> = match wanted {
        Wanted::All(tokens) => {
            sqlx::query_scalar(
                "select customer_id from customer_records.name_tokens where tokens @> $1 limit $2",
            )
            .bind(tokens)
            .bind(limit)
            .fetch_all(conn)
            .await?
        }
        Wanted::AnyOfEach(groups) => {
            let mut select =
                sqlx::QueryBuilder::new("select customer_id from customer_records.name_tokens where true");
            for group in groups {
                select.push(" and tokens && ").push_bind(group);
            }
            select.push(" limit ").push_bind(limit).build_query_scalar().fetch_all(conn).await?
        }
    };
    Ok(ids.into_iter().map(CustomerId::from_uuid).collect())
}

/// The names of these customers; those of the erased and of the merged are nobody's.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.name_tokens.names", skip_all)]
pub async fn names(conn: &mut PgConnection, ring: &KeyRing, ids: &[CustomerId]) -> sqlx::Result<Vec<Named>> {
    let rows: Vec<NamedRow> = sqlx::query_as(
        "select customer_id, c.sealed_name, k.kek_id, k.wrapped
         from customer_records.customers c join customer_records.subject_keys k using (customer_id)
         where customer_id = any($1) and c.erased_at is null and c.merged_into is null",
    )
    .bind(ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| row.open(ring)).collect()
}

/// How far the backfill is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// A batch is done; there may be more.
    More,
    /// Another replica has a batch in hand.
    Busy,
    /// All names have tokens.
    Done,
}

/// Writes tokens of the next `limit` customers of earlier versions, whose names are sealed by now. Names that change meanwhile have their tokens from who changed them.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.name_tokens.backfill", skip_all)]
pub async fn backfill(conn: &mut PgConnection, ring: &KeyRing, limit: i64) -> sqlx::Result<Progress> {
    let position: Option<Uuid> = sqlx::query_scalar(
        "select position from customer_records.backfills
         where backfill = 'name_tokens' and not done for update skip locked",
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(position) = position else {
        let done = "select done from customer_records.backfills where backfill = 'name_tokens'";
        let done: Option<bool> = sqlx::query_scalar(done).fetch_optional(conn).await?;
        return Ok(if done == Some(false) { Progress::Busy } else { Progress::Done });
    };
    let rows: Vec<NamedRow> = sqlx::query_as(
        "select customer_id, c.sealed_name, k.kek_id, k.wrapped
         from customer_records.customers c join customer_records.subject_keys k using (customer_id)
         where customer_id > $1 and c.erased_at is null order by customer_id limit $2",
    )
    .bind(position)
    .bind(limit)
    .fetch_all(&mut *conn)
    .await?;
    let last = rows.last().map(|row| row.customer_id);
    for row in rows {
        let named = row.open(ring)?;
        sqlx::query(
            "insert into customer_records.name_tokens (customer_id, tokens) values ($1, $2) on conflict do nothing",
        )
        .bind(named.customer_id.uuid())
        .bind(name_search::tokens(&named.display_name, ring.blind()))
        .execute(&mut *conn)
        .await?;
    }
    sqlx::query(
        "update customer_records.backfills set position = coalesce($1, position), done = $1 is null
         where backfill = 'name_tokens'",
    )
    .bind(last)
    .execute(conn)
    .await?;
    Ok(if last.is_some() { Progress::More } else { Progress::Done })
}
