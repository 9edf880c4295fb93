//! The states of a key account and what moves it: the table of [`super`].

use serde::{Deserialize, Serialize};

/// Where a key account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KeyAccountState {
    /// The units reach no threshold yet.
    Candidate,
    /// They did.
    Proposed,
    /// Its special plan is approved.
    Approved,
    /// Under contract.
    Active,
    /// Shall be none.
    Dismissed,
    /// Over.
    Closed,
}

/// What moves a key account, or needs a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// The units reach a threshold.
    Qualify,
    /// Members come and go without proof.
    Enrol,
    /// Members and their names change with proof.
    ChangeMembers,
    /// A plan is written, submitted or returned.
    Plan,
    /// A plan is approved.
    ApprovePlan,
    /// An agreement becomes the contract.
    LinkContract,
    /// It shall be none.
    Dismiss,
    /// The end.
    Close,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Qualify,
        Self::Enrol,
        Self::ChangeMembers,
        Self::Plan,
        Self::ApprovePlan,
        Self::LinkContract,
        Self::Dismiss,
        Self::Close,
    ];
}

impl KeyAccountState {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Candidate, Self::Proposed, Self::Approved, Self::Active, Self::Dismissed, Self::Closed];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Candidate => "CANDIDATE",
            Self::Proposed => "PROPOSED",
            Self::Approved => "APPROVED",
            Self::Active => "ACTIVE",
            Self::Dismissed => "DISMISSED",
            Self::Closed => "CLOSED",
        }
    }

    /// The state after a verb; `None` when it is not allowed. The table of the module.
    #[must_use]
    pub const fn after(self, verb: Verb) -> Option<Self> {
        match (self, verb) {
            (Self::Candidate, Verb::Qualify) => Some(Self::Proposed),
            (Self::Proposed, Verb::ApprovePlan) => Some(Self::Approved),
            (Self::Approved, Verb::LinkContract) => Some(Self::Active),
            (Self::Candidate | Self::Proposed, Verb::Dismiss) => Some(Self::Dismissed),
            (Self::Approved | Self::Active, Verb::Close) => Some(Self::Closed),
            (Self::Candidate, Verb::Enrol | Verb::ChangeMembers)
            | (Self::Proposed, Verb::Qualify | Verb::Enrol | Verb::ChangeMembers | Verb::Plan)
            | (Self::Approved, Verb::Qualify | Verb::ChangeMembers | Verb::Plan | Verb::ApprovePlan)
            | (
                Self::Active,
                Verb::Qualify | Verb::ChangeMembers | Verb::Plan | Verb::ApprovePlan | Verb::LinkContract,
            ) => Some(self),
            (
                Self::Candidate
                | Self::Proposed
                | Self::Approved
                | Self::Active
                | Self::Dismissed
                | Self::Closed,
                _,
            ) => None,
        }
    }
}

/// No such state.
#[derive(Debug, thiserror::Error)]
#[error("no such state of a key account")]
pub struct UnknownKeyAccountState;

impl std::str::FromStr for KeyAccountState {
    type Err = UnknownKeyAccountState;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownKeyAccountState)
    }
}
