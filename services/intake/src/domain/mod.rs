//! What intake knows without any IO: sites, contacts, cases and their states, promises, categories, who is calling.

pub mod breaker;
pub mod call;
pub mod case;
pub mod category;
pub mod contact;
pub mod desk;
pub mod dialogue;
pub mod duplicate;
pub mod evidence;
pub mod facts;
pub mod family;
pub mod handover;
pub mod incident;
pub mod knowledge;
pub mod message;
pub mod notice;
pub mod promise;
pub mod published_number;
pub mod recognition;
pub mod site;

pub use call::{CallEvent, CallFacts, Life, PhoneCall};
pub use case::{
    Belonging, Case, CaseState, Following, Handling, History, Hold, NewCase, Transition, TransitionError,
};
pub use contact::{Caller, Contact, NewContact, Purpose, Timing};
pub use desk::{AgentState, AwayReason, DeskSpan, StateInterval};
pub use duplicate::{Decision, DuplicateProposal, ProposalState};
pub use facts::{CaseFacts, ContactFacts, DuplicateProposalFacts, IncidentFacts};
pub use family::{Family, FamilyError, Told};
pub use handover::{Handover, HandoverRefusal, HandoverState, NewHandover};
pub use incident::{Area, Incident, IncidentState, Threshold};
pub use notice::{NewNotice, Notice, NoticeKind, Recipient};
pub use published_number::PublishedNumber;
pub use site::Site;
