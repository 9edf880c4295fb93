//! The states of an entry and what moves it: the table of [`super`].

use serde::{Deserialize, Serialize};

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryState {
    /// In use.
    Active,
    /// Kept until its retention ends.
    Retired,
    /// Somebody else has to approve.
    DestructionProposed,
    /// Only the receipt is left.
    Destroyed,
}

/// What moves an entry, or needs a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Content, versions, assessments, quotes.
    Edit,
    /// Out of use.
    Retire,
    /// Back into use.
    Restore,
    /// To be destroyed.
    Propose,
    /// Not to be destroyed.
    Reject,
    /// Destroyed.
    Approve,
    /// To a borrower.
    Lend,
    /// From a borrower.
    TakeBack,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Edit,
        Self::Retire,
        Self::Restore,
        Self::Propose,
        Self::Reject,
        Self::Approve,
        Self::Lend,
        Self::TakeBack,
    ];
}

impl EntryState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Active, Self::Retired, Self::DestructionProposed, Self::Destroyed];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Retired => "RETIRED",
            Self::DestructionProposed => "DESTRUCTION_PROPOSED",
            Self::Destroyed => "DESTROYED",
        }
    }

    /// The state after a verb; `None` when it is not allowed. The table of the module.
    #[must_use]
    pub const fn after(self, verb: Verb) -> Option<Self> {
        match (self, verb) {
            (Self::Active, Verb::Edit | Verb::Lend | Verb::TakeBack) | (Self::Retired, Verb::Restore) => {
                Some(Self::Active)
            }
            (Self::Active, Verb::Retire)
            | (Self::Retired, Verb::Lend | Verb::TakeBack)
            | (Self::DestructionProposed, Verb::Reject) => Some(Self::Retired),
            (Self::Retired, Verb::Propose) => Some(Self::DestructionProposed),
            (Self::DestructionProposed, Verb::Approve) => Some(Self::Destroyed),
            (Self::Active, Verb::Restore | Verb::Propose | Verb::Reject | Verb::Approve)
            | (Self::Retired, Verb::Edit | Verb::Retire | Verb::Reject | Verb::Approve)
            | (
                Self::DestructionProposed,
                Verb::Edit | Verb::Retire | Verb::Restore | Verb::Propose | Verb::Lend | Verb::TakeBack,
            )
            | (Self::Destroyed, _) => None,
        }
    }
}

/// No such state.
#[derive(Debug, thiserror::Error)]
#[error("no such state of an archive entry")]
pub struct UnknownEntryState;

impl std::str::FromStr for EntryState {
    type Err = UnknownEntryState;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownEntryState)
    }
}
