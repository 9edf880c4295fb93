//! Messages to be sent to somebody by a delivery adapter: codes of dialogues, and news of their case to the reporters of an
//! incident (IN-16).
//!
//! | from | what happens | to |
//! |---|---|---|
//! | PENDING | an adapter takes it | LEASED, for [`LEASE`] |
//! | LEASED | the lease runs out | may be taken again |
//! | LEASED | the adapter reports | DELIVERED or FAILED |
//! | PENDING, LEASED | its time is over | EXPIRED |
//!
//! Invariant: the body is there exactly in PENDING and LEASED. It is in no event and in no log. An adapter that is killed between sending
//! and reporting leaves a message that is sent once more.

use std::fmt;

use jiff::SignedDuration;
use kexiang_core::{
    CaseId, Timestamp,
    id::{DialogueId, OutboundMessageId},
    vocabulary::UnknownWord,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an adapter has a message to itself.
pub const LEASE: SignedDuration = SignedDuration::from_mins(1);

/// How a message goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MessageChannel {
    /// To a phone.
    Sms,
    /// To an e-mail address.
    Email,
}

impl MessageChannel {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "SMS",
            Self::Email => "EMAIL",
        }
    }
}

impl std::str::FromStr for MessageChannel {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "SMS" => Ok(Self::Sms),
            "EMAIL" => Ok(Self::Email),
            _ => Err(UnknownWord(text.to_owned())),
        }
    }
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MessageState {
    /// Waits for an adapter.
    Pending,
    /// An adapter sends it.
    Leased,
    /// It went out.
    Delivered,
    /// It could not be sent.
    Failed,
    /// Nobody sent it in time.
    Expired,
}

impl MessageState {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Leased => "LEASED",
            Self::Delivered => "DELIVERED",
            Self::Failed => "FAILED",
            Self::Expired => "EXPIRED",
        }
    }

    /// The event that tells that it is so.
    #[must_use]
    pub const fn event_type(self) -> &'static str {
        match self {
            Self::Pending | Self::Leased => "message.created",
            Self::Delivered => "message.delivered",
            Self::Failed => "message.failed",
            Self::Expired => "message.expired",
        }
    }
}

impl std::str::FromStr for MessageState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Pending, Self::Leased, Self::Delivered, Self::Failed, Self::Expired];
        let unknown = || UnknownWord(text.to_owned());
        all.into_iter().find(|word| word.as_str() == text).ok_or_else(unknown)
    }
}

/// What a message belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A dialogue: it carries a code.
    Dialogue(DialogueId),
    /// A case: its customer is told.
    Case(CaseId),
}

impl About {
    /// The dialogue, if it is one.
    #[must_use]
    pub const fn dialogue(self) -> Option<DialogueId> {
        match self {
            Self::Dialogue(dialogue) => Some(dialogue),
            Self::Case(_) => None,
        }
    }

    /// The case, if it is one.
    #[must_use]
    pub const fn case(self) -> Option<CaseId> {
        match self {
            Self::Dialogue(_) => None,
            Self::Case(case) => Some(case),
        }
    }
}

/// A message. `Debug` shows neither recipient nor body.
#[derive(Clone, PartialEq)]
pub struct OutboundMessage {
    /// Its id.
    pub id: OutboundMessageId,
    /// How.
    pub channel: MessageChannel,
    /// A phone in E.164, or an e-mail address.
    pub recipient: String,
    /// The text, while it can be sent.
    pub body: Option<String>,
    /// Where it stands.
    pub state: MessageState,
    /// What it belongs to.
    pub about: About,
    /// The lease that it is sent under.
    pub lease: Option<Uuid>,
    /// Until then nobody else gets it.
    pub lease_expires_at: Option<Timestamp>,
    /// It is of no use after that.
    pub expires_at: Timestamp,
    /// Created.
    pub created_at: Timestamp,
}

impl fmt::Debug for OutboundMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundMessage")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Facts of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageFacts {
    /// Which.
    pub message: OutboundMessageId,
    /// How.
    pub channel: MessageChannel,
    /// Where it stands.
    pub state: MessageState,
    /// The dialogue that it belongs to.
    pub dialogue: Option<DialogueId>,
    /// The case whose customer is told.
    #[serde(default)]
    pub case: Option<CaseId>,
}

impl OutboundMessage {
    /// What its events tell.
    #[must_use]
    pub fn facts(&self) -> MessageFacts {
        let (message, channel, state) = (self.id, self.channel, self.state);
        let (dialogue, case) = (self.about.dialogue(), self.about.case());
        MessageFacts { message, channel, state, dialogue, case }
    }
}
