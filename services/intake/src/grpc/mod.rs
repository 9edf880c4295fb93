//! The gRPC face of intake. Handlers are short scripts: convert → one use case → convert; who may call was decided before
//! (`kexiang_rpc::policy`).
//!
//! | to see | read |
//! |---|---|
//! | all methods of the service | [`service`] |
//! | their scripts, by resource | [`sites`], [`contacts`], [`cases`], [`verbs`], [`import`] |
//! | the services of handovers and notices | [`handovers`], [`notices`] |
//! | from the wire, with every violation | [`read`], [`complaint`] |
//! | to the wire: answers, events, refusals | [`convert`], [`facts`], [`status`] |

mod cases;
mod complaint;
mod contacts;
mod convert;
mod facts;
mod handovers;
mod import;
mod notices;
mod read;
mod service;
mod sites;
mod status;
mod verbs;

pub use facts::to_any;
pub use handovers::Handovers;
pub use notices::Notices;
pub use service::Intake;

/// The domain of refusals by intake.
pub const DOMAIN: &str = "intake.kexiang";
