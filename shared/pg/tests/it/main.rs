//! The promises of this crate on a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "what helpers of tests cannot do fails the test")]

mod fixture;
mod idempotency;
mod migration;
mod pool;
mod private_server;
mod private_start;
mod provision;
mod statement;
