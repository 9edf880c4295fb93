//! The SQL of intake, one file per aggregate: schema-qualified text, private row types. No rule is decided here.
//! Bytes of evidence are kept outside of PostgreSQL: [`objects`].

pub mod call;
pub mod call_contact;
pub mod call_event;
pub mod case;
pub mod category;
pub mod contact;
pub mod desk_span;
pub mod dialogue;
pub mod duplicate;
pub mod erasure;
pub mod evidence;
pub mod following;
pub mod handover;
pub mod hold;
pub mod incident;
pub mod knowledge;
pub mod notice;
pub mod objects;
pub mod own_log;
pub mod promise;
pub mod published_number;
pub mod register;
pub mod request;
pub mod site;

use std::str::FromStr;

use kexiang_pg::Statement;
use sqlx::PgConnection;

/// The unique keys that refuse what was answered, or brought over from another system, before.
pub const ONCE_ONLY: [&str; 2] = ["idempotency_keys_pkey", "cases_external_reference_key"];

/// Sends what others put into a statement; `result` is what it selects in the end.
#[tracing::instrument(name = "db.write", skip_all)]
pub async fn write(connection: &mut PgConnection, statement: Statement, result: &str) -> sqlx::Result<()> {
    statement.execute(connection, result).await
}

/// A column that holds what the domain does not know: a defect, never the caller's fault.
#[derive(Debug, thiserror::Error)]
#[error("column {column} holds {value:?}")]
pub struct Inconsistent {
    column: &'static str,
    value: String,
}

/// Reads a word of a column.
fn word<T: FromStr>(column: &'static str, value: &str) -> Result<T, sqlx::Error> {
    value.parse().map_err(|_| sqlx::Error::Decode(Box::new(Inconsistent { column, value: value.to_owned() })))
}

/// The same of a column that may be null.
fn optional_word<T: FromStr>(column: &'static str, value: Option<String>) -> Result<Option<T>, sqlx::Error> {
    value.map(|value| word(column, &value)).transpose()
}
