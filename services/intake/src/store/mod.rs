//! The SQL of intake, one file per aggregate: schema-qualified text, private row types. No rule is decided here.

pub mod case;
pub mod contact;
pub mod dialogue;
pub mod knowledge;
pub mod register;
pub mod request;
pub mod site;

use std::str::FromStr;

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
