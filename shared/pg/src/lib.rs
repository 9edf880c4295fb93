//! How the services stand on PostgreSQL: one schema and one role for each, in whatever server the address names.
//!
//! | to see | read |
//! |---|---|
//! | connections, their limits and their metrics | [`connect`], [`report_pool`] in `pool.rs` |
//! | what an administrator prepares: database, roles, schemas | [`provision`] in `provision.rs` |
//! | a service's tables, and whether they are up to date | [`migrate`], [`pending_migrations`] in `migration.rs` |
//! | repeated requests answered once | [`Idempotency`] in `idempotency.rs` |
//! | several writes in one round trip | [`Statement`] in `statement.rs` |
//! | what a failed statement means to a caller | [`classify`] in `fault.rs` |
//! | the server of a newcomer who has none | [`private`] |
//!
//! Invariants. SQL names its schema, nothing leans on a `search_path`. A service's role owns its schema and can touch no
//! other one. Nothing here writes outside a transaction of the caller but provisioning and migrations, and both may be
//! killed at any point and run again.

mod address;
mod fault;
mod idempotency;
mod migration;
mod poll;
mod pool;
pub mod private;
mod provision;
mod schema;
mod statement;

pub use address::role_url;
pub use fault::{Fault, classify};
pub use idempotency::{Claim, Idempotency, IdempotencyError};
pub use migration::{migrate, pending_migrations};
pub use poll::{Pace, poll};
pub use pool::{Pool, connect, report_pool};
pub use provision::{ProvisionError, RoleGrant, provision};
pub use schema::{Schema, sql_text};
pub use statement::{Insertion, Statement};
