//! How every service speaks gRPC: one assembly of layers, one trust, one policy table, one shape of errors.
//!
//! | to see | read |
//! |---|---|
//! | who may call what | [`policy`] |
//! | how tokens are checked and made | [`trust`], [`token`] |
//! | the order of layers around every call | [`server`] |
//! | how many calls and streams at once | [`places`] |
//! | how serving ends | [`serve`] |
//! | what a refusal looks like on the wire | [`refusal`] |
//! | how request fields are read, all violations at once | [`field`] |
//! | keyset paging | [`page`] |
//! | how one service calls another | [`peer`] |
//! | how a process starts and stops | [`process`] |

pub mod caller;
pub mod field;
mod layer;
pub mod page;
pub mod peer;
pub mod places;
pub mod policy;
pub mod process;
pub mod refusal;
pub mod serve;
pub mod server;
pub mod time;
pub mod token;
pub mod trust;

pub use caller::{Caller, call};
pub use field::Violations;
pub use page::PageRequest;
pub use peer::Peer;
pub use process::Deps;
pub use refusal::Refusal;
