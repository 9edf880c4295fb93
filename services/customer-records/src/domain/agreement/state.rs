//! The states of an agreement and what moves it: the table of [`super`].

use serde::{Deserialize, Serialize};

/// Where an agreement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AgreementState {
    /// Being written.
    Draft,
    /// Looked through by somebody else.
    InReview,
    /// Ready to be signed.
    Approved,
    /// Signed by all.
    Signed,
    /// In force.
    Filed,
    /// What renews it is in force.
    Renewed,
    /// Over, or given up.
    Closed,
}

/// What moves an agreement, or needs a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// To the review.
    Submit,
    /// By the reviewer.
    Approve,
    /// By the reviewer, back to the drafters.
    Return,
    /// By all.
    Sign,
    /// Into force.
    File,
    /// Of a draft, or of what is filed.
    Change,
    /// Opens the renewal.
    Renew,
    /// The renewal is in force.
    Supersede,
    /// The end.
    Close,
    /// Documents and stages.
    Complete,
    /// Money comes.
    Receive,
    /// Money goes back.
    Refund,
}

impl AgreementState {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Draft, Self::InReview, Self::Approved, Self::Signed, Self::Filed, Self::Renewed, Self::Closed];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::InReview => "IN_REVIEW",
            Self::Approved => "APPROVED",
            Self::Signed => "SIGNED",
            Self::Filed => "FILED",
            Self::Renewed => "RENEWED",
            Self::Closed => "CLOSED",
        }
    }

    /// The state after a verb; `None` when it is not allowed. The table of the module.
    #[must_use]
    pub const fn after(self, verb: Verb) -> Option<Self> {
        match (verb, self) {
            (Verb::Submit, Self::Draft) => Some(Self::InReview),
            (Verb::Approve, Self::InReview) => Some(Self::Approved),
            (Verb::Return, Self::InReview | Self::Approved) | (Verb::Change, Self::Draft | Self::Filed) => {
                Some(Self::Draft)
            }
            (Verb::Sign, Self::Approved) => Some(Self::Signed),
            (Verb::File, Self::Signed) | (Verb::Renew, Self::Filed) => Some(Self::Filed),
            (Verb::Supersede, Self::Filed) => Some(Self::Renewed),
            (Verb::Close, Self::Draft | Self::InReview | Self::Approved | Self::Signed | Self::Filed) => {
                Some(Self::Closed)
            }
            (Verb::Complete, Self::Renewed | Self::Closed) | (Verb::Receive, Self::Closed) => None,
            (Verb::Complete | Verb::Receive | Verb::Refund, same) => Some(same),
            (
                Verb::Submit
                | Verb::Approve
                | Verb::Return
                | Verb::Sign
                | Verb::File
                | Verb::Change
                | Verb::Renew
                | Verb::Supersede
                | Verb::Close,
                _,
            ) => None,
        }
    }
}

/// No such state.
#[derive(Debug, thiserror::Error)]
#[error("no such state of an agreement")]
pub struct UnknownAgreementState;

impl std::str::FromStr for AgreementState {
    type Err = UnknownAgreementState;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownAgreementState)
    }
}
