//! The wire: `kexiang.dispatch.v1.DispatchService` and the feed's facts. Handlers are short scripts: read the caller and the
//! request, run one use case, write the answer. Generated types and gRPC codes go no deeper than this room.

mod convert;
mod feed;
mod service;
mod status;

pub use feed::to_any;
pub use service::Dispatch;

/// The domain of all refusals.
pub const DOMAIN: &str = "dispatch.kexiang";
