//! The states of what is counted, with the names of the protos without their prefixes: so they stand in SQL too.
//!
//! Reporting enforces no transition: it counts what the owning services tell.

use std::str::FromStr;

use kexiang_core::vocabulary::UnknownWord;

/// The life of a case (IN-17), in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseState {
    /// Accepted; nobody else has it yet.
    Received,
    /// A work order exists.
    Dispatched,
    /// The work is done, or the desk answered.
    Resolved,
    /// The customer was told.
    Informed,
    /// The customer was asked afterwards.
    Visited,
    /// Done.
    Closed,
    /// Closed and put away.
    Archived,
    /// The customer took it back.
    Withdrawn,
}

impl CaseState {
    /// All of them, in the order of life.
    pub const ALL: [Self; 8] = [
        Self::Received,
        Self::Dispatched,
        Self::Resolved,
        Self::Informed,
        Self::Visited,
        Self::Closed,
        Self::Archived,
        Self::Withdrawn,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Dispatched => "DISPATCHED",
            Self::Resolved => "RESOLVED",
            Self::Informed => "INFORMED",
            Self::Visited => "VISITED",
            Self::Closed => "CLOSED",
            Self::Archived => "ARCHIVED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }
}

impl FromStr for CaseState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// The life of a work order, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkOrderState {
    /// No line of the routing table fits.
    Unrouted,
    /// Its unit is known; nobody there could take it yet.
    Queued,
    /// An agent has it and has not said yes yet.
    Assigned,
    /// The agent signed for it. 签收
    Accepted,
    /// Work is under way.
    InProgress,
    /// The doer says it is done.
    Finished,
    /// Verified by another person. 验收
    Completed,
    /// The case was withdrawn.
    Cancelled,
}

impl WorkOrderState {
    /// All of them, in the order of life.
    pub const ALL: [Self; 8] = [
        Self::Unrouted,
        Self::Queued,
        Self::Assigned,
        Self::Accepted,
        Self::InProgress,
        Self::Finished,
        Self::Completed,
        Self::Cancelled,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unrouted => "UNROUTED",
            Self::Queued => "QUEUED",
            Self::Assigned => "ASSIGNED",
            Self::Accepted => "ACCEPTED",
            Self::InProgress => "IN_PROGRESS",
            Self::Finished => "FINISHED",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl FromStr for WorkOrderState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// What a task is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskKind {
    /// Asking the customer afterwards (DI-19). 回访
    ReturnVisit,
}

impl TaskKind {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::ReturnVisit];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReturnVisit => "RETURN_VISIT",
        }
    }
}

impl FromStr for TaskKind {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// The life of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    /// To be done.
    Open,
    /// The customer answered.
    Done,
    /// The customer could not be reached.
    Exhausted,
    /// No longer needed.
    Cancelled,
}

impl TaskState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Done, Self::Exhausted, Self::Cancelled];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Done => "DONE",
            Self::Exhausted => "EXHAUSTED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl FromStr for TaskState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// Whether an agent gets work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Gets nothing.
    SignedOut,
    /// Gets work.
    SignedIn,
}

impl Presence {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::SignedOut, Self::SignedIn];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "SIGNED_OUT",
            Self::SignedIn => "SIGNED_IN",
        }
    }
}

impl FromStr for Presence {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}
