//! What intake knows without any IO: sites, contacts, cases and their states.

pub mod case;
pub mod contact;
pub mod duplicate;
pub mod facts;
pub mod family;
pub mod incident;
pub mod site;

pub use case::{Belonging, Following};
pub use case::{Case, CaseState, Handling, History, NewCase, Transition, TransitionError};
pub use contact::{Caller, Contact, NewContact, Purpose, Timing};
pub use duplicate::{Decision, DuplicateProposal, ProposalState};
pub use facts::{CaseFacts, ContactFacts, DuplicateProposalFacts, IncidentFacts};
pub use family::{Family, FamilyError, Told};
pub use incident::{Area, Incident, IncidentState, Threshold};
pub use site::Site;
