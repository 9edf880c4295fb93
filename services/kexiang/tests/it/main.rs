//! The built binary, driven as a user drives it: real PostgreSQL, real files, ports chosen by the system.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

mod crash;
mod health;
mod http;
mod import;
mod import_crash;
mod lifecycle;
mod logs;
mod main_job;
mod report;
mod support;
mod words;
