//! Ownerships, their history, rules and disputes on the wire, and the facts of their events.

use kexiang_core::{AgentId, ContactId, FollowUpId, OwnershipDisputeId, SiteId, Timestamp};
use kexiang_proto::customers_v1 as pb;
use kexiang_rpc::time;

use crate::domain::{
    dispute::{Dispute, DisputeFacts, DisputeState, Effect, Ruling, RulingEntry, Subject},
    ownership::{
        Basis, EntryKind, Holding, KeptEntry, Lease, Ownership, OwnershipFacts, name_of, policy::Rule,
    },
};

/// The key of lists by end.
pub(super) fn until(ownership: &Ownership) -> Timestamp {
    ownership.lease().map_or(Timestamp::MAX, |lease| lease.until_at)
}

/// The key of lists by age.
pub(super) fn since(ownership: &Ownership) -> Timestamp {
    match &ownership.holding {
        Holding::Owned(_) => Timestamp::MAX,
        Holding::Pooled(since) | Holding::Lead(since) => *since,
    }
}

pub(in crate::grpc) fn ownership(ownership: &Ownership) -> pb::Ownership {
    let lease = ownership.lease();
    let lease_time = |of: fn(&Lease) -> Timestamp| lease.map(|lease| time::to_wire(of(lease)));
    let previous = ownership.previous.as_ref();
    pb::Ownership {
        name: ownership.name(),
        state: state(ownership.holding.state()),
        site: site(ownership.site.as_ref()),
        tier: ownership.tier.clone(),
        agent: agent(ownership.owner()),
        basis: basis(lease.map(|lease| lease.basis)),
        lease_number: ownership.lease_number,
        start_time: lease_time(|lease| lease.started_at),
        renew_time: lease_time(|lease| lease.renewed_at),
        until_time: lease_time(|lease| lease.until_at),
        warn_time: lease_time(|lease| lease.warns_at),
        since_time: lease.is_none().then(|| time::to_wire(since(ownership))),
        protected_until_time: ownership.protected_until_at.map(time::to_wire),
        previous_agent: agent(previous.map(|previous| &previous.agent)),
        previous_end_time: previous.map(|previous| time::to_wire(previous.ended_at)),
        update_time: Some(time::to_wire(ownership.updated_at)),
        etag: ownership.version.to_string(),
    }
}

pub(super) fn entry(kept: &KeptEntry) -> pb::OwnershipEntry {
    let entry = &kept.entry;
    pb::OwnershipEntry {
        entry_number: kept.entry_number,
        kind: entry_kind(entry.kind),
        lease_number: entry.lease_number,
        agent: agent(entry.agent.as_ref()),
        previous_agent: agent(entry.previous_agent.as_ref()),
        basis: basis(entry.basis),
        time: Some(time::to_wire(entry.occurred_at)),
        until_time: entry.until_at.map(time::to_wire),
        actor: kept.actor.clone(),
        contact: entry.source.contact.map(ContactId::name).unwrap_or_default(),
        follow_up: entry.source.follow_up.map(FollowUpId::name).unwrap_or_default(),
        dispute: entry.source.dispute.map(OwnershipDisputeId::name).unwrap_or_default(),
        reason: entry.reason.clone().unwrap_or_default(),
    }
}

/// The facts of events of an ownership.
pub(in crate::grpc) fn facts(facts: &OwnershipFacts) -> pb::OwnershipFacts {
    let entry = &facts.entry;
    pb::OwnershipFacts {
        customer: entry.customer_id.name(),
        state: state(&facts.state),
        site: site(facts.site.as_ref()),
        tier: facts.tier.clone(),
        agent: agent(entry.agent.as_ref()),
        previous_agent: agent(entry.previous_agent.as_ref()),
        basis: basis(entry.basis),
        lease_number: entry.lease_number,
        until_time: entry.until_at.map(time::to_wire),
        contact: entry.source.contact.map(ContactId::name).unwrap_or_default(),
        follow_up: entry.source.follow_up.map(FollowUpId::name).unwrap_or_default(),
        dispute: entry.source.dispute.map(OwnershipDisputeId::name).unwrap_or_default(),
    }
}

/// A rule; also the facts of its events.
pub(in crate::grpc) fn rule(rule: &Rule) -> pb::OwnershipRule {
    let agreement = match rule.selector.under_agreement {
        None => pb::ownership_rule::Agreement::Unspecified,
        Some(true) => pb::ownership_rule::Agreement::Running,
        Some(false) => pb::ownership_rule::Agreement::None,
    };
    pb::OwnershipRule {
        name: rule.rule_id.name(),
        site: site(rule.selector.site.as_ref()),
        tier: rule.selector.tier.clone().unwrap_or_default(),
        agreement: agreement.into(),
        lease_days: rule.terms.lease_days,
        warning_days: rule.terms.warning_days,
        daily_claims: rule.terms.daily_claims,
        held_limit: rule.terms.held_limit,
        cool_off_days: rule.terms.cool_off_days,
        new_customer_days: rule.terms.new_customer_days,
        new_customer_follow_ups: rule.terms.new_customer_follow_ups,
        update_time: Some(time::to_wire(rule.updated_at)),
        etag: rule.version.to_string(),
    }
}

pub(super) fn dispute(dispute: &Dispute) -> pb::OwnershipDispute {
    let withdrawn = dispute.state == DisputeState::Withdrawn;
    let ended = dispute.ended.as_ref();
    pb::OwnershipDispute {
        name: dispute.dispute_id.name(),
        customer: dispute.customer_id.name(),
        claimant: dispute.claimant.name(),
        grounds: dispute.grounds.clone().unwrap_or_default(),
        respondent: agent(dispute.respondent.as_ref()),
        state: dispute_state(dispute.state),
        ruling: dispute.ruling.as_ref().filter(|_| !withdrawn).map(|found| ruling(found, dispute)),
        open_time: Some(time::to_wire(dispute.opened_at)),
        end_time: ended.map(|(at, _)| time::to_wire(*at)),
        ended_by: agent(ended.map(|(_, by)| by)),
        etag: dispute.version.to_string(),
    }
}

/// The facts of events of a dispute.
pub(in crate::grpc) fn dispute_facts(facts: &DisputeFacts) -> pb::OwnershipDisputeFacts {
    pb::OwnershipDisputeFacts {
        dispute: facts.dispute_id.name(),
        customer: facts.customer_id.name(),
        claimant: facts.claimant.name(),
        respondent: agent(facts.respondent.as_ref()),
        state: dispute_state(facts.state),
        owner: agent(facts.owner.as_ref()),
    }
}

fn ruling(ruling: &Ruling, dispute: &Dispute) -> pb::Ruling {
    let entry = |entry: &RulingEntry| {
        let (kind, name) = match entry.subject {
            Subject::Contact(id) => (pb::ruling_entry::Kind::Contact, id.name()),
            Subject::FollowUp(id) => (pb::ruling_entry::Kind::FollowUp, id.name()),
            Subject::Decision => (pb::ruling_entry::Kind::Decision, name_of(dispute.customer_id)),
        };
        let effect = match entry.effect {
            Effect::Begins => pb::ruling_entry::Effect::Begins,
            Effect::Renews => pb::ruling_entry::Effect::Renews,
            Effect::Ends => pb::ruling_entry::Effect::Ends,
        };
        pb::RulingEntry {
            kind: kind.into(),
            entry: name,
            site: site(entry.site.as_ref()),
            register_number: entry.register_number,
            agent: agent(entry.agent.as_ref()),
            time: Some(time::to_wire(entry.occurred_at)),
            effect: effect.into(),
            until_time: entry.until_at.map(time::to_wire),
        }
    };
    pb::Ruling {
        owner: agent(ruling.owner.as_ref()),
        until_time: ruling.until_at.map(time::to_wire),
        entries: ruling.entries.iter().map(entry).collect(),
    }
}

pub(in crate::grpc) fn agent(agent: Option<&AgentId>) -> String {
    agent.map(AgentId::name).unwrap_or_default()
}

pub(in crate::grpc) fn site(site: Option<&SiteId>) -> String {
    site.map(SiteId::name).unwrap_or_default()
}

// The words of domain and wire are spelled alike.

fn state(word: &str) -> i32 {
    pb::OwnershipState::from_str_name(&format!("OWNERSHIP_STATE_{word}")).unwrap_or_default().into()
}

fn basis(word: Option<Basis>) -> i32 {
    let name = |word: Basis| format!("OWNERSHIP_BASIS_{}", word.as_str());
    word.and_then(|word| pb::OwnershipBasis::from_str_name(&name(word))).unwrap_or_default().into()
}

fn entry_kind(word: EntryKind) -> i32 {
    let name = format!("OWNERSHIP_ENTRY_KIND_{}", word.as_str());
    pb::OwnershipEntryKind::from_str_name(&name).unwrap_or_default().into()
}

fn dispute_state(word: DisputeState) -> i32 {
    let name = format!("OWNERSHIP_DISPUTE_STATE_{}", word.as_str());
    pb::OwnershipDisputeState::from_str_name(&name).unwrap_or_default().into()
}
