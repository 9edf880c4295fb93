//! Events of calls, as telephony systems tell them.

use kexiang_core::{AgentId, Channel, PhoneNumber, Timestamp, vocabulary::UnknownWord};
use serde::{Deserialize, Serialize};

/// What happened. The order of the variants is their order at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CallEventKind {
    /// It came in.
    Offered,
    /// Handed to another agent; before what follows it at the same time.
    Transferred,
    /// It went into the queue.
    Queued,
    /// An agent's phone rings.
    Ringing,
    /// An agent talks with the caller.
    Answered,
    /// Put on hold.
    Held,
    /// Taken back from hold.
    Retrieved,
    /// The caller hung up before anybody answered.
    Abandoned,
    /// Over.
    Ended,
    /// The work after it is over.
    WrappedUp,
}

impl CallEventKind {
    /// All of them, by rank.
    pub const ALL: [Self; 10] = [
        Self::Offered,
        Self::Transferred,
        Self::Queued,
        Self::Ringing,
        Self::Answered,
        Self::Held,
        Self::Retrieved,
        Self::Abandoned,
        Self::Ended,
        Self::WrappedUp,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "OFFERED",
            Self::Queued => "QUEUED",
            Self::Ringing => "RINGING",
            Self::Answered => "ANSWERED",
            Self::Held => "HELD",
            Self::Retrieved => "RETRIEVED",
            Self::Transferred => "TRANSFERRED",
            Self::Abandoned => "ABANDONED",
            Self::Ended => "ENDED",
            Self::WrappedUp => "WRAPPED_UP",
        }
    }

    /// The event of the log that tells it.
    #[must_use]
    pub const fn event_type(self) -> &'static str {
        match self {
            Self::Offered => "call.offered",
            Self::Queued => "call.queued",
            Self::Ringing => "call.ringing",
            Self::Answered => "call.answered",
            Self::Held => "call.held",
            Self::Retrieved => "call.retrieved",
            Self::Transferred => "call.transferred",
            Self::Abandoned => "call.abandoned",
            Self::Ended => "call.ended",
            Self::WrappedUp => "call.wrapped_up",
        }
    }

    /// Its place among events of the same time.
    #[must_use]
    pub const fn rank(self) -> i16 {
        self as i16
    }

    /// Whether it makes no sense without an agent.
    #[must_use]
    pub const fn needs_agent(self) -> bool {
        matches!(self, Self::Ringing | Self::Answered | Self::Transferred)
    }
}

impl std::str::FromStr for CallEventKind {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// One event of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallEvent {
    /// The telephony system.
    pub source: String,
    /// Unique per source.
    pub event_id: String,
    /// What happened.
    pub kind: CallEventKind,
    /// When, by the telephony system.
    pub event_at: Timestamp,
    /// Whose phone rings, who talks, who gets it.
    pub agent: Option<AgentId>,
    /// Who calls, if it can be dialled.
    pub caller_phone: Option<PhoneNumber>,
    /// What was dialled.
    pub called_number: Option<String>,
    /// As told, or of the published number.
    pub channel: Option<Channel>,
    /// Of the published number.
    pub language: Option<String>,
}

impl CallEvent {
    /// What makes it one event.
    #[must_use]
    pub fn key(&self) -> (&str, &str) {
        (&self.source, &self.event_id)
    }

    /// Its place in the life of the call: by time, then kind; ids make the order total.
    #[must_use]
    pub fn place(&self) -> (Timestamp, CallEventKind, &str, &str) {
        (self.event_at, self.kind, &self.source, &self.event_id)
    }
}
