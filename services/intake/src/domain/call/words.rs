//! The words for where a call stands, how it came out, and what is wrong with an event.

use kexiang_core::vocabulary::UnknownWord;
use serde::{Deserialize, Serialize};

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CallState {
    /// It came in.
    Offered,
    /// It waits in the queue.
    Queued,
    /// An agent's phone rings.
    Ringing,
    /// An agent talks with the caller.
    Talking,
    /// On hold.
    Holding,
    /// The caller gave up.
    Abandoned,
    /// Over.
    Ended,
    /// Over, and the work after it too.
    WrappedUp,
}

/// How a call came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CallOutcome {
    /// Somebody answered.
    Answered,
    /// The caller gave up before.
    Abandoned,
    /// Ended without an answer by a menu or the telephony system.
    Unanswered,
}

impl CallState {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "OFFERED",
            Self::Queued => "QUEUED",
            Self::Ringing => "RINGING",
            Self::Talking => "TALKING",
            Self::Holding => "HOLDING",
            Self::Abandoned => "ABANDONED",
            Self::Ended => "ENDED",
            Self::WrappedUp => "WRAPPED_UP",
        }
    }
}

impl CallOutcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Answered, Self::Abandoned, Self::Unanswered];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "ANSWERED",
            Self::Abandoned => "ABANDONED",
            Self::Unanswered => "UNANSWERED",
        }
    }
}

impl std::str::FromStr for CallOutcome {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// Why an event contradicts the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AnomalyReason {
    /// Later than the end.
    AfterEnd,
    /// It can't follow what was before.
    OutOfPlace,
    /// Abandoned after it was answered: counts as the end.
    AbandonedAfterAnswer,
}

impl AnomalyReason {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AfterEnd => "AFTER_END",
            Self::OutOfPlace => "OUT_OF_PLACE",
            Self::AbandonedAfterAnswer => "ABANDONED_AFTER_ANSWER",
        }
    }
}
