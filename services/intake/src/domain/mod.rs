//! What intake knows without any IO: sites, contacts, cases and their states, promises, categories, who is calling.

pub mod breaker;
pub mod case;
pub mod category;
pub mod contact;
pub mod evidence;
pub mod facts;
pub mod knowledge;
pub mod promise;
pub mod recognition;
pub mod site;

pub use case::{Case, CaseState, Handling, History, NewCase, Transition, TransitionError};
pub use contact::{Caller, Contact, NewContact, Purpose, Timing};
pub use facts::{CaseFacts, ContactFacts};
pub use site::Site;
