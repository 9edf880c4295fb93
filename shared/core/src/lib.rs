//! The words of the product that need no IO: time, ids, actors, phones and the vocabulary of cases.
//!
//! | to see | read |
//! |---|---|
//! | where time comes from | [`clock`] |
//! | ids and their resource names | [`id`], [`slug`] |
//! | who does something and why | [`call`], [`role`] |
//! | channels, kinds, satisfaction … | [`vocabulary`] |
//! | phones in E.164 | [`phone`] |

pub mod call;
pub mod clock;
pub mod id;
pub mod phone;
pub mod role;
pub mod slug;
pub mod vocabulary;

pub use call::{Actor, Call, RequestKey};
pub use clock::{Clock, ManualClock};
pub use id::{
    AgreementId, ArchiveEntryId, ArchiveLoanId, AssignmentId, CallId, CaseId, ContactId, CustomerId,
    DuplicateProposalId, EventId, EvidenceId, EvidenceObjectId, HandInId, HandoverId, HoldId, IncidentId,
    KeyAccountId, NoticeId, PromiseId, PublishedNumberId, RouteId, SupplierQuoteId, TaskId, WorkOrderId,
};
pub use jiff::Timestamp;
pub use phone::PhoneNumber;
pub use role::{Role, Roles};
pub use slug::{AgentId, CategoryTreeId, InvalidId, SiteId, UnitId};
pub use vocabulary::{Channel, CustomerKind, Kind, Satisfaction, Severity};
