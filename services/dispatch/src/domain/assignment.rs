//! Who gets a work order, and why (DI-5, DI-6).
//!
//! A decision is a pure function of its candidates: the same candidates in any order give the same ranking, the same outcome
//! and the same words, so past decisions can be replayed from what is stored. Exactly one candidate is chosen when any may
//! be; every candidate has an outcome. Where older orders wait, the newcomer's turn is decided alone, and nobody is weighed.

use std::cmp::Ordering;

use kexiang_core::{Actor, AgentId, AssignmentId, Timestamp, WorkOrderId};
use serde::{Deserialize, Serialize};

use super::unit::Absence;

pub use policy::Policy;

/// An agent of the unit, as they stood at the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub agent: AgentId,
    /// Whether they were signed in.
    pub signed_in: bool,
    /// Why they got nothing although signed in.
    pub absence: Option<Absence>,
    /// Open orders.
    pub open_orders: i32,
    /// How many they can have.
    pub capacity: i32,
    /// When they last got one; none for never.
    pub last_assigned_at: Option<Timestamp>,
    /// Had this order before and gave it up.
    pub previous_holder: bool,
}

/// What became of a candidate. The order is that of the ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// It is theirs.
    Chosen,
    /// Equally loaded, but had their last order later.
    ServedLater,
    /// Another had fewer open orders for their capacity.
    MoreLoaded,
    /// Somebody else's turn comes first.
    NotTheirTurn,
    /// The dispatcher named another one.
    NotNamed,
    /// Had it before and gave it up.
    PreviousHolder,
    /// As many open orders as their capacity, or more.
    AtCapacity,
    /// Signed in, and does not receive.
    Absent,
    /// Takes no turns of the rotation.
    NotInRotation,
    /// Not signed in.
    SignedOut,
}

/// A candidate with what became of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Considered {
    /// Who.
    pub agent: AgentId,
    /// Open orders at the decision.
    pub open_orders: i32,
    /// Capacity at the decision.
    pub capacity: i32,
    /// When they had last got one; none for never.
    pub last_assigned_at: Option<Timestamp>,
    /// What became of them.
    pub outcome: Outcome,
    /// The same in words.
    pub explanation: String,
}

/// The result of weighing candidates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Who gets it; none when nobody could take it.
    pub agent: Option<AgentId>,
    /// Which rule decided.
    pub policy: Policy,
    /// All candidates, in the order of the ranking; none when it was not an order's turn.
    pub considered: Vec<Considered>,
}

/// A decision about one order, as it is kept. Never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Its id.
    pub id: AssignmentId,
    /// The order.
    pub work_order: WorkOrderId,
    /// Who got it; none when nobody could take it, or it was not the order's turn.
    pub agent: Option<AgentId>,
    /// Which rule decided.
    pub policy: Policy,
    /// The version of the rule, then.
    pub policy_version: i32,
    /// When.
    pub decided_at: Timestamp,
    /// Who decided: the service or a dispatcher.
    pub actor: Actor,
    /// All agents of the unit, ranked; none when it was not the order's turn.
    pub considered: Vec<Considered>,
    /// Why the order is with this unit.
    pub route_explanation: String,
}

/// Policy `least-load`: of those who are signed in, below their capacity and did not give the order up, the one with the
/// fewest open orders for their capacity; then who was served longest ago (never comes first); then by id.
#[must_use]
pub fn least_load(candidates: &[Candidate]) -> Decision {
    let best = candidates.iter().filter(|c| bar(c).is_none()).min_by(|a, b| by_load(a, b));
    decide(Policy::LeastLoad, candidates, best, |candidate, best| match best {
        Some(best) if candidate.load_cmp(best) == Ordering::Equal => Outcome::ServedLater,
        _ => Outcome::MoreLoaded,
    })
}

/// Policy `named-by-dispatcher`: `agent`, whatever their load.
#[must_use]
pub fn named(candidates: &[Candidate], agent: &AgentId) -> Decision {
    let best = candidates.iter().find(|candidate| candidate.agent == *agent);
    decide(Policy::NamedByDispatcher, candidates, best, |_, _| Outcome::NotNamed)
}

fn decide(
    policy: Policy,
    candidates: &[Candidate],
    best: Option<&Candidate>,
    passed_over: fn(&Candidate, Option<&Candidate>) -> Outcome,
) -> Decision {
    let mut ranked: Vec<(Outcome, &Candidate)> = candidates
        .iter()
        .map(|candidate| match (best, bar(candidate)) {
            (Some(best), _) if best.agent == candidate.agent => (Outcome::Chosen, candidate),
            (_, Some(bar)) => (bar, candidate),
            (_, None) => (passed_over(candidate, best), candidate),
        })
        .collect();
    ranked.sort_by(|(a, left), (b, right)| a.cmp(b).then_with(|| by_load(left, right)));
    let considered =
        ranked.into_iter().map(|(outcome, candidate)| candidate.considered(policy, outcome, best)).collect();
    Decision { agent: best.map(|best| best.agent.clone()), policy, considered }
}

/// What keeps a candidate from the order whatever the others have.
const fn bar(candidate: &Candidate) -> Option<Outcome> {
    if !candidate.signed_in {
        Some(Outcome::SignedOut)
    } else if candidate.absence.is_some() {
        Some(Outcome::Absent)
    } else if candidate.previous_holder {
        Some(Outcome::PreviousHolder)
    } else if candidate.open_orders >= candidate.capacity {
        Some(Outcome::AtCapacity)
    } else {
        None
    }
}

fn by_load(a: &Candidate, b: &Candidate) -> Ordering {
    a.load_cmp(b)
        .then_with(|| a.last_assigned_at.cmp(&b.last_assigned_at))
        .then_with(|| a.agent.cmp(&b.agent))
}

impl Candidate {
    /// Compares open orders for capacity, exactly: a/b < c/d as a·d < c·b.
    fn load_cmp(&self, other: &Self) -> Ordering {
        let left = i64::from(self.open_orders) * i64::from(other.capacity);
        left.cmp(&(i64::from(other.open_orders) * i64::from(self.capacity)))
    }

    fn considered(&self, policy: Policy, outcome: Outcome, best: Option<&Self>) -> Considered {
        Considered::new(self, outcome, words::explain(self, policy, outcome, best))
    }
}

impl Considered {
    /// What became of `candidate`, and why.
    #[must_use]
    pub fn new(candidate: &Candidate, outcome: Outcome, explanation: String) -> Self {
        Self {
            agent: candidate.agent.clone(),
            open_orders: candidate.open_orders,
            capacity: candidate.capacity,
            last_assigned_at: candidate.last_assigned_at,
            outcome,
            explanation,
        }
    }
}

impl Decision {
    /// Policy `oldest-first`: older orders wait that somebody could take, so this one waits its turn.
    #[must_use]
    pub const fn oldest_first() -> Self {
        Self { agent: None, policy: Policy::OldestFirst, considered: Vec::new() }
    }

    /// The record of this decision.
    #[must_use]
    pub fn record(
        self,
        work_order: WorkOrderId,
        actor: Actor,
        route_explanation: String,
        now: Timestamp,
    ) -> Assignment {
        Assignment {
            id: AssignmentId::at(now),
            work_order,
            agent: self.agent,
            policy: self.policy,
            policy_version: self.policy.version(),
            decided_at: now,
            actor,
            considered: self.considered,
            route_explanation,
        }
    }
}

mod policy;
mod words;

#[cfg(test)]
mod tests;
