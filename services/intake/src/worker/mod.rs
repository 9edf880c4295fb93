//! What goes on without a call: taking in the events of others, keeping what expired, ending what is silent. Every worker may run in any number of
//! replicas.

pub mod article_expiry;
pub mod customer_events;
pub mod dialogue_ends;
pub mod dispatch_events;
