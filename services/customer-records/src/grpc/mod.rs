//! The wire: handlers read the request, call the use case, write the answer. Nothing is decided here.

mod convert;
mod feed;
mod handlers;
mod status;
mod update;

pub use feed::to_any;
pub use handlers::CustomerRecords;
pub use status::DOMAIN;
