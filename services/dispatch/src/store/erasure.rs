//! Blanking words about erased customers. Ids, codes, times and counts stay: the figures are made of them.

use kexiang_core::CaseId;
use kexiang_pg::Idempotency;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::SCHEMA;

/// Every column with words about a customer's case: the one list. `$1` are ids of cases.
const BLANKS: [&str; 2] = [
    "update dispatch.work_orders
     set report = case when report is null then null else '' end, reason = case when reason is null then null else '' end,
         version = version + 1
     where case_id = any($1) and (report <> '' or reason <> '')",
    "update dispatch.tasks set words = null, version = version + 1 where case_id = any($1) and words is not null",
];

/// Keys of kept answers whose texts are words.
const WORDS: [&str; 3] = ["report", "reason", "words"];

/// Blanks the words about these cases, also in answers kept for requests that come again: those stay, so that nothing is
/// done twice.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.customer_words.blank", skip_all)]
pub async fn blank(connection: &mut PgConnection, cases: &[CaseId]) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = cases.iter().map(|case| case.uuid()).collect();
    for sql in BLANKS {
        sqlx::query(sql).bind(&ids).execute(&mut *connection).await?;
    }
    Idempotency::new(SCHEMA.name).rewrite_about(connection, &ids, without_words).await
}

fn without_words(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if WORDS.contains(&key.as_str()) => text.clear(),
                    other => without_words(other),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(without_words),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
