//! Whose turn it is to receive the next customer (DI-3, DI-4).
//!
//! | to see | read |
//! |---|---|
//! | the order of a round, who is served and who is passed over | [`round`] |
//! | the four policies | [`policy`] |
//! | customers at the desk and the turns given | [`reception`] |
//! | the same rotation for work orders | [`orders`] |
//!
//! # Rules
//! - A round gives every member of the line one turn, in the order that the policy had when the round began.
//! - Who does not receive at their turn is passed over once somebody behind them is served; they rejoin in the next round. Who
//!   comes back before that keeps their place.
//! - Whoever joins the line during a round stands at its end.
//! - The owner of a customer serves out of turn and keeps their place.
//! - At rush, whoever receives and was served least today serves, nobody is passed over, and trainees serve only where nobody
//!   else can.
//! - Where nobody receives, nothing changes.

use std::collections::BTreeSet;

use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};
use kexiang_core::{AgentId, SiteId, UnitId};
use serde::{Deserialize, Serialize};

pub use self::{
    policy::RotationPolicy,
    round::{Bar, Line, PassedOver, Round, Served, Standing, TurnManner},
};

pub mod orders;
pub mod policy;
pub mod reception;
pub mod round;

/// How a site wants its rotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationRules {
    /// Whose agents take turns.
    pub unit: UnitId,
    /// Which order a round has.
    pub policy: RotationPolicy,
    /// IANA name of the zone whose days count.
    pub time_zone: String,
    /// In the order of their numbers; all of the unit by id when empty.
    pub members: Vec<AgentId>,
    /// At rush more customers wait than this; never when 0.
    pub rush_threshold: i32,
    /// Whether trainees may help at rush.
    pub trainees_help: bool,
    /// Whether who serves a customer is passed over until they are done.
    pub one_at_a_time: bool,
    /// Whether the unit's work orders are assigned by this rotation.
    pub assigns_orders: bool,
}

/// The rotation of a site with its state. Changed only under the lock of its unit and of its row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Whose.
    pub site: SiteId,
    /// What was set.
    pub rules: RotationRules,
    /// Where the round stands.
    pub round: Round,
    /// Number of the last turn.
    pub turn_count: i64,
    /// The etag: one more with every turn and change.
    pub version: i64,
}

/// A supervisor's order does not fit what is left of the round.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the agents are not those whose turns are left in this round")]
pub struct NotThisRound;

/// A change of the order by a supervisor, kept as history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reorder {
    /// Its place in history.
    pub number: i64,
    /// Before.
    pub before: Vec<AgentId>,
    /// After.
    pub after: Vec<AgentId>,
    /// Why.
    pub reason: String,
    /// Who did it.
    pub actor: String,
    /// When.
    pub reordered_at: Timestamp,
}

/// Agents by their results in a period, the best first. Never changed: a correction is a new version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranking {
    /// Whose.
    pub site: SiteId,
    /// `2026-11` or `2026-11-24`.
    pub period: String,
    /// From 1.
    pub version: i32,
    /// The best first.
    pub agents: Vec<AgentId>,
    /// What was compared.
    pub basis: String,
    /// Who set it.
    pub actor: String,
    /// When.
    pub created_at: Timestamp,
}

impl RotationRules {
    /// The site's day and hour at `now`. A name that is no zone any more counts as UTC; it was one when it was set.
    #[must_use]
    pub fn local(&self, now: Timestamp) -> Zoned {
        now.to_zoned(TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC))
    }

    /// The site's day at `now`.
    #[must_use]
    pub fn day(&self, now: Timestamp) -> Date {
        self.local(now).date()
    }

    /// Which ranking makes the order on `day`; none when the policy needs none.
    #[must_use]
    pub fn ranking_period(&self, day: Date) -> Option<String> {
        match self.policy {
            RotationPolicy::SignInOrder | RotationPolicy::Numbered => None,
            RotationPolicy::LastMonth => {
                let before = day.first_of_month().yesterday().unwrap_or(day);
                Some(before.strftime("%Y-%m").to_string())
            }
            RotationPolicy::Yesterday => Some(day.yesterday().unwrap_or(day).to_string()),
        }
    }

    /// The order of a round that begins on `day`: of `members` by number, of those who signed in, in that order (`signed_in`),
    /// by the newest ranking. Trainees are none of `members`.
    #[must_use]
    pub fn line(
        &self,
        day: Date,
        members: &[AgentId],
        signed_in: &[AgentId],
        ranking: Option<&Ranking>,
    ) -> Line {
        let taking: BTreeSet<&AgentId> = members.iter().collect();
        let first: &[AgentId] = match self.policy {
            RotationPolicy::SignInOrder => signed_in,
            RotationPolicy::Numbered => members,
            RotationPolicy::LastMonth | RotationPolicy::Yesterday => {
                ranking.map_or(&[][..], |ranking| &ranking.agents)
            }
        };
        let mut agents: Vec<AgentId> = first.iter().filter(|agent| taking.contains(agent)).cloned().collect();
        if self.policy.ranked() {
            let ranked: BTreeSet<AgentId> = agents.iter().cloned().collect();
            agents.extend(members.iter().filter(|agent| !ranked.contains(agent)).cloned());
        }
        let ranking_version = ranking.filter(|_| self.policy.ranked()).map(|ranking| ranking.version);
        Line { day, agents, ranking_version }
    }
}

impl Rotation {
    /// A rotation set up now; its first round begins with its first turn.
    #[must_use]
    pub fn new(site: SiteId, rules: RotationRules) -> Self {
        Self { site, rules, round: Round::default(), turn_count: 0, version: 1 }
    }

    /// With other rules. Another policy or unit begins a new round with the next turn.
    #[must_use]
    pub fn with_rules(mut self, rules: RotationRules) -> Self {
        if self.rules.policy != rules.policy || self.rules.unit != rules.unit {
            self.round = Round { number: self.round.number, ..Round::default() };
        }
        self.rules = rules;
        self.version += 1;
        self
    }

    /// Puts what is left of the round into another order, as a supervisor said; `line` is that of now.
    ///
    /// # Errors
    /// [`NotThisRound`].
    pub fn reorder(&mut self, line: &Line, agents: Vec<AgentId>) -> Result<(), NotThisRound> {
        self.round.refresh(self.rules.policy, line);
        let sorted = |agents: &[AgentId]| {
            let mut agents = agents.to_vec();
            agents.sort();
            agents
        };
        if sorted(&self.round.pending) != sorted(&agents) {
            return Err(NotThisRound);
        }
        self.round.pending = agents;
        self.version += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
