//! What intake knows without any IO: sites, contacts, cases and their states.

pub mod case;
pub mod contact;
pub mod facts;
pub mod handover;
pub mod notice;
pub mod site;

pub use case::{Case, CaseState, Handling, History, Hold, HoldReason, NewCase, Transition, TransitionError};
pub use contact::{Caller, Contact, NewContact, Purpose, Timing};
pub use facts::{CaseFacts, ContactFacts};
pub use handover::{Handover, HandoverRefusal, HandoverState, NewHandover};
pub use notice::{NewNotice, Notice, NoticeKind, Recipient};
pub use site::Site;
