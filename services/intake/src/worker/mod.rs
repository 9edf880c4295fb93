//! What intake takes in from the events of others, and what it does by itself.

pub mod categories;
pub mod customer_events;
pub mod dispatch_events;
