//! Notices: what the staff have to know at once (IN-13). A notice names its case and carries no personal data.
//!
//! Invariants: a notice is written in the transaction of what it tells; one occasion makes one notice for each recipient,
//! however often its cause is taken in; once read it stays read by who was first.

use std::{fmt, str::FromStr};

use kexiang_core::{
    Actor, AgentId, Call, CaseId, HandoverId, Kind, NoticeId, Role, Timestamp, UnitId,
    vocabulary::UnknownWord,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Case;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NoticeKind {
    /// A complaint was accepted.
    ComplaintAccepted,
    /// A complaint was dispatched to a unit.
    ComplaintDispatched,
    /// The first responsibility for a case is offered.
    HandoverOffered,
    /// The customer of a resolved case can't be told by message.
    CallbackNeeded,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::ComplaintAccepted, Self::ComplaintDispatched, Self::HandoverOffered, Self::CallbackNeeded];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ComplaintAccepted => "COMPLAINT_ACCEPTED",
            Self::ComplaintDispatched => "COMPLAINT_DISPATCHED",
            Self::HandoverOffered => "HANDOVER_OFFERED",
            Self::CallbackNeeded => "CALLBACK_NEEDED",
        }
    }
}

impl FromStr for NoticeKind {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// Whom a notice is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// A person.
    Agent(AgentId),
    /// Everybody with a role.
    Role(Role),
    /// A unit; who belongs to it is known to dispatch.
    Unit(UnitId),
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(agent) => f.write_str(&agent.name()),
            Self::Role(role) => write!(f, "roles/{role}"),
            Self::Unit(unit) => f.write_str(&unit.name()),
        }
    }
}

impl FromStr for Recipient {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownWord(text.to_owned());
        match text.split_once('/') {
            Some(("agents", agent)) => AgentId::parse(agent).map(Self::Agent).map_err(|_| unknown()),
            Some(("roles", role)) => role.parse().map(Self::Role).map_err(|_| unknown()),
            Some(("units", unit)) => UnitId::parse(unit).map(Self::Unit).map_err(|_| unknown()),
            _ => Err(unknown()),
        }
    }
}

impl Serialize for Recipient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Recipient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Recipient {
    /// Whether somebody may read what is for this recipient. Who belongs to a unit is not known here: any of the staff.
    #[must_use]
    pub fn admits(&self, call: &Call) -> bool {
        match self {
            Self::Agent(agent) => call.actor.agent() == Some(agent),
            Self::Role(role) => call.roles.contains(*role),
            Self::Unit(_) => true,
        }
    }
}

/// A notice to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNotice {
    /// What it is about.
    pub kind: NoticeKind,
    /// Which case.
    pub case: CaseId,
    /// For whom.
    pub recipient: Recipient,
    /// What tells two of one kind for one case and recipient apart.
    pub occasion: String,
}

impl NewNotice {
    /// Those for an accepted case: of a complaint, to its first-responsible agent and the supervisors.
    #[must_use]
    pub fn of_acceptance(case: &Case) -> Vec<Self> {
        if case.kind != Kind::Complaint {
            return Vec::new();
        }
        let agent = case.first_responsible_agent.clone().map(Recipient::Agent);
        let recipients = agent.into_iter().chain([Recipient::Role(Role::Supervisor)]);
        recipients.map(|recipient| Self::of_life(NoticeKind::ComplaintAccepted, case, recipient)).collect()
    }

    /// The one for a dispatched case: of a complaint, to its unit once it is known.
    #[must_use]
    pub fn of_dispatch(case: &Case) -> Option<Self> {
        let unit = case.unit.clone().filter(|_| case.kind == Kind::Complaint)?;
        Some(Self::of_life(NoticeKind::ComplaintDispatched, case, Recipient::Unit(unit)))
    }

    /// The one for a resolved case whose customer no message reaches: to its first-responsible agent, or the supervisors.
    #[must_use]
    pub fn of_callback(case: &Case) -> Self {
        let agent = case.first_responsible_agent.clone().map(Recipient::Agent);
        let recipient = agent.unwrap_or(Recipient::Role(Role::Supervisor));
        Self::of_life(NoticeKind::CallbackNeeded, case, recipient)
    }

    /// The one for an offered handover: to the new agent.
    #[must_use]
    pub fn of_handover(handover: HandoverId, case: CaseId, to: AgentId) -> Self {
        let (kind, recipient) = (NoticeKind::HandoverOffered, Recipient::Agent(to));
        Self { kind, case, recipient, occasion: handover.name() }
    }

    /// Once in each life of a case: the first, and one more for each reopening.
    fn of_life(kind: NoticeKind, case: &Case, recipient: Recipient) -> Self {
        Self { kind, case: case.id, recipient, occasion: (case.reopen_count + 1).to_string() }
    }
}

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// What it is about.
    pub kind: NoticeKind,
    /// Which case.
    pub case: CaseId,
    /// For whom.
    pub recipient: Recipient,
    /// When.
    pub created_at: Timestamp,
    /// Read; `None` while unread.
    pub acknowledged_at: Option<Timestamp>,
    /// By whom first.
    pub acknowledged_by: Option<Actor>,
    /// Grows with every change; the etag.
    pub version: i64,
}

/// Facts of a notice, for events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeFacts {
    /// Which.
    pub notice: NoticeId,
    /// What it is about.
    pub kind: NoticeKind,
    /// Which case.
    pub case: CaseId,
    /// For whom.
    pub recipient: Recipient,
    /// When.
    pub created_at: Timestamp,
    /// Read.
    pub acknowledged_at: Option<Timestamp>,
}

impl Notice {
    /// Marks it as read; `false` when it was before, and stays as it is.
    pub fn acknowledge(&mut self, by: &Actor, now: Timestamp) -> bool {
        if self.acknowledged_at.is_some() {
            return false;
        }
        self.acknowledged_at = Some(now);
        self.acknowledged_by = Some(by.clone());
        self.version += 1;
        true
    }

    /// What its events tell.
    #[must_use]
    pub fn facts(&self) -> NoticeFacts {
        NoticeFacts {
            notice: self.id,
            kind: self.kind,
            case: self.case,
            recipient: self.recipient.clone(),
            created_at: self.created_at,
            acknowledged_at: self.acknowledged_at,
        }
    }
}
