//! Disputes whose a customer is, ruled by the public register (CU-6).
//!
//! | from | by | to |
//! |---|---|---|
//! | open | a supervisor who is no party confirms the ruling | ruled |
//! | open | the claimant or a supervisor withdraws | withdrawn |
//!
//! The ruling replays the rules of ownership (CU-4, CU-5) over the register: contacts in the order of their numbers, follow-ups in the
//! order of recording, and the decisions in the history. It differs from what is recorded when contacts became known in another order than
//! they came in: a call whose contact was completed late, a visit that was registered after its time.
//!
//! Where an entry was given a period once, that period stands: a changed rule never rewrites the past.

use std::{collections::HashMap, str::FromStr};

use jiff::Timestamp;
use kexiang_core::{
    AgentId, ContactId, CustomerId, FollowUpId, OwnershipDisputeId, SiteId, vocabulary::UnknownWord,
};
use serde::{Deserialize, Serialize};

use super::ownership::{EntryKind, KeptEntry, Ownership, Reception, period, policy::Policy};

/// Where a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DisputeState {
    /// Waits for a supervisor.
    Open,
    /// Decided. Final.
    Ruled,
    /// Taken back. Final.
    Withdrawn,
}

impl DisputeState {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Ruled => "RULED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }
}

impl FromStr for DisputeState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Open, Self::Ruled, Self::Withdrawn];
        all.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// A dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// Which.
    pub dispute_id: OwnershipDisputeId,
    /// About whom.
    pub customer_id: CustomerId,
    /// Who claims the customer.
    pub claimant: AgentId,
    /// Who owned the customer when it was opened.
    pub respondent: Option<AgentId>,
    /// Words of staff; gone after an erasure.
    pub grounds: Option<String>,
    /// Where it stands.
    pub state: DisputeState,
    /// Opened.
    pub opened_at: Timestamp,
    /// What the register says, or said when it was confirmed.
    pub ruling: Option<Ruling>,
    /// When it was ruled or withdrawn, and by whom.
    pub ended: Option<(Timestamp, AgentId)>,
    /// Starts at 1, one more for every change.
    pub version: i64,
}

/// What events tell of a dispute.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DisputeFacts {
    /// Which.
    pub dispute_id: OwnershipDisputeId,
    /// About whom.
    pub customer_id: CustomerId,
    /// Who claims the customer.
    pub claimant: AgentId,
    /// Who owned the customer when it was opened.
    pub respondent: Option<AgentId>,
    /// Where it stands.
    pub state: DisputeState,
    /// Whose the customer is by the ruling.
    pub owner: Option<AgentId>,
}

impl Dispute {
    /// What events tell of it.
    #[must_use]
    pub fn facts(&self) -> DisputeFacts {
        let ruling = self.ruling.as_ref().filter(|_| self.state == DisputeState::Ruled);
        DisputeFacts {
            dispute_id: self.dispute_id,
            customer_id: self.customer_id,
            claimant: self.claimant.clone(),
            respondent: self.respondent.clone(),
            state: self.state,
            owner: ruling.and_then(|ruling| ruling.owner.clone()),
        }
    }

    /// Whether this agent claims the customer, or owned the customer when it was opened.
    #[must_use]
    pub fn is_party(&self, agent: &AgentId) -> bool {
        self.claimant == *agent || self.respondent.as_ref() == Some(agent)
    }
}

/// What the register says whose the customer is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// Whose; nobody's for `None`.
    pub owner: Option<AgentId>,
    /// Until when.
    pub until_at: Option<Timestamp>,
    /// What it rests on, oldest first.
    pub entries: Vec<RulingEntry>,
}

/// An entry of the register that a ruling rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulingEntry {
    /// Which.
    pub subject: Subject,
    /// Of whose register; of decisions none.
    pub site: Option<SiteId>,
    /// Its number there; of a decision, its entry number.
    pub register_number: i64,
    /// Who received, wrote or got it.
    pub agent: Option<AgentId>,
    /// When.
    pub occurred_at: Timestamp,
    /// What follows from it.
    pub effect: Effect,
    /// Until when the ownership then ran.
    pub until_at: Option<Timestamp>,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// A contact of intake.
    Contact(ContactId),
    /// A follow-up.
    FollowUp(FollowUpId),
    /// A line of the history.
    Decision,
}

/// What follows from an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Effect {
    /// An ownership begins.
    Begins,
    /// It is renewed.
    Renews,
    /// It ends.
    Ends,
}

impl Effect {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Begins => "BEGINS",
            Self::Renews => "RENEWS",
            Self::Ends => "ENDS",
        }
    }
}

impl FromStr for Effect {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Begins, Self::Renews, Self::Ends];
        all.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// A follow-up, as the register has it.
#[derive(Debug, Clone)]
pub struct Written {
    /// Which.
    pub follow_up_id: FollowUpId,
    /// In whose register.
    pub site: SiteId,
    /// Its number there.
    pub follow_up_number: i64,
    /// By whom.
    pub agent: AgentId,
    /// When.
    pub followed_at: Timestamp,
    /// Written down.
    pub recorded_at: Timestamp,
}

/// All that the register has of a customer.
#[derive(Debug, Clone, Default)]
pub struct Register {
    /// Contacts.
    pub receptions: Vec<Reception>,
    /// Follow-ups.
    pub follow_ups: Vec<Written>,
    /// The history of the ownership, in its order.
    pub history: Vec<(KeptEntry, Timestamp)>,
}

/// What happens next in the replay: the time that counts, then its rank among those of one moment.
struct Step<'a> {
    at: Timestamp,
    rank: u8,
    what: What<'a>,
}

enum What<'a> {
    Decided(&'a KeptEntry),
    Received(&'a Reception),
    Followed(&'a Written),
}

/// What the register says at `now`. The replay of CU-4 and CU-5.
#[must_use]
pub fn rule(register: &Register, ownership: &Ownership, policy: &Policy, now: Timestamp) -> Ruling {
    let days = policy.terms(ownership, now).lease_days;
    let zone = policy.zone(ownership.site());
    let given = periods_given(&register.history);
    let mut ruling = Ruling::default();
    for step in steps(register).into_iter().filter(|step| step.at <= now) {
        if ruling.until_at.is_some_and(|until| until <= step.at) {
            ruling = Ruling::default();
        }
        match step.what {
            What::Received(reception) => {
                if ruling.owner.is_none() && !reception.is_lead() && reception.agent.is_some() {
                    let given = given.get(&Subject::Contact(reception.contact_id).key());
                    let until = given.copied().unwrap_or_else(|| period::end_of(step.at, days, zone));
                    ruling.begins(RulingEntry {
                        subject: Subject::Contact(reception.contact_id),
                        site: Some(reception.site.clone()),
                        register_number: reception.register_number,
                        agent: reception.agent.clone(),
                        occurred_at: step.at,
                        effect: Effect::Begins,
                        until_at: Some(until),
                    });
                }
            }
            What::Followed(written) => {
                if ruling.owner.as_ref() == Some(&written.agent) {
                    let given = given.get(&Subject::FollowUp(written.follow_up_id).key());
                    let until =
                        given.copied().unwrap_or_else(|| period::end_of(written.followed_at, days, zone));
                    ruling.renewed(written, until);
                }
            }
            What::Decided(kept) => ruling.decided(kept),
        }
    }
    if ruling.until_at.is_some_and(|until| until <= now) { Ruling::default() } else { ruling }
}

impl Subject {
    /// Contacts and follow-ups have ids of one kind.
    const fn key(self) -> Option<uuid::Uuid> {
        match self {
            Self::Contact(id) => Some(id.uuid()),
            Self::FollowUp(id) => Some(id.uuid()),
            Self::Decision => None,
        }
    }
}

impl Ruling {
    fn begins(&mut self, entry: RulingEntry) {
        self.owner.clone_from(&entry.agent);
        self.until_at = entry.until_at;
        self.entries = vec![entry];
    }

    fn renewed(&mut self, written: &Written, until: Timestamp) {
        self.until_at = self.until_at.max(Some(until));
        self.entries.push(RulingEntry {
            subject: Subject::FollowUp(written.follow_up_id),
            site: Some(written.site.clone()),
            register_number: written.follow_up_number,
            agent: Some(written.agent.clone()),
            occurred_at: written.followed_at,
            effect: Effect::Renews,
            until_at: self.until_at,
        });
    }

    fn decided(&mut self, kept: &KeptEntry) {
        let entry = &kept.entry;
        let line = |effect, agent, until_at| RulingEntry {
            subject: Subject::Decision,
            site: None,
            register_number: kept.entry_number,
            agent,
            occurred_at: entry.occurred_at,
            effect,
            until_at,
        };
        match entry.kind {
            EntryKind::Started | EntryKind::Claimed | EntryKind::Transferred => {
                self.begins(line(Effect::Begins, entry.agent.clone(), entry.until_at));
            }
            EntryKind::Released => {
                *self =
                    Self { entries: vec![line(Effect::Ends, entry.agent.clone(), None)], ..Self::default() };
            }
            EntryKind::TermsChanged if self.owner.is_some() && self.owner == entry.agent => {
                self.until_at = self.until_at.max(entry.until_at);
                self.entries.push(line(Effect::Renews, entry.agent.clone(), self.until_at));
            }
            EntryKind::TermsChanged
            | EntryKind::Renewed
            | EntryKind::Ending
            | EntryKind::Expired
            | EntryKind::LeadReceived => {}
        }
    }
}

/// The periods that entries of the register were given when they counted.
fn periods_given(history: &[(KeptEntry, Timestamp)]) -> HashMap<Option<uuid::Uuid>, Timestamp> {
    let given = history.iter().filter_map(|(kept, _)| {
        let source = kept.entry.source;
        let subject = source.contact.map(Subject::Contact).or(source.follow_up.map(Subject::FollowUp))?;
        Some((subject.key(), kept.entry.until_at?))
    });
    given.collect()
}

/// The register in the order that counts. What a contact or a follow-up did is replayed; only what people decided is taken from
/// the history.
fn steps(register: &Register) -> Vec<Step<'_>> {
    let received = in_order_of_numbers(&register.receptions).into_iter().map(|(at, reception)| Step {
        at,
        rank: 1,
        what: What::Received(reception),
    });
    let followed = register.follow_ups.iter();
    let followed =
        followed.map(|written| Step { at: written.recorded_at, rank: 2, what: What::Followed(written) });
    let decided = register.history.iter().filter(|(kept, _)| {
        let source = kept.entry.source;
        source.contact.is_none() && source.follow_up.is_none()
    });
    let decided = decided.map(|(kept, at)| Step { at: *at, rank: 0, what: What::Decided(kept) });
    let mut steps: Vec<_> = received.chain(followed).chain(decided).collect();
    steps.sort_by_key(|step| (step.at, step.rank));
    steps
}

/// Contacts with the time that counts: within a site, none is before one with a lower number, whatever was written beside it.
fn in_order_of_numbers(receptions: &[Reception]) -> Vec<(Timestamp, &Reception)> {
    let mut by_number: Vec<_> = receptions.iter().collect();
    by_number.sort_by(|a, b| (&a.site, a.register_number).cmp(&(&b.site, b.register_number)));
    let mut latest: Option<(&SiteId, Timestamp)> = None;
    let timed = by_number.into_iter().map(|reception| {
        let before = latest.filter(|(site, _)| *site == &reception.site).map(|(_, at)| at);
        let at = before.map_or(reception.contact_at, |before| before.max(reception.contact_at));
        latest = Some((&reception.site, at));
        (at, reception)
    });
    timed.collect()
}
