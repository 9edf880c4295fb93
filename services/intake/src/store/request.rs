//! What was answered to requests, for whole batches; single mutations use `kexiang_pg::idempotency`, over the same table.

use std::collections::HashMap;

use jiff_sqlx::ToSqlx;
use kexiang_core::{Call, RequestKey, Timestamp};
use kexiang_pg::Statement;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// An answer that was given before.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The hash of the request that it was given to.
    pub request_hash: Vec<u8>,
    /// The answer.
    pub response: Value,
}

/// Answers given before to these calls' requests, by request id and actor.
#[tracing::instrument(name = "db.request.recall", skip_all)]
pub async fn recall(
    connection: &mut PgConnection,
    calls: &[(&Call, RequestKey)],
) -> sqlx::Result<HashMap<(String, Uuid), Answered>> {
    if calls.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, Uuid, Vec<u8>, Value)> = sqlx::query_as(
        "select key.actor, key.request_id, key.request_hash, key.response from intake.idempotency_keys as key
         join unnest($1::text[], $2::text[], $3::uuid[]) as asked (actor, method, request_id)
           using (actor, method, request_id)
         where key.response is not null",
    )
    .bind(calls.iter().map(|(call, _)| call.actor.to_string()).collect::<Vec<_>>())
    .bind(calls.iter().map(|(_, key)| key.method).collect::<Vec<_>>())
    .bind(calls.iter().map(|(_, key)| key.request_id).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let answered = |(actor, request_id, request_hash, response)| {
        ((actor, request_id), Answered { request_hash, response })
    };
    Ok(rows.into_iter().map(answered).collect())
}

/// Adds the keeping of answers. A twin that another replica answered meanwhile makes the statement fail with a unique
/// violation, which rolls the doubled work back.
pub fn keep(statement: &mut Statement, now: Timestamp, answers: &[(&Call, RequestKey, Value)]) {
    if answers.is_empty() {
        return;
    }
    statement
        .insert("intake.idempotency_keys", answers)
        .column("actor", "text", |(call, ..)| call.actor.to_string())
        .column("method", "text", |(_, key, _)| key.method)
        .column("request_id", "uuid", |(_, key, _)| key.request_id)
        .column("request_hash", "bytea", |(_, key, _)| &key.request_hash[..])
        .column("response", "jsonb", |(.., response)| response)
        .column("created_at", "timestamptz", |_| now.to_sqlx())
        .add();
}
