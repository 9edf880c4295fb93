//! Orders, visits and promises of a customer as dispatch and intake told them last (CU-16). States are in the words of those who
//! told them: they are shown here, and nothing is decided by them.

use jiff::Timestamp;
use kexiang_core::{CaseId, CustomerId, PromiseId, TaskId, WorkOrderId};

use super::{
    agreement::Agreement, customer::Customer, ownership::Ownership, profile::Profile, recognition::OpenCase,
    relationship::Relationship, timeline::TimelineEntry,
};

/// The most of each list that the view shows.
pub const MOST_SHOWN: i64 = 20;

/// A work order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewedOrder {
    /// Which.
    pub id: WorkOrderId,
    /// Of which case.
    pub case_id: CaseId,
    /// 1 for the first of a case.
    pub attempt: i32,
    /// Dispatch's word.
    pub state: String,
    /// `units/{unit}` or empty.
    pub unit: String,
    /// `agents/{agent}` or empty.
    pub agent: String,
    /// How often returned.
    pub rework_count: i32,
    /// Created.
    pub created_at: Option<Timestamp>,
    /// Completed.
    pub completed_at: Option<Timestamp>,
}

/// A return visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewedVisit {
    /// Which.
    pub id: TaskId,
    /// Of which case.
    pub case_id: CaseId,
    /// Dispatch's word.
    pub kind: String,
    /// Dispatch's word.
    pub state: String,
    /// By when.
    pub due_at: Option<Timestamp>,
    /// Attempts that reached nobody.
    pub failed_attempts: i32,
    /// A word, or empty.
    pub satisfaction: String,
    /// Done or exhausted.
    pub completed_at: Option<Timestamp>,
}

/// A promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewedPromise {
    /// Which.
    pub id: PromiseId,
    /// Of which case.
    pub case_id: CaseId,
    /// Intake's word.
    pub kind: String,
    /// Intake's word.
    pub state: String,
    /// `agents/{agent}`.
    pub owner: String,
    /// When it is due.
    pub due_at: Option<Timestamp>,
    /// When the customer was contacted.
    pub kept_at: Option<Timestamp>,
}

/// What a batch of events says, in its order: of several about one thing the last counts.
#[derive(Debug, Default)]
pub struct ViewNews {
    /// Orders.
    pub orders: Vec<ViewedOrder>,
    /// Visits.
    pub visits: Vec<ViewedVisit>,
    /// Promises.
    pub promises: Vec<ViewedPromise>,
}

/// Everything about a customer.
pub struct CustomerView {
    /// Who.
    pub customer: Customer,
    /// What they are like.
    pub profile: Profile,
    /// Those that hold.
    pub relationships: Vec<Relationship>,
    /// The representative first.
    pub same_customer: Vec<CustomerId>,
    /// Whose they are.
    pub ownership: Ownership,
    /// Newest first.
    pub agreements: Vec<Agreement>,
    /// Newest first.
    pub open_cases: Vec<OpenCase>,
    /// All cases.
    pub case_count: i64,
    /// In the last 30 days.
    pub recent_contacts: i64,
    /// Newest first.
    pub orders: Vec<ViewedOrder>,
    /// The due first.
    pub visits: Vec<ViewedVisit>,
    /// Newest first.
    pub promises: Vec<ViewedPromise>,
    /// Newest first.
    pub timeline: Vec<TimelineEntry>,
}
