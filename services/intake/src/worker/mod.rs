//! What intake takes in from the events of others.

pub mod customer_events;
pub mod dispatch_events;
pub mod mass_faults;
