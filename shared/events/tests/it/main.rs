//! The promises of the event log on a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should fail where it stands")]

mod append_only;
mod consumer;
mod feed;
mod foundation;
mod order;
mod property;
