//! Repeated requests answered once (IN-14): a row per request, written in the transaction of the change it made.
//!
//! Table `<schema>.idempotency_keys(actor, method, request_id, request_hash, response, created_at)`, key
//! `(actor, method, request_id)`. A twin that arrives meanwhile waits at that key until the first has committed, and then
//! reads its answer; when the first is refused, rolls back or is killed, no row stays and the twin does the work. A refused
//! request is therefore judged anew, an accepted one never done twice.

use std::time::Duration;

use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use kexiang_core::{Call, Clock, Timestamp};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sqlx::PgConnection;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{pool::Pool, sql_text};

/// How long an answer is remembered.
pub const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);
const FORGET_EVERY: Duration = Duration::from_hours(1);
/// Rows deleted in one transaction: short, so that nobody's feed is held back.
const FORGET_AT_ONCE: i64 = 5_000;

/// A schema's memory of requests.
#[derive(Debug, Clone, Copy)]
pub struct Idempotency {
    schema: &'static str,
}

/// Whether the work is still to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim<T> {
    /// Do it, then [`save`](Idempotency::save) the answer in the same transaction.
    New,
    /// It was done; this was the answer.
    Replay(T),
}

/// Why a request could not be claimed or its answer not be kept.
#[derive(Debug, thiserror::Error)]
pub enum IdempotencyError {
    /// The same caller used this request id for another payload.
    #[error("the request id was used for another request")]
    RequestIdReused,
    /// The database failed.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// The answer cannot be written as JSON, or what was kept is not this method's answer.
    #[error("the kept answer cannot be read or written: {0}")]
    Stored(#[from] serde_json::Error),
}

impl Idempotency {
    /// The memory of `schema`.
    #[must_use]
    pub const fn new(schema: &'static str) -> Self {
        Self { schema }
    }

    /// Takes the request for this transaction, or finds its answer. A call without request id is always new. Call it
    /// first in the transaction: before its locks, so that a twin waits here and nowhere else.
    ///
    /// # Errors
    /// [`IdempotencyError`]
    #[tracing::instrument(name = "db.request.claim", skip_all)]
    pub async fn claim<T: DeserializeOwned>(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        now: Timestamp,
    ) -> Result<Claim<T>, IdempotencyError> {
        let Some(key) = &call.request else { return Ok(Claim::New) };
        let insert = format!(
            "insert into {}.idempotency_keys (actor, method, request_id, request_hash, created_at)
             values ($1, $2, $3, $4, $5) on conflict do nothing",
            self.schema
        );
        let insert =
            sqlx::query(sql_text(insert)).bind(call.actor.to_string()).bind(key.method).bind(key.request_id);
        let insert = insert.bind(&key.request_hash[..]).bind(now.to_sqlx());
        if insert.execute(&mut *connection).await?.rows_affected() == 1 {
            return Ok(Claim::New);
        }
        let select = format!(
            "select request_hash, response from {}.idempotency_keys
             where actor = $1 and method = $2 and request_id = $3",
            self.schema
        );
        let select = sqlx::query_as(sql_text(select)).bind(call.actor.to_string()).bind(key.method);
        let (hash, response): (Vec<u8>, Option<Value>) =
            select.bind(key.request_id).fetch_one(connection).await?;
        if hash != key.request_hash {
            return Err(IdempotencyError::RequestIdReused);
        }
        Ok(Claim::Replay(serde_json::from_value(response.unwrap_or_default())?))
    }

    /// Forgets what is older than [`REMEMBERED`], once an hour until `shutdown`. A repetition that comes later is a new
    /// request. Any number of processes may do it at once.
    pub async fn forget_old(self, pool: Pool, clock: Clock, shutdown: CancellationToken) {
        let mut ticks = tokio::time::interval(FORGET_EVERY);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            let Ok(before) = clock.now().checked_sub(REMEMBERED) else { continue };
            if let Err(error) = self.forget_before(&pool, before).await {
                tracing::warn!(%error, schema = self.schema, "old requests are not forgotten yet");
            }
        }
    }

    #[tracing::instrument(name = "db.request.forget", skip_all)]
    async fn forget_before(self, pool: &Pool, before: Timestamp) -> sqlx::Result<()> {
        let delete = format!(
            "delete from {schema}.idempotency_keys where ctid = any(array(
                 select ctid from {schema}.idempotency_keys where created_at < $1 limit $2 for update skip locked))",
            schema = self.schema
        );
        loop {
            let delete = sqlx::query(sql_text(delete.clone())).bind(before.to_sqlx()).bind(FORGET_AT_ONCE);
            if delete.execute(pool).await?.rows_affected() < FORGET_AT_ONCE.unsigned_abs() {
                return Ok(());
            }
        }
    }

    /// Changes the kept answers that name one of these ids, so that personal data leaves them too: who comes again still does
    /// nothing twice. Answers have no index by what they are about; all that are remembered are looked through.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "db.request.rewrite", skip_all)]
    pub async fn rewrite_about(
        &self,
        connection: &mut PgConnection,
        ids: &[Uuid],
        change: impl Fn(&mut Value) + Send + Sync,
    ) -> sqlx::Result<()> {
        let select = format!(
            "select actor, method, request_id, response from {}.idempotency_keys
             where response::text like any($1) for update",
            self.schema
        );
        let update = format!(
            "update {}.idempotency_keys set response = $4 where actor = $1 and method = $2 and request_id = $3",
            self.schema
        );
        let about: Vec<String> = ids.iter().map(|id| format!("%{id}%")).collect();
        let answers: Vec<(String, String, Uuid, Value)> =
            sqlx::query_as(sql_text(select)).bind(about).fetch_all(&mut *connection).await?;
        for (actor, method, request_id, mut response) in answers {
            change(&mut response);
            let written = sqlx::query(sql_text(update.clone())).bind(actor).bind(method);
            written.bind(request_id).bind(response).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Keeps the answer of a claimed request; nothing to do for a call without request id.
    ///
    /// # Errors
    /// [`IdempotencyError`]; [`sqlx::Error::RowNotFound`] when the request was not claimed in this transaction.
    #[tracing::instrument(name = "db.request.save", skip_all)]
    pub async fn save<T: Serialize>(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        answer: &T,
    ) -> Result<(), IdempotencyError> {
        let Some(key) = &call.request else { return Ok(()) };
        let update = format!(
            "update {}.idempotency_keys set response = $4
             where actor = $1 and method = $2 and request_id = $3",
            self.schema
        );
        let update =
            sqlx::query(sql_text(update)).bind(call.actor.to_string()).bind(key.method).bind(key.request_id);
        match update.bind(serde_json::to_value(answer)?).execute(connection).await?.rows_affected() {
            0 => Err(sqlx::Error::RowNotFound.into()),
            _ => Ok(()),
        }
    }
}
