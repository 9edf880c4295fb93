//! The same rotation for work orders: where a unit's rotation assigns its orders, whose turn it is gets the next one.

use kexiang_core::AgentId;

use super::{Bar, Line, Rotation, RotationPolicy, Standing, round::Standings};
use crate::domain::assignment::{Candidate, Considered, Decision, Outcome, Policy};

/// A locked rotation with the line of now.
#[derive(Debug, Clone)]
pub struct OrderTurns {
    /// Its state, as the transaction will leave it.
    pub rotation: Rotation,
    /// Who stands in it, in order.
    pub line: Line,
    /// Whether a turn was given.
    pub changed: bool,
}

impl From<RotationPolicy> for Policy {
    fn from(policy: RotationPolicy) -> Self {
        match policy {
            RotationPolicy::SignInOrder => Self::RotationSignInOrder,
            RotationPolicy::Numbered => Self::RotationNumbered,
            RotationPolicy::LastMonth => Self::RotationLastMonth,
            RotationPolicy::Yesterday => Self::RotationYesterday,
        }
    }
}

impl OrderTurns {
    /// Whether `agent` takes turns.
    #[must_use]
    pub fn has(&self, agent: &AgentId) -> bool {
        self.line.agents.contains(agent)
    }

    /// Who gets the next order; who is at capacity is passed over like who is absent, who gave the order up keeps their turn.
    pub fn decide(&mut self, candidates: &[Candidate]) -> Decision {
        let standings: Standings = candidates.iter().map(|one| (one.agent.clone(), standing(one))).collect();
        let policy = self.rotation.rules.policy;
        let mut round = self.rotation.round.clone();
        round.refresh(policy, &self.line);
        let served = round.next(policy, &self.line, &standings);
        let passed = served.as_ref().map(|served| served.passed_over.as_slice()).unwrap_or_default();
        let consider = |candidate: &Candidate| {
            let of_passed = passed.iter().find(|passed| passed.agent == candidate.agent);
            let (outcome, explanation) = match (&served, standings[&candidate.agent].bar) {
                (Some(served), _) if served.agent == candidate.agent => {
                    (Outcome::Chosen, served.explanation.clone())
                }
                _ if !self.has(&candidate.agent) => {
                    (Outcome::NotInRotation, "takes no turns of the rotation".to_owned())
                }
                (_, Some(bar)) => {
                    let words =
                        of_passed.map_or_else(|| bar.in_words().to_owned(), |p| p.explanation.clone());
                    (outcome(bar), words)
                }
                (_, None) => (Outcome::NotTheirTurn, place(&round.pending, &candidate.agent)),
            };
            Considered::new(candidate, outcome, explanation)
        };
        let mut considered: Vec<Considered> = candidates.iter().map(consider).collect();
        considered.sort_by(|a, b| (a.outcome, &a.agent).cmp(&(b.outcome, &b.agent)));
        let agent = served.map(|served| served.agent);
        if agent.is_some() {
            self.rotation.round = round;
            self.rotation.version += 1;
            self.changed = true;
        }
        Decision { agent, policy: policy.into(), considered }
    }
}

fn place(pending: &[AgentId], agent: &AgentId) -> String {
    match pending.iter().position(|other| other == agent) {
        Some(at) => format!("their turn comes later: {at} before them in this round"),
        None => "had their turn in this round".to_owned(),
    }
}

fn standing(candidate: &Candidate) -> Standing {
    let bar = if !candidate.signed_in {
        Some(Bar::SignedOut)
    } else if let Some(absence) = candidate.absence {
        Some(Bar::Absent(absence))
    } else if candidate.previous_holder {
        Some(Bar::PreviousHolder)
    } else if candidate.open_orders >= candidate.capacity {
        Some(Bar::AtCapacity)
    } else {
        None
    };
    Standing { bar, trainee: false }
}

const fn outcome(bar: Bar) -> Outcome {
    match bar {
        Bar::SignedOut => Outcome::SignedOut,
        Bar::Absent(_) => Outcome::Absent,
        Bar::AtCapacity => Outcome::AtCapacity,
        Bar::PreviousHolder => Outcome::PreviousHolder,
        // Work orders come one by one, and reception does not bar from them.
        Bar::Serving | Bar::InGroup => Outcome::NotTheirTurn,
    }
}
