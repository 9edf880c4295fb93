//! What is happening now (RE-1).

use jiff::Timestamp;
use kexiang_core::HoldReason;

use super::state::{CaseState, WorkOrderState};

/// Live counts of one site or of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wallboard {
    /// Cases by state, every state in the order of life.
    pub cases: Vec<(CaseState, i64)>,
    /// Work orders by state, every state in the order of life.
    pub work_orders: Vec<(WorkOrderState, i64)>,
    /// Agents signed in, over all sites.
    pub agents_signed_in: i64,
    /// Return visits to be made.
    pub return_visits: OpenVisits,
    /// Cases on hold, by reason; those without cases are left out.
    pub held_cases: Vec<HeldCases>,
    /// All events of both sources recorded up to here are in: the time of the last one taken in, so it stands still in quiet
    /// hours; `None` before each source told something.
    pub as_of: Option<Timestamp>,
}

impl Wallboard {
    /// Whether `other` shows the same, apart from how fresh it is.
    #[must_use]
    pub fn shows_the_same_as(&self, other: &Self) -> bool {
        Self { as_of: None, ..self.clone() } == Self { as_of: None, ..other.clone() }
    }
}

/// Cases on hold for one reason (IN-18).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldCases {
    /// What they wait for.
    pub reason: HoldReason,
    /// How many.
    pub count: i64,
    /// Since when the one waits that waits longest.
    pub oldest_held_at: Timestamp,
}

/// Return visits to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenVisits {
    /// All of them.
    pub open: i64,
    /// Those past their time.
    pub overdue: i64,
}
