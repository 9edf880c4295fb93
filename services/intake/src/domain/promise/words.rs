//! The words for what was promised and where it stands.

use kexiang_core::vocabulary::UnknownWord;
use serde::{Deserialize, Serialize};

/// What was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PromiseKind {
    /// To call back 约定回呼.
    Callback,
}

impl PromiseKind {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Callback => "CALLBACK",
        }
    }
}

impl std::str::FromStr for PromiseKind {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "CALLBACK" => Ok(Self::Callback),
            _ => Err(UnknownWord(text.to_owned())),
        }
    }
}

/// Where a promise stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PromiseState {
    /// Waiting to be kept.
    Open,
    /// Kept in time. Final.
    Kept,
    /// Its due time came; the customer still waits.
    Missed,
    /// Kept after it was missed. Final.
    KeptLate,
    /// Taken back. Final.
    Withdrawn,
}

impl PromiseState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Open, Self::Kept, Self::Missed, Self::KeptLate, Self::Withdrawn];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Kept => "KEPT",
            Self::Missed => "MISSED",
            Self::KeptLate => "KEPT_LATE",
            Self::Withdrawn => "WITHDRAWN",
        }
    }

    /// Whether the customer still waits: such a promise keeps its case from closing.
    #[must_use]
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Open | Self::Missed)
    }
}

impl std::str::FromStr for PromiseState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownWord(text.to_owned());
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(unknown)
    }
}
