//! Stories of reporting over the wire: real PostgreSQL, logs of intake and dispatch written by hand.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what helpers of tests cannot do fails the test"
)]

mod center;
mod day_report;
mod drill_down;
mod exactly_once;
mod facts;
mod feed;
mod first_contact;
mod history;
mod holds;
mod oracle;
mod refusals;
mod wallboard;
