//! The schema `reporting` in SQL, schema-qualified: rows in, rows out, nothing decided.
//!
//! | to see | read |
//! |---|---|
//! | what writes projections, in batches | [`cases`], [`work_orders`], [`tasks`], [`agents`], [`sites`], [`holds`], [`first_contact`] |
//! | how live counts are kept | [`counts`] |
//! | how far the consumers are | [`progress`] |
//! | what reads figures | [`figures`], [`counted_cases`] |
//!
//! Every function takes a connection; its caller owns the transaction. A row that its type cannot hold is a
//! [`sqlx::Error::Decode`], which callers pass on as a defect.

pub mod agents;
pub mod cases;
pub mod counted_cases;
pub mod counts;
pub mod figures;
pub mod first_contact;
pub mod holds;
pub mod progress;
pub mod sites;
pub mod tasks;
pub mod work_orders;

/// A value that stands in the database and is none that its type knows.
fn decode(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}
