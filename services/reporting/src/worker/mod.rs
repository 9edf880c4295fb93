//! The consumers that keep the projections up with the logs of others.
//!
//! | to see | read |
//! |---|---|
//! | cases, from intake | [`intake_events`] |
//! | work orders, tasks, agents, from dispatch | [`dispatch_events`] |
//! | facts from the wire | [`facts`] |
//!
//! Each keeps its cursor in `reporting.consumer_cursors` and moves it in the transaction that changes the projections: what
//! is killed in between is simply told again (RE-11).

pub mod dispatch_events;
pub mod facts;
pub mod intake_events;
