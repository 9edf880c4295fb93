//! What intake knows without any IO: sites, contacts, cases and their states.

pub mod case;
pub mod contact;
pub mod dialogue;
pub mod facts;
pub mod knowledge;
pub mod message;
pub mod site;

pub use case::{Case, CaseState, Handling, History, NewCase, Transition, TransitionError};
pub use contact::{Caller, Contact, NewContact, Purpose, Timing};
pub use facts::{CaseFacts, ContactFacts};
pub use site::Site;
