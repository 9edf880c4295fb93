//! The one binary `kexiang`, as a library: running the whole in one process, and the command line.
//!
//! | to see | read |
//! |---|---|
//! | the five services in one process | [`whole`] |
//! | one file per command, and their help | [`command`] |
//! | the databases of the four services | [`database`] |
//! | the folder of a running Kexiang: key, token, addresses | [`data_dir`], [`endpoints`] |
//! | how a file becomes cases | [`import`], [`profile`], `profiles/*.toml` |
//! | site, units, agents and routes as data | [`setup`], [`demo`] |
//! | reports as table, JSON and CSV | [`report`] |
//! | what keeps a newcomer from running it | [`doctor`] |
//!
//! To add a command: a file in `command/` with a `clap::Args` struct whose doc comment is its help, and one line in
//! `command/mod.rs`. To add a profile: a file in `profiles/`, one line in `profile/mod.rs`, and a test with made-up
//! rows.

pub mod client;
pub mod command;
pub mod data_dir;
pub mod database;
pub mod demo;
pub mod doctor;
pub mod endpoints;
pub mod import;
pub mod output;
pub mod profile;
pub mod report;
pub mod setup;
pub mod whole;
