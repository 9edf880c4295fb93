//! Follow-up records and the rules of conduct about them (CU-7).
//!
//! Invariants: a follow-up is never changed; there is one record for the personal and the public register, so they can't
//! disagree. A finding is made once, after its day or period is over.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use kexiang_core::{
    AgentId, ConductFindingId, ContactId, CustomerId, FollowUpId, SiteId, vocabulary::UnknownWord,
};
use serde::{Deserialize, Serialize};

/// The longest content, in characters.
pub const MAX_CONTENT: usize = 4_000;
/// The longest next step, in characters.
pub const MAX_NEXT_STEP: usize = 1_000;
/// How long afterwards a follow-up may be written down.
pub const LATEST_RECORD: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How a customer was followed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Way {
    /// 电话
    Phone,
    /// The customer came 来访.
    Reception,
    /// The agent went 上门.
    Visit,
    /// 短信、即时消息
    Message,
    /// 邮件
    Email,
    /// 其他
    Other,
}

impl Way {
    const ALL: [Self; 6] =
        [Self::Phone, Self::Reception, Self::Visit, Self::Message, Self::Email, Self::Other];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "PHONE",
            Self::Reception => "RECEPTION",
            Self::Visit => "VISIT",
            Self::Message => "MESSAGE",
            Self::Email => "EMAIL",
            Self::Other => "OTHER",
        }
    }
}

impl FromStr for Way {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|word| word.as_str() == text);
        found.ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// What an agent writes down.
#[derive(Debug, Clone)]
pub struct NewFollowUp {
    /// Of whom.
    pub customer_id: CustomerId,
    /// In whose register, if it was said.
    pub site: Option<SiteId>,
    /// When; now if it was not said.
    pub followed_at: Option<Timestamp>,
    /// How.
    pub way: Way,
    /// Words about the customer: never in an event or a log.
    pub content: String,
    /// What to do next.
    pub next_step: Option<String>,
    /// When to do it.
    pub next_step_at: Option<Timestamp>,
    /// The contact that it belongs to.
    pub contact_id: Option<ContactId>,
}

/// A follow-up.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// Which.
    pub follow_up_id: FollowUpId,
    /// In whose register.
    pub site: SiteId,
    /// Its number there, from 1 without gaps.
    pub follow_up_number: i64,
    /// Of whom.
    pub customer_id: CustomerId,
    /// Who wrote it.
    pub agent: AgentId,
    /// How.
    pub way: Way,
    /// When.
    pub followed_at: Timestamp,
    /// Words; gone after an erasure.
    pub content: Option<String>,
    /// What to do next.
    pub next_step: Option<String>,
    /// When to do it.
    pub next_step_at: Option<Timestamp>,
    /// The contact that it belongs to, and its number in intake's register.
    pub contact: Option<(ContactId, i64)>,
    /// Written down.
    pub recorded_at: Timestamp,
    /// The end of the ownership that it renewed.
    pub ownership_until_at: Option<Timestamp>,
}

// Words about a customer stay out of logs.
impl std::fmt::Debug for FollowUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FollowUp").field("follow_up_id", &self.follow_up_id).finish_non_exhaustive()
    }
}

/// What events tell of a follow-up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FollowUpFacts {
    /// Which.
    pub follow_up_id: FollowUpId,
    /// Of whom.
    pub customer_id: CustomerId,
    /// In whose register.
    pub site: SiteId,
    /// Its number there.
    pub follow_up_number: i64,
    /// Who wrote it.
    pub agent: AgentId,
    /// How.
    pub way: Way,
    /// When.
    pub followed_at: Timestamp,
    /// When the next step is due.
    pub next_step_at: Option<Timestamp>,
    /// The contact that it belongs to.
    pub contact_id: Option<ContactId>,
}

impl FollowUp {
    /// What events tell of it.
    #[must_use]
    pub fn facts(&self) -> FollowUpFacts {
        FollowUpFacts {
            follow_up_id: self.follow_up_id,
            customer_id: self.customer_id,
            site: self.site.clone(),
            follow_up_number: self.follow_up_number,
            agent: self.agent.clone(),
            way: self.way,
            followed_at: self.followed_at,
            next_step_at: self.next_step_at,
            contact_id: self.contact.map(|(contact, _)| contact),
        }
    }
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConductRule {
    /// Received customers and wrote nothing on the same day.
    NothingWritten,
    /// A new customer got too few follow-ups.
    TooFewFollowUps,
}

impl ConductRule {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NothingWritten => "NOTHING_WRITTEN",
            Self::TooFewFollowUps => "TOO_FEW_FOLLOW_UPS",
        }
    }

    /// The type of the event that tells a finding.
    #[must_use]
    pub const fn event_type(self) -> &'static str {
        match self {
            Self::NothingWritten => "conduct.nothing_written",
            Self::TooFewFollowUps => "conduct.follow_ups_missed",
        }
    }
}

impl FromStr for ConductRule {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "NOTHING_WRITTEN" => Ok(Self::NothingWritten),
            "TOO_FEW_FOLLOW_UPS" => Ok(Self::TooFewFollowUps),
            _ => Err(UnknownWord(text.to_owned())),
        }
    }
}

/// What is to be looked at when its time is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What.
    pub rule: ConductRule,
    /// Where.
    pub site: Option<SiteId>,
    /// Whose records.
    pub agent: AgentId,
    /// About whom, and which ownership; of a new customer alone.
    pub lease: Option<(CustomerId, i32)>,
    /// From when on what is written counts.
    pub starts_at: Timestamp,
    /// Until when.
    pub due_at: Timestamp,
    /// How many are wanted.
    pub wanted: i32,
}

/// A check whose time is over, with what was written.
#[derive(Debug, Clone)]
pub struct DueCheck {
    /// Which row.
    pub check_id: i64,
    /// What.
    pub check: Check,
    /// How many were written within it.
    pub written: i32,
}

/// Something not in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which.
    pub finding_id: ConductFindingId,
    /// What.
    pub rule: ConductRule,
    /// Where.
    pub site: Option<SiteId>,
    /// Whose records.
    pub agent: AgentId,
    /// About whom.
    pub customer_id: Option<CustomerId>,
    /// The day, or the beginning of the period.
    pub starts_at: Timestamp,
    /// When it was over.
    pub ends_at: Timestamp,
    /// How many were wanted.
    pub wanted: i32,
    /// How many were written.
    pub written: i32,
}

impl DueCheck {
    /// What is found, if anything.
    #[must_use]
    pub fn finding(&self, now: Timestamp) -> Option<Finding> {
        let Check { rule, site, agent, lease, starts_at, due_at, wanted } = self.check.clone();
        (self.written < wanted).then(|| Finding {
            finding_id: ConductFindingId::at(now),
            rule,
            site,
            agent,
            customer_id: lease.map(|(customer, _)| customer),
            starts_at,
            ends_at: due_at,
            wanted,
            written: self.written,
        })
    }
}
