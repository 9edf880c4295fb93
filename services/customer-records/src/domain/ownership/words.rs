//! The words of ownership, with one spelling through proto, SQL and events.

use kexiang_core::vocabulary::UnknownWord;
use serde::{Deserialize, Serialize};

/// Why a customer is an agent's (CU-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Basis {
    /// Received the first contact 首次接待.
    FirstReceiver,
    /// Answered the first phone call 首接电话.
    PhoneAnswerer,
    /// Referred by a customer of the agent 老客户介绍.
    Referral,
    /// A friend or relative of a customer who named no agent 亲友.
    FriendOrRelative,
    /// Named by the customer.
    Named,
    /// A lead that a supervisor gave out 线索分配.
    AssignedLead,
    /// Claimed from the pool.
    Claim,
    /// Given by a supervisor, or handed over.
    Transfer,
    /// By the ruling of a dispute.
    Ruling,
}

impl Basis {
    const ALL: [Self; 9] = [
        Self::FirstReceiver,
        Self::PhoneAnswerer,
        Self::Referral,
        Self::FriendOrRelative,
        Self::Named,
        Self::AssignedLead,
        Self::Claim,
        Self::Transfer,
        Self::Ruling,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstReceiver => "FIRST_RECEIVER",
            Self::PhoneAnswerer => "PHONE_ANSWERER",
            Self::Referral => "REFERRAL",
            Self::FriendOrRelative => "FRIEND_OR_RELATIVE",
            Self::Named => "NAMED",
            Self::AssignedLead => "ASSIGNED_LEAD",
            Self::Claim => "CLAIM",
            Self::Transfer => "TRANSFER",
            Self::Ruling => "RULING",
        }
    }

    /// Whether the customer is new with it: came by themselves, rather than from another agent or the pool.
    #[must_use]
    pub const fn makes_new(self) -> bool {
        match self {
            Self::FirstReceiver
            | Self::PhoneAnswerer
            | Self::Referral
            | Self::FriendOrRelative
            | Self::Named
            | Self::AssignedLead => true,
            Self::Claim | Self::Transfer | Self::Ruling => false,
        }
    }

    /// Whether it rests on nothing but who was first, so that a referral goes before it.
    #[must_use]
    pub const fn is_of_reception(self) -> bool {
        matches!(self, Self::FirstReceiver | Self::PhoneAnswerer)
    }
}

impl std::str::FromStr for Basis {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|word| word.as_str() == text);
        found.ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// What happened to an ownership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryKind {
    /// Began by a contact, a referral or an assigned lead.
    Started,
    /// Renewed by a follow-up.
    Renewed,
    /// Announced that it ends soon.
    Ending,
    /// Ended without a follow-up in time.
    Expired,
    /// Given back.
    Released,
    /// Went to another agent.
    Transferred,
    /// Claimed from the pool.
    Claimed,
    /// A lead came in.
    LeadReceived,
    /// Tier or protection changed.
    TermsChanged,
}

impl EntryKind {
    const ALL: [Self; 9] = [
        Self::Started,
        Self::Renewed,
        Self::Ending,
        Self::Expired,
        Self::Released,
        Self::Transferred,
        Self::Claimed,
        Self::LeadReceived,
        Self::TermsChanged,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "STARTED",
            Self::Renewed => "RENEWED",
            Self::Ending => "ENDING",
            Self::Expired => "EXPIRED",
            Self::Released => "RELEASED",
            Self::Transferred => "TRANSFERRED",
            Self::Claimed => "CLAIMED",
            Self::LeadReceived => "LEAD_RECEIVED",
            Self::TermsChanged => "TERMS_CHANGED",
        }
    }

    /// Where the customer stands after it; `None` where it stood before.
    #[must_use]
    pub const fn state_afterwards(self) -> Option<&'static str> {
        match self {
            Self::Started | Self::Renewed | Self::Ending | Self::Transferred | Self::Claimed => Some("OWNED"),
            Self::Expired | Self::Released => Some("POOLED"),
            Self::LeadReceived => Some("LEAD"),
            Self::TermsChanged => None,
        }
    }

    /// The type of the event that tells it.
    #[must_use]
    pub const fn event_type(self) -> &'static str {
        match self {
            Self::Started => "ownership.started",
            Self::Renewed => "ownership.renewed",
            Self::Ending => "ownership.ending",
            Self::Expired => "ownership.expired",
            Self::Released => "ownership.released",
            Self::Transferred => "ownership.transferred",
            Self::Claimed => "pool.claimed",
            Self::LeadReceived => "lead.received",
            Self::TermsChanged => "ownership.terms_changed",
        }
    }
}

impl std::str::FromStr for EntryKind {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|word| word.as_str() == text);
        found.ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// How a customer was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferralKind {
    /// By a customer who recommends us.
    Referral,
    /// As a friend or relative of a customer.
    FriendOrRelative,
}

impl std::str::FromStr for ReferralKind {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "REFERRAL" => Ok(Self::Referral),
            "FRIEND_OR_RELATIVE" => Ok(Self::FriendOrRelative),
            _ => Err(UnknownWord(text.to_owned())),
        }
    }
}
