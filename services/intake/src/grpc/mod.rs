//! The gRPC face of intake. Handlers are short scripts: convert → one use case → convert; who may call was decided before
//! (`kexiang_rpc::policy`).
//!
//! | to see | read |
//! |---|---|
//! | all methods of the service | [`service`] |
//! | their scripts, by resource | [`sites`], [`contacts`], [`cases`], [`verbs`], [`import`] |
//! | calls, and what is left to them | [`calls`], [`call_read`], [`fill`] |
//! | published numbers and what agents do | [`desk`], [`published_numbers`] |
//! | from the wire, with every violation | [`read`] |
//! | to the wire: answers, events, refusals | [`convert`], [`call_convert`], [`facts`], [`status`] |

mod call_convert;
mod call_read;
mod calls;
mod cases;
mod contacts;
mod convert;
mod desk;
mod facts;
mod fill;
mod import;
mod published_numbers;
mod read;
mod service;
mod sites;
mod status;
mod verbs;

pub use calls::Calls;
pub use desk::Desks;
pub use facts::to_any;
pub use service::Intake;

/// The domain of refusals by intake.
pub const DOMAIN: &str = "intake.kexiang";
