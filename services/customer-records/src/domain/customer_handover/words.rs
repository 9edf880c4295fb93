//! The words of handovers, spelled alike in proto, SQL and events.

use std::str::FromStr;

use kexiang_core::vocabulary::UnknownWord;
use serde::{Deserialize, Serialize};

/// Why customers are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HandoverReason {
    /// 离职
    Leaving,
    /// 转岗
    StageChange,
    /// Anything else.
    Other,
}

/// Where a handover stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HandoverState {
    /// Being collected and divided.
    Planning,
    /// A preview.
    Planned,
    /// Receivers confirm.
    Running,
    /// Everybody is confirmed or dropped. Final.
    Done,
    /// Taken back. Final.
    Cancelled,
}

/// Where a customer of a handover stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemState {
    /// Waits to be given to a receiver.
    Pending,
    /// Waits for the receiver.
    Offered,
    /// Every receiver declined.
    Unplaced,
    /// The receiver's. Final.
    Confirmed,
    /// No longer part of it. Final.
    Dropped,
}

/// Why a customer is no longer part of a handover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DropReason {
    /// Was not the old owner's.
    NotOwned,
    /// Is part of another handover.
    InAnotherHandover,
    /// Expired or was given back.
    OwnershipEnded,
    /// Became another agent's otherwise.
    OwnerChanged,
    /// Was merged into another customer.
    Merged,
    /// The handover was cancelled.
    Cancelled,
}

/// What a receiver answered to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnswerToAll {
    /// Takes all.
    ConfirmedAll,
    /// Gets none any more.
    DeclinedAll,
}

impl HandoverReason {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leaving => "LEAVING",
            Self::StageChange => "STAGE_CHANGE",
            Self::Other => "OTHER",
        }
    }
}

impl HandoverState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Planning, Self::Planned, Self::Running, Self::Done, Self::Cancelled];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planning => "PLANNING",
            Self::Planned => "PLANNED",
            Self::Running => "RUNNING",
            Self::Done => "DONE",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl ItemState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Offered, Self::Unplaced, Self::Confirmed, Self::Dropped];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Offered => "OFFERED",
            Self::Unplaced => "UNPLACED",
            Self::Confirmed => "CONFIRMED",
            Self::Dropped => "DROPPED",
        }
    }
}

impl DropReason {
    const ALL: [Self; 6] = [
        Self::NotOwned,
        Self::InAnotherHandover,
        Self::OwnershipEnded,
        Self::OwnerChanged,
        Self::Merged,
        Self::Cancelled,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotOwned => "NOT_OWNED",
            Self::InAnotherHandover => "IN_ANOTHER_HANDOVER",
            Self::OwnershipEnded => "OWNERSHIP_ENDED",
            Self::OwnerChanged => "OWNER_CHANGED",
            Self::Merged => "MERGED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl AnswerToAll {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConfirmedAll => "CONFIRMED_ALL",
            Self::DeclinedAll => "DECLINED_ALL",
        }
    }
}

fn find<T: Copy>(all: &[T], word: fn(T) -> &'static str, text: &str) -> Result<T, UnknownWord> {
    all.iter().copied().find(|one| word(*one) == text).ok_or_else(|| UnknownWord(text.to_owned()))
}

impl FromStr for HandoverReason {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        find(&[Self::Leaving, Self::StageChange, Self::Other], Self::as_str, text)
    }
}
impl FromStr for HandoverState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        find(&Self::ALL, Self::as_str, text)
    }
}
impl FromStr for ItemState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        find(&Self::ALL, Self::as_str, text)
    }
}
impl FromStr for DropReason {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        find(&Self::ALL, Self::as_str, text)
    }
}
impl FromStr for AnswerToAll {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        find(&[Self::ConfirmedAll, Self::DeclinedAll], Self::as_str, text)
    }
}
