//! SQL of the schema `customer_records`: free functions over a connection, one file per aggregate.
//!
//! Many rows travel as arrays (`unnest`), so that a batch costs as many statements as one. Whoever writes several contact
//! points writes them in the order of their keys: two writers then wait for each other instead of deadlocking.

pub mod agreements;
pub mod archive_setup;
pub mod archives;
pub mod candidates;
pub mod contact_points;
pub mod customers;
pub mod hand_ins;
pub mod links;
pub mod timeline;

use std::error::Error;

/// A stored value that no code of ours wrote.
fn inconsistent(error: impl Into<Box<dyn Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}
