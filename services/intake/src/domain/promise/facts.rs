//! What the events of a promise tell.

use kexiang_core::{AgentId, CaseId, PromiseId, SiteId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{PromiseKind, PromiseState};

/// An alarm that went off, to be told as an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// `promise.due_soon` or `promise.missed`.
    pub event_type: &'static str,
    /// Its time, which may have passed while nobody was there to tell it.
    pub at: Timestamp,
    /// The promise after it.
    pub facts: PromiseFacts,
}

/// What the events of a promise tell: no personal data, no words of anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromiseFacts {
    /// Which.
    pub promise: PromiseId,
    /// About which case.
    pub case: CaseId,
    /// Where.
    pub site: SiteId,
    /// What.
    pub kind: PromiseKind,
    /// Where it stands.
    pub state: PromiseState,
    /// Who keeps it.
    pub owner: AgentId,
    /// When it was given.
    pub made_at: Timestamp,
    /// By when.
    pub due_at: Timestamp,
    /// Missed.
    pub missed_at: Option<Timestamp>,
    /// Contacted.
    pub kept_at: Option<Timestamp>,
    /// Seconds from due time to contact; 0 when in time, or not kept.
    pub lateness_seconds: i64,
    /// How far it is escalated.
    pub escalation_level: i32,
    /// To whom.
    pub escalation_role: Option<String>,
    /// An alarm that was told late.
    pub late: bool,
}
