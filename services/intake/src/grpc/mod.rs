//! The gRPC face of intake. Handlers are short scripts: convert → one use case → convert; who may call was decided before
//! (`kexiang_rpc::policy`).
//!
//! | to see | read |
//! |---|---|
//! | all methods of the service | [`service`] |
//! | their scripts, by resource | [`sites`], [`contacts`], [`cases`], [`verbs`], [`import`] |
//! | the knowledge base | [`knowledge`] |
//! | automatic acceptance | [`dialogue`] |
//! | from the wire, with every violation | [`read`] |
//! | to the wire: answers, events, refusals | [`convert`], [`facts`], [`status`] |

mod cases;
mod contacts;
mod convert;
mod dialogue;
mod facts;
mod import;
mod knowledge;
mod read;
mod service;
mod sites;
mod status;
mod verbs;

pub use dialogue::SelfService;
pub use facts::to_any;
pub use knowledge::Knowledge;
pub use service::Intake;

/// The domain of refusals by intake.
pub const DOMAIN: &str = "intake.kexiang";
