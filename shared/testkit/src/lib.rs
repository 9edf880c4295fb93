//! A real PostgreSQL for every test process, and a database of its own for every test.
//!
//! [`TestDatabase::create`] gives a test a fresh database with the schemas it names, migrated. The server behind it is a
//! private one of the test process: nothing to install but PostgreSQL, nothing to start, nothing left afterwards, also when the
//! process is killed. `KEXIANG_TEST_ADMIN_URL` names another server to use instead; it then keeps the templates for the next
//! run, which pays where every test is a process of its own (cargo-nextest).
//!
//! Every test has its own runtime, so tests share addresses, never pools or connections.

#![expect(
    clippy::expect_used,
    reason = "a test whose database cannot be made can only fail, and should say where"
)]

mod cluster;
mod database;
mod scratch;

pub use database::TestDatabase;
