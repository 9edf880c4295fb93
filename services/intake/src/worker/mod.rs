//! What intake takes in from the events of others, and what it does by the clock.

pub mod customer_events;
pub mod dispatch_events;
pub mod promise_alarms;
