//! The words for where a case stands and who works on it first.

use serde::{Deserialize, Serialize};

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
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
    /// Put away. Final.
    Archived,
    /// Taken back. Final.
    Withdrawn,
}

impl CaseState {
    /// All of them.
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

    /// Whether a contact about it joins it (IN-6).
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Closed | Self::Archived | Self::Withdrawn)
    }

    /// Whether the customer was told the result, or took the case back: the first responsibility is over (IN-11).
    #[must_use]
    pub const fn is_answered(self) -> bool {
        !matches!(self, Self::Received | Self::Dispatched | Self::Resolved)
    }
}

impl std::str::FromStr for CaseState {
    type Err = kexiang_core::vocabulary::UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || kexiang_core::vocabulary::UnknownWord(text.to_owned());
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(unknown)
    }
}

/// Who works on a case first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Handling {
    /// A work order is made at once.
    Dispatch,
    /// The accepting agent tries at the desk.
    Desk,
}

impl Handling {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dispatch => "DISPATCH",
            Self::Desk => "DESK",
        }
    }
}

impl std::str::FromStr for Handling {
    type Err = kexiang_core::vocabulary::UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "DISPATCH" => Ok(Self::Dispatch),
            "DESK" => Ok(Self::Desk),
            _ => Err(kexiang_core::vocabulary::UnknownWord(text.to_owned())),
        }
    }
}
