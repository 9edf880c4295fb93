//! Ownership: what makes, renews, ends and moves it (CU-4, CU-5), and disputes about it (CU-6).
//!
//! # Invariants and failure cases
//! - Whoever decides whose a customer is locks the customer's ownership first: of any number of agents who claim one at once, one
//!   finds it in the pool. An agent's own claims take turns, so that no cap is exceeded.
//! - What is due by then is done first, in the same transaction: a command, a contact and the timer agree on who owns.
//! - Ownership, history, checks and events commit together: killed before the commit nothing of it is there, killed after it all.
//! - Contacts are taken in in the transaction that moves the cursor, each once: a contact that stands in the register begins
//!   nothing a second time, even if intake's whole log is read again.

mod alarms;
pub mod disputes;
mod reads;
pub mod reception;
mod rules;
pub mod verbs;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use kexiang_core::{AgentId, Call, CustomerId, OwnershipRuleId, Role};
use kexiang_events::Draft;
use kexiang_pg::IdempotencyError;
use sqlx::PgConnection;
use thiserror::Error;

use super::{App, AppError};
pub use crate::store::ownerships::Which;
use crate::{
    domain::{
        customer_handover::DropReason,
        follow_up::{Check, ConductRule},
        ownership::{Basis, Entry, EntryKind, Ownership, period, policy::Policy, transition::OwnershipError},
    },
    store::{
        conduct, customers, handover_items, origins, ownership_entries, ownership_rules, ownerships,
        receptions,
    },
};

/// What was over longer ago when it became known, as with imported history, is not looked at any more.
const STALE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A refused use case of ownership.
#[derive(Debug, Error)]
pub enum OwnershipRefusal {
    /// There is no such customer.
    #[error("there is no {0:?}")]
    NotFound(CustomerId),
    /// The etag is not the current one.
    #[error("the ownership of {0:?} has changed")]
    EtagMismatch(CustomerId),
    /// A rule of ownership.
    #[error("{customer:?}: {source}")]
    Rule {
        /// Of whom.
        customer: CustomerId,
        /// Why.
        source: OwnershipError,
    },
    /// A service owns no customers.
    #[error("a person is needed")]
    NotAnAgent,
    /// There is no such rule.
    #[error("there is no {0:?}")]
    RuleNotFound(OwnershipRuleId),
    /// The etag is not that of the rule.
    #[error("{0:?} has changed")]
    RuleEtagMismatch(OwnershipRuleId),
    /// What any use case may meet.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<sqlx::Error> for OwnershipRefusal {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<serde_json::Error> for OwnershipRefusal {
    fn from(error: serde_json::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<IdempotencyError> for OwnershipRefusal {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}

/// Whether the caller decides about others' customers.
pub(super) fn leads(call: &Call) -> bool {
    call.roles.any_of(&[Role::Supervisor, Role::Administrator, Role::Service])
}

/// The person who calls.
pub(super) fn caller(call: &Call) -> Result<&AgentId, OwnershipRefusal> {
    call.actor.agent().ok_or(OwnershipRefusal::NotAnAgent)
}

impl App {
    /// All rules and zones.
    pub(super) async fn policy(&self, conn: &mut PgConnection) -> sqlx::Result<Policy> {
        Ok(Policy {
            rules: ownership_rules::list(conn, None, i64::MAX).await?,
            zones: receptions::zones(conn).await?,
            default_zone: self.zone.clone(),
        })
    }

    /// The ownership of a customer, locked until the transaction ends; made if the customer has none. The customer is held against
    /// merging first: of who is merged, the survivor's ownership counts.
    pub(super) async fn lock_ownership(
        &self,
        conn: &mut PgConnection,
        id: CustomerId,
        now: Timestamp,
    ) -> Result<Ownership, OwnershipRefusal> {
        let ids = BTreeSet::from([id]);
        if let Some(survivor) = origins::hold(conn, &[id]).await?.remove(&id) {
            return Err(AppError::CustomerMerged { customer: id, survivor }.into());
        }
        if let Some(ownership) = ownerships::lock(conn, &ids).await?.pop() {
            return Ok(ownership);
        }
        if !customers::exists(conn, id).await? {
            return Err(OwnershipRefusal::NotFound(id));
        }
        ownerships::insert_missing(conn, &[(id, None)], now).await?;
        ownerships::lock(conn, &ids).await?.pop().ok_or(OwnershipRefusal::NotFound(id))
    }

    /// Puts a new customer into the pool, in the transaction that makes the customer: nobody has received them yet.
    pub(in crate::app) async fn put_into_pool(
        &self,
        conn: &mut PgConnection,
        id: CustomerId,
    ) -> Result<(), AppError> {
        let now = self.clock.now();
        Ok(ownerships::insert_missing(conn, &[(id, None)], now).await?)
    }

    /// Writes what transitions did: ownerships, history, checks, events. `origin` names the call that an entry goes back to, if it
    /// is not `call`.
    pub(super) async fn record(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        changed: &[Ownership],
        entries: &[Entry],
        policy: &Policy,
        origin: impl Fn(&Entry) -> Option<Call>,
    ) -> Result<(), AppError> {
        if entries.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let of = |entry: &Entry| changed.iter().find(|ownership| ownership.customer_id == entry.customer_id);
        let drafts = entries.iter().filter_map(|entry| {
            let ownership = of(entry)?;
            let (kind, facts) = (entry.kind.event_type(), ownership.facts(entry));
            let draft = Draft::new(kind, ownership.name(), entry.occurred_at, &facts);
            Some(draft.map(|draft| match origin(entry) {
                Some(origin) => draft.by(&origin),
                None => draft,
            }))
        });
        let drafts: Vec<_> = drafts.collect::<Result<_, _>>()?;
        let checks: Vec<_> =
            entries.iter().filter_map(|entry| check_of(entry, of(entry)?, policy, now)).collect();
        let gone: Vec<_> = entries.iter().filter_map(given_away).collect();
        let left: Vec<_> = entries.iter().filter_map(left_owner).collect();

        ownerships::update(conn, changed).await?;
        ownership_entries::append(conn, entries, &call.actor.to_string(), now).await?;
        if !left.is_empty() {
            handover_items::drop_open(conn, &left, now).await?;
        }
        if !gone.is_empty() {
            conduct::cancel_checks(conn, &gone).await?;
        }
        if !checks.is_empty() {
            conduct::insert_checks(conn, &checks).await?;
        }
        Ok(self.log.append(conn, call, now, &drafts).await?)
    }
}

/// A new customer wants follow-ups within a time.
fn check_of(entry: &Entry, ownership: &Ownership, policy: &Policy, now: Timestamp) -> Option<Check> {
    let begins = matches!(entry.kind, EntryKind::Started | EntryKind::Transferred);
    let agent = entry.agent.clone().filter(|_| begins && entry.basis.is_some_and(Basis::makes_new))?;
    let terms = policy.terms(ownership, now);
    let zone = policy.zone(ownership.site());
    let due_at = period::end_of(entry.occurred_at, terms.new_customer_days, zone);
    let wanted = terms.new_customer_follow_ups;
    (wanted > 0 && terms.new_customer_days > 0 && is_fresh(due_at, now)).then(|| Check {
        rule: ConductRule::TooFewFollowUps,
        site: ownership.site.clone(),
        agent,
        lease: Some((entry.customer_id, entry.lease_number)),
        starts_at: entry.occurred_at,
        due_at,
        wanted,
    })
}

/// The ownership that ended because it was given away or back, not by its own end.
fn given_away(entry: &Entry) -> Option<(CustomerId, i32)> {
    match entry.kind {
        EntryKind::Released => Some((entry.customer_id, entry.lease_number)),
        EntryKind::Transferred if entry.previous_agent.is_some() && entry.previous_agent != entry.agent => {
            Some((entry.customer_id, entry.lease_number - 1))
        }
        _ => None,
    }
}

/// The customer who is no longer the owner's, which ends their part in a handover (CU-10).
fn left_owner(entry: &Entry) -> Option<(CustomerId, DropReason)> {
    match entry.kind {
        EntryKind::Expired | EntryKind::Released => Some((entry.customer_id, DropReason::OwnershipEnded)),
        EntryKind::Transferred if entry.previous_agent != entry.agent => {
            Some((entry.customer_id, DropReason::OwnerChanged))
        }
        EntryKind::Transferred
        | EntryKind::Started
        | EntryKind::Renewed
        | EntryKind::Ending
        | EntryKind::Claimed
        | EntryKind::LeadReceived
        | EntryKind::TermsChanged => None,
    }
}

/// Whether a time that was over at `due_at` is still looked at.
fn is_fresh(due_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(due_at) < STALE
}
