//! Ownership as a lease (CU-4, CU-5): whose a customer is, until when and why. What happens to it is in [`transition`], how
//! long it runs in [`period`], under which terms in [`policy`].
//!
//! | from | by | to |
//! |---|---|---|
//! | pooled, lead | a contact that an agent received | owned: first receiver, or phone answerer |
//! | pooled | a web lead | lead |
//! | lead | a supervisor assigns it | owned: assigned lead |
//! | pooled | a claim | owned: claim |
//! | pooled, lead, owned by first receiver | a referral | owned: referral, named, friend or relative |
//! | owned | a follow-up of the owner | owned, a new period from the day of the follow-up |
//! | pooled, owned | transfer, ruling | owned by another |
//! | owned | its end comes | pooled |
//! | owned | release | pooled |
//!
//! # Invariants
//! - A period is never shortened: follow-ups written late and ends of agreements only lengthen it.
//! - Whatever is decided, is decided after what was due by then: it makes no difference whether the timer was there in time.
//! - A contact that came in while the customer was still owned begins nothing, even if it is told after the end.

pub mod period;
pub mod policy;
#[cfg(test)]
mod tests;
pub mod transition;
mod words;

use jiff::Timestamp;
use kexiang_core::{AgentId, ContactId, CustomerId, FollowUpId, OwnershipDisputeId, SiteId};
use serde::{Deserialize, Serialize};

pub use words::{Basis, EntryKind, ReferralKind};

/// Whose a customer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ownership {
    /// Who.
    pub customer_id: CustomerId,
    /// Whose.
    pub holding: Holding,
    /// Of the contact that last began an ownership, or of the first contact.
    pub site: Option<SiteId>,
    /// Code of the customer's tier; empty for none.
    pub tier: String,
    /// Which ownership of this customer, from 1; 0 before the first.
    pub lease_number: i32,
    /// An agreement runs until then.
    pub protected_until_at: Option<Timestamp>,
    /// The ownership before.
    pub previous: Option<Previous>,
    /// Last changed.
    pub updated_at: Timestamp,
    /// Starts at 1, one more for every change.
    pub version: i64,
}

/// Where a customer stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Holding {
    /// An agent's.
    Owned(Lease),
    /// In the public pool since then.
    Pooled(Timestamp),
    /// A lead, waiting to be given out since then.
    Lead(Timestamp),
}

/// An agent's right to a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Whose.
    pub agent: AgentId,
    /// Why.
    pub basis: Basis,
    /// Since when.
    pub started_at: Timestamp,
    /// From when the running period counts.
    pub renewed_at: Timestamp,
    /// When it ends.
    pub until_at: Timestamp,
    /// When its end is announced.
    pub warns_at: Timestamp,
    /// It was announced.
    pub warned: bool,
}

/// The ownership before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// Whose.
    pub agent: AgentId,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// A line of the history: what a transition did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Of whom.
    pub customer_id: CustomerId,
    /// Which ownership.
    pub lease_number: i32,
    /// What.
    pub kind: EntryKind,
    /// The owner afterwards; of an end, the one until then.
    pub agent: Option<AgentId>,
    /// The owner before a transfer.
    pub previous_agent: Option<AgentId>,
    /// Why it is, or was, the agent's.
    pub basis: Option<Basis>,
    /// When it ends or ended.
    pub until_at: Option<Timestamp>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What it rests on.
    pub source: Source,
    /// Why, in words.
    pub reason: Option<String>,
}

/// What a line of the history rests on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The contact that began it.
    pub contact: Option<ContactId>,
    /// The follow-up that renewed it.
    pub follow_up: Option<FollowUpId>,
    /// The dispute that decided it.
    pub dispute: Option<OwnershipDisputeId>,
}

/// A line of the history as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptEntry {
    /// Increases within a customer.
    pub entry_number: i64,
    /// What happened.
    pub entry: Entry,
    /// Who did it.
    pub actor: String,
}

/// A contact as the public register has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reception {
    /// Which.
    pub contact_id: ContactId,
    /// Whose register.
    pub site: SiteId,
    /// Its number there.
    pub register_number: i64,
    /// When it came in, as was written.
    pub contact_at: Timestamp,
    /// How: the word of the channel.
    pub channel: String,
    /// Who received it; nobody when a service did.
    pub agent: Option<AgentId>,
    /// The agent answered the call.
    pub answered: bool,
}

/// The channel of web and exhibition leads: supervisors give them out.
const LEAD_CHANNEL: &str = "LEAD";

impl Reception {
    /// Whether it is a web or exhibition lead.
    #[must_use]
    pub fn is_lead(&self) -> bool {
        self.channel == LEAD_CHANNEL
    }

    /// On which basis its receiver owns.
    #[must_use]
    pub const fn basis(&self) -> Basis {
        if self.answered { Basis::PhoneAnswerer } else { Basis::FirstReceiver }
    }
}

/// What events tell of an ownership.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OwnershipFacts {
    /// What was written into the history, without words.
    pub entry: Entry,
    /// Where it stands: OWNED, POOLED, LEAD.
    pub state: String,
    /// The site.
    pub site: Option<SiteId>,
    /// The tier.
    pub tier: String,
}

impl Ownership {
    /// Of a customer who is nobody's yet.
    #[must_use]
    pub fn pooled(customer_id: CustomerId, site: Option<SiteId>, now: Timestamp) -> Self {
        Self {
            customer_id,
            holding: Holding::Pooled(now),
            site,
            tier: String::new(),
            lease_number: 0,
            protected_until_at: None,
            previous: None,
            updated_at: now,
            version: 1,
        }
    }

    /// The running lease.
    #[must_use]
    pub const fn lease(&self) -> Option<&Lease> {
        match &self.holding {
            Holding::Owned(lease) => Some(lease),
            Holding::Pooled(_) | Holding::Lead(_) => None,
        }
    }

    /// The owner.
    #[must_use]
    pub fn owner(&self) -> Option<&AgentId> {
        self.lease().map(|lease| &lease.agent)
    }

    /// Its resource name.
    #[must_use]
    pub fn name(&self) -> String {
        name_of(self.customer_id)
    }

    /// When something is to be done by itself.
    #[must_use]
    pub fn fires_at(&self) -> Option<Timestamp> {
        self.lease().map(|lease| if lease.warned { lease.until_at } else { lease.warns_at })
    }

    /// What events tell of an entry.
    #[must_use]
    pub fn facts(&self, entry: &Entry) -> OwnershipFacts {
        OwnershipFacts {
            entry: Entry { reason: None, ..entry.clone() },
            state: entry.kind.state_afterwards().unwrap_or_else(|| self.holding.state()).to_owned(),
            site: self.site.clone(),
            tier: self.tier.clone(),
        }
    }
}

/// The resource name of the ownership of a customer.
#[must_use]
pub fn name_of(customer_id: CustomerId) -> String {
    format!("{}/ownership", customer_id.name())
}

impl Holding {
    /// The word for where a customer stands.
    #[must_use]
    pub const fn state(&self) -> &'static str {
        match self {
            Self::Owned(_) => "OWNED",
            Self::Pooled(_) => "POOLED",
            Self::Lead(_) => "LEAD",
        }
    }
}
