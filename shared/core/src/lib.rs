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
    AgreementId, ArchiveEntryId, ArchiveLoanId, ArrivalId, AssignmentId, CallId, CaseId, ConductFindingId,
    ContactId, CustomerExportId, CustomerHandoverId, CustomerId, DuplicateProposalId, ErasureId, EventId,
    EvidenceId, EvidenceObjectId, FieldSchemaId, FollowUpId, HandInId, HandoverId, HoldId, IncidentId,
    KeyAccountId, KeyAccountMemberId, LegalHoldId, MemberChangeId, MergeId, MergeProposalId, NoticeId,
    OwnershipDisputeId, OwnershipRuleId, PriceSightId, PromiseId, PublishedNumberId, RelationshipId, RouteId,
    SameCustomerRulingId, SegmentId, ShiftId, SupplierQuoteId, TaskId, TurnId, UnitMoveId, UnmaskingId,
    WorkOrderId,
};
pub use jiff::Timestamp;
pub use phone::PhoneNumber;
pub use role::{Role, Roles};
pub use slug::{AgentId, CategoryTreeId, InvalidId, SiteId, UnitId};
pub use vocabulary::{Channel, CustomerKind, HoldReason, Kind, Satisfaction, Severity};
