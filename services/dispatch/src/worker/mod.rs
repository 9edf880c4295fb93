//! What goes on without a call: taking in intake's events, settling what waits. Every worker may
//! run in any number of replicas.

pub mod intake_events;
pub mod settle_waiting;
