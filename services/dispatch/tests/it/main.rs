//! Stories of dispatch over the wire: the service on a real PostgreSQL, intake's log written by hand.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what helpers of tests cannot do fails the test"
)]

mod assignment;
mod backlog;
mod bearer;
mod case_facts;
mod center;
mod exactly_once;
mod fake_intake;
mod following;
mod org;
mod presence;
mod queue;
mod reassignment;
mod refusals;
mod return_visits;
mod rotation;
mod rotation_orders;
mod routing;
mod setup;
mod work;
