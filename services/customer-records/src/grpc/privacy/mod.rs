//! PrivacyService on the wire.

mod convert;
mod facts;
mod handlers;
mod status;

pub(super) use convert::field_to_wire;
pub(super) use facts::to_any;
pub use handlers::Privacy;
