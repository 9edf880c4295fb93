//! The gRPC face of intake. Handlers are short scripts: convert → one use case → convert; who may call was decided before
//! (`kexiang_rpc::policy`).
//!
//! | to see | read |
//! |---|---|
//! | all methods of the service | [`service`] |
//! | their scripts, by resource | [`sites`], [`contacts`], [`cases`], [`verbs`], [`import`] |
//! | duplicates and mass faults, services of their own | [`duplicates`], [`incidents`] |
//! | from the wire, with every violation | [`read`] |
//! | to the wire: answers, events, refusals | [`convert`], [`facts`], [`status`] |

mod cases;
mod contacts;
mod convert;
mod duplicates;
mod facts;
mod import;
mod incidents;
mod read;
mod service;
mod sites;
mod status;
mod verbs;

pub use duplicates::Duplicates;
pub use facts::to_any;
pub use incidents::Incidents;
pub use service::Intake;

/// The domain of refusals by intake.
pub const DOMAIN: &str = "intake.kexiang";
