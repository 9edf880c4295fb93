//! SQL of the schema `customer_records`: free functions over a connection, one file per aggregate.
//!
//! Many rows travel as arrays (`unnest`), so that a batch costs as many statements as one. Whoever writes several contact
//! points writes them in the order of their keys: two writers then wait for each other instead of deadlocking.
//!
//! What is personal is sealed on the way in and opened on the way out here (CU-14): nothing above sees what is sealed, and
//! nothing below what is not. A new personal column is a `bytea`, sealed by the [`subject_keys`] of its customer under the
//! name `table.column`.

pub mod agreements;
pub mod archive_setup;
pub mod archives;
pub mod candidates;
pub mod case_kinds;
pub mod clear;
pub mod conduct;
pub mod contact_points;
pub mod customer_handovers;
pub mod customers;
pub mod disputes;
pub mod erasures;
pub mod export;
pub mod field_schemas;
pub mod follow_ups;
pub mod hand_ins;
pub mod handover_items;
pub mod imports;
pub mod key_accounts;
pub mod links;
pub mod member_changes;
pub mod merge_proposals;
pub mod merges;
pub mod name_tokens;
pub mod origins;
pub mod ownership_entries;
pub mod ownership_rules;
pub mod ownerships;
pub mod price_sights;
pub mod privacy;
pub mod profiles;
pub mod receptions;
pub mod references;
pub mod relationships;
pub mod same_customer;
pub mod sealed_answers;
pub mod segments;
pub mod subject_keys;
pub mod timeline;
pub mod view;

use std::error::Error;

/// A stored value that no code of ours wrote.
fn inconsistent(error: impl Into<Box<dyn Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}
