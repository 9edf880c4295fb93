//! What happens to an ownership. Every transition gives the lines of the history that it wrote.

use jiff::{Timestamp, tz::TimeZone};
use kexiang_core::{AgentId, FollowUpId, OwnershipDisputeId, SiteId};
use thiserror::Error;

use super::{
    Basis, Entry, EntryKind, Holding, Lease, Ownership, Previous, Reception, Source, period,
    policy::{Policy, Terms},
};

/// What a rule of ownership refuses.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OwnershipError {
    /// Another state is needed.
    #[error("{needed}")]
    State {
        /// Which.
        needed: &'static str,
    },
    /// Somebody owns the customer.
    #[error("the customer is owned by {0:?}")]
    OwnedByAnother(AgentId),
    /// The agent owned the customer before.
    #[error("the previous owner can't claim before {0}")]
    CoolingOff(Timestamp),
    /// The agent claimed as many as they may today.
    #[error("at most {0} claims a day")]
    DailyClaims(i32),
    /// The agent owns as many as they may to claim one more.
    #[error("at most {0} customers held")]
    HeldLimit(i32),
    /// Neither the owner nor a supervisor.
    #[error("only the owner or a supervisor may do this")]
    NotTheOwner,
    /// The agent owns the customer already.
    #[error("{0:?} owns the customer already")]
    SameOwner(AgentId),
    /// Nothing says whose the customer is.
    #[error("nobody received the customer, and nobody is named")]
    NoReception,
}

/// How much an agent has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Customers owned.
    pub held: i64,
    /// Claimed since the day began.
    pub claimed_today: i64,
}

/// How a lease begins.
struct Beginning {
    agent: AgentId,
    basis: Basis,
    at: Timestamp,
    kind: EntryKind,
    source: Source,
    reason: Option<String>,
}

impl Ownership {
    /// What is due by `now`: the announcement of the end, then the end.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Entry> {
        let mut entries = Vec::new();
        if let Holding::Owned(lease) = &mut self.holding
            && !lease.warned
            && lease.warns_at <= now
        {
            lease.warned = true;
            let at = lease.warns_at;
            entries.push(self.entry(EntryKind::Ending, at));
        }
        if let Holding::Owned(lease) = &self.holding
            && lease.until_at <= now
        {
            let at = lease.until_at;
            entries.push(self.entry(EntryKind::Expired, at));
            self.end(at);
        }
        self.changed(now, &entries);
        entries
    }

    /// A contact of the customer. The receiver owns whom nobody owns; a lead waits for a supervisor. What is owned stays so.
    pub fn receive(&mut self, reception: &Reception, policy: &Policy, now: Timestamp) -> Vec<Entry> {
        let was_owned =
            self.previous.as_ref().is_some_and(|previous| reception.contact_at < previous.ended_at);
        if self.lease().is_some() || was_owned {
            return Vec::new();
        }
        if self.site.is_none() || (reception.agent.is_some() && !reception.is_lead()) {
            self.site = Some(reception.site.clone());
        }
        let source = Source { contact: Some(reception.contact_id), ..Source::default() };
        if reception.is_lead() {
            if matches!(self.holding, Holding::Lead(_)) {
                return Vec::new();
            }
            self.holding = Holding::Lead(reception.contact_at);
            let entry = Entry { source, ..self.entry(EntryKind::LeadReceived, reception.contact_at) };
            self.changed(now, std::slice::from_ref(&entry));
            return vec![entry];
        }
        let Some(agent) = reception.agent.clone() else { return Vec::new() };
        let (basis, at) = (reception.basis(), reception.contact_at);
        let beginning = Beginning { agent, basis, at, kind: EntryKind::Started, source, reason: None };
        self.begin(beginning, policy, now)
    }

    /// A follow-up of the owner, at `followed_at`, written at `now`.
    pub fn renew(
        &mut self,
        agent: &AgentId,
        followed_at: Timestamp,
        follow_up: FollowUpId,
        policy: &Policy,
        now: Timestamp,
    ) -> Vec<Entry> {
        let terms = policy.terms(self, now);
        let zone = policy.zone(self.site.as_ref()).clone();
        let Holding::Owned(lease) = &mut self.holding else { return Vec::new() };
        if lease.agent != *agent {
            return Vec::new();
        }
        let until = period::end_of(followed_at, terms.lease_days, &zone);
        if until > lease.until_at {
            lease.lengthen(until, terms, &zone);
        }
        lease.renewed_at = lease.renewed_at.max(followed_at);
        let source = Source { follow_up: Some(follow_up), ..Source::default() };
        let entry = Entry { source, ..self.entry(EntryKind::Renewed, followed_at) };
        self.changed(now, std::slice::from_ref(&entry));
        vec![entry]
    }

    /// The agent takes the customer from the pool.
    ///
    /// # Errors
    /// [`OwnershipError`] when it is not in the pool, or the terms forbid it.
    pub fn claim(
        &mut self,
        agent: &AgentId,
        load: Load,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<Entry>, OwnershipError> {
        match &self.holding {
            Holding::Owned(lease) => return Err(OwnershipError::OwnedByAnother(lease.agent.clone())),
            Holding::Lead(_) => {
                return Err(OwnershipError::State { needed: "a lead is given out by a supervisor" });
            }
            Holding::Pooled(_) => {}
        }
        let terms = policy.terms(self, now);
        if let Some(previous) = self.previous.as_ref().filter(|previous| previous.agent == *agent) {
            let zone = policy.zone(self.site.as_ref());
            let free_at = period::cooled_off(previous.ended_at, terms.cool_off_days, zone);
            if now < free_at {
                return Err(OwnershipError::CoolingOff(free_at));
            }
        }
        if load.claimed_today >= i64::from(terms.daily_claims) {
            return Err(OwnershipError::DailyClaims(terms.daily_claims));
        }
        if load.held >= i64::from(terms.held_limit) {
            return Err(OwnershipError::HeldLimit(terms.held_limit));
        }
        let (agent, source) = (agent.clone(), Source::default());
        let (basis, kind) = (Basis::Claim, EntryKind::Claimed);
        Ok(self.begin(Beginning { agent, basis, at: now, kind, source, reason: None }, policy, now))
    }

    /// Back to the pool.
    ///
    /// # Errors
    /// [`OwnershipError::State`] when nobody owns it.
    pub fn release(&mut self, reason: String, now: Timestamp) -> Result<Vec<Entry>, OwnershipError> {
        if self.lease().is_none() {
            return Err(OwnershipError::State { needed: "the customer has to be owned" });
        }
        let entry = Entry { reason: Some(reason), ..self.entry(EntryKind::Released, now) };
        self.end(now);
        self.changed(now, std::slice::from_ref(&entry));
        Ok(vec![entry])
    }

    /// To another agent, from the pool too.
    ///
    /// # Errors
    /// [`OwnershipError::SameOwner`]; [`OwnershipError::State`] for a lead.
    pub fn transfer(
        &mut self,
        agent: AgentId,
        reason: String,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<Entry>, OwnershipError> {
        if matches!(self.holding, Holding::Lead(_)) {
            return Err(OwnershipError::State { needed: "a lead is given out by AssignLead" });
        }
        let (kind, source) = (EntryKind::Transferred, Source::default());
        self.hand_over(
            Beginning { agent, basis: Basis::Transfer, at: now, kind, source, reason: Some(reason) },
            policy,
            now,
        )
    }

    /// As a dispute was ruled: to the winner, or to nobody. What is so already stays as it is.
    pub fn rule(
        &mut self,
        winner: Option<AgentId>,
        dispute: OwnershipDisputeId,
        policy: &Policy,
        now: Timestamp,
    ) -> Vec<Entry> {
        let source = Source { dispute: Some(dispute), ..Source::default() };
        match winner {
            Some(agent) => {
                let kind = EntryKind::Transferred;
                let beginning =
                    Beginning { agent, basis: Basis::Ruling, at: now, kind, source, reason: None };
                self.hand_over(beginning, policy, now).unwrap_or_default()
            }
            None if self.lease().is_some() => {
                let entry = Entry { source, ..self.entry(EntryKind::Released, now) };
                self.end(now);
                self.changed(now, std::slice::from_ref(&entry));
                vec![entry]
            }
            None => Vec::new(),
        }
    }

    /// A supervisor gives a lead out.
    ///
    /// # Errors
    /// [`OwnershipError::State`] when it is none.
    pub fn assign(
        &mut self,
        agent: AgentId,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<Entry>, OwnershipError> {
        if !matches!(self.holding, Holding::Lead(_)) {
            return Err(OwnershipError::State { needed: "the customer has to be a lead that waits" });
        }
        let (kind, source) = (EntryKind::Started, Source::default());
        let basis = Basis::AssignedLead;
        Ok(self.begin(Beginning { agent, basis, at: now, kind, source, reason: None }, policy, now))
    }

    /// Somebody sent the customer, whose the customer therefore is.
    ///
    /// # Errors
    /// [`OwnershipError::State`] when the customer is owned on another basis than a reception.
    pub fn refer(
        &mut self,
        agent: AgentId,
        basis: Basis,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<Entry>, OwnershipError> {
        let (source, reason) = (Source::default(), None);
        let Holding::Owned(lease) = &mut self.holding else {
            let kind = EntryKind::Started;
            return Ok(self.begin(Beginning { agent, basis, at: now, kind, source, reason }, policy, now));
        };
        if !lease.basis.is_of_reception() {
            return Err(OwnershipError::State {
                needed: "the customer has to be the first receiver's or nobody's",
            });
        }
        if lease.agent != agent {
            let kind = EntryKind::Transferred;
            return self.hand_over(Beginning { agent, basis, at: now, kind, source, reason }, policy, now);
        }
        // The receiver keeps the customer, now for another reason: the period goes on.
        lease.basis = basis;
        let entry = Entry { previous_agent: Some(agent), ..self.entry(EntryKind::Transferred, now) };
        self.changed(now, std::slice::from_ref(&entry));
        Ok(vec![entry])
    }

    /// Sets tier and protection; a running period is lengthened to the end of the agreement.
    pub fn set_terms(
        &mut self,
        tier: String,
        protected_until_at: Option<Timestamp>,
        policy: &Policy,
        now: Timestamp,
    ) -> Vec<Entry> {
        if self.tier == tier && self.protected_until_at == protected_until_at {
            return Vec::new();
        }
        self.tier = tier;
        self.protected_until_at = protected_until_at;
        let terms = policy.terms(self, now);
        let zone = policy.zone(self.site.as_ref()).clone();
        if let Holding::Owned(lease) = &mut self.holding
            && let Some(until) = protected_until_at.filter(|until| *until > lease.until_at)
        {
            lease.lengthen(until, terms, &zone);
        }
        let entry = self.entry(EntryKind::TermsChanged, now);
        self.changed(now, std::slice::from_ref(&entry));
        vec![entry]
    }

    /// Whether `agent` may speak for it: the owner, or of what nobody owns, anybody.
    #[must_use]
    pub fn is_of(&self, agent: Option<&AgentId>) -> bool {
        self.owner().is_none_or(|owner| Some(owner) == agent)
    }

    /// The site that its days are counted in.
    #[must_use]
    pub const fn site(&self) -> Option<&SiteId> {
        self.site.as_ref()
    }

    fn hand_over(
        &mut self,
        beginning: Beginning,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<Entry>, OwnershipError> {
        let before = self.owner().cloned();
        if before.as_ref() == Some(&beginning.agent) {
            return Err(OwnershipError::SameOwner(beginning.agent));
        }
        if before.is_some() {
            self.end(now);
        }
        let mut entries = self.begin(beginning, policy, now);
        for entry in &mut entries {
            entry.previous_agent.clone_from(&before);
        }
        Ok(entries)
    }

    fn begin(&mut self, beginning: Beginning, policy: &Policy, now: Timestamp) -> Vec<Entry> {
        let Beginning { agent, basis, at, kind, source, reason } = beginning;
        let terms = policy.terms(self, now);
        let zone = policy.zone(self.site.as_ref());
        let end = period::end_of(at, terms.lease_days, zone);
        let until_at = self.protected_until_at.map_or(end, |protected| protected.max(end));
        let warns_at = period::announced(until_at, terms.warning_days, zone);
        self.lease_number += 1;
        let (started_at, renewed_at) = (at, at);
        self.holding =
            Holding::Owned(Lease { agent, basis, started_at, renewed_at, until_at, warns_at, warned: false });
        let entry = Entry { source, reason, ..self.entry(kind, at) };
        self.changed(now, std::slice::from_ref(&entry));
        vec![entry]
    }

    fn end(&mut self, at: Timestamp) {
        if let Holding::Owned(lease) = &self.holding {
            self.previous = Some(Previous { agent: lease.agent.clone(), ended_at: at });
            self.holding = Holding::Pooled(at);
        }
    }

    fn entry(&self, kind: EntryKind, occurred_at: Timestamp) -> Entry {
        let lease = self.lease();
        Entry {
            customer_id: self.customer_id,
            lease_number: self.lease_number,
            kind,
            agent: lease.map(|lease| lease.agent.clone()),
            previous_agent: None,
            basis: lease.map(|lease| lease.basis),
            until_at: lease.map(|lease| lease.until_at),
            occurred_at,
            source: Source::default(),
            reason: None,
        }
    }

    fn changed(&mut self, now: Timestamp, entries: &[Entry]) {
        if !entries.is_empty() {
            self.updated_at = now;
            self.version += 1;
        }
    }
}

impl Lease {
    fn lengthen(&mut self, until: Timestamp, terms: Terms, zone: &TimeZone) {
        self.until_at = until;
        self.warns_at = period::announced(until, terms.warning_days, zone);
        self.warned = false;
    }
}
