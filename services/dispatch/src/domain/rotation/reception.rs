//! Customers at a reception desk, and the turns they are given (DI-4).
//!
//! | state of an arrival | → | by |
//! |---|---|---|
//! | WAITING | SERVED | a turn of each agent of the group, all in one transaction |
//! | WAITING | LEFT | the customer goes away |

use jiff::civil::Date;
use kexiang_core::{AgentId, ArrivalId, CustomerId, SiteId, Timestamp, TurnId, vocabulary::UnknownWord};
use serde::{Deserialize, Serialize};

use super::{
    Bar, Line, PassedOver, Rotation, RotationPolicy, Served, TurnManner,
    policy::POLICY_VERSION,
    round::{Standings, owner},
};

/// Where an arrival stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ArrivalState {
    /// Waits for a turn.
    Waiting,
    /// Given to agents.
    Served,
    /// Gone.
    Left,
}

impl ArrivalState {
    /// The word in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Served => "SERVED",
            Self::Left => "LEFT",
        }
    }
}

impl std::str::FromStr for ArrivalState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Waiting, Self::Served, Self::Left]
            .into_iter()
            .find(|word| word.as_str() == text)
            .ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// Who is at the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// When known.
    pub customer: Option<CustomerId>,
    /// To whom the customer belongs.
    pub owner: Option<AgentId>,
    /// A key customer.
    pub key: bool,
    /// How many agents it takes, from 1.
    pub group_size: i32,
}

/// A customer, or a group, at a desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// Its id.
    pub id: ArrivalId,
    /// Where.
    pub site: SiteId,
    /// Where it stands.
    pub state: ArrivalState,
    /// Who it is.
    pub visitor: Visitor,
    /// When they came.
    pub arrived_at: Timestamp,
    /// When they were served or went.
    pub left_at: Option<Timestamp>,
    /// The etag.
    pub version: i64,
}

/// One turn of one agent. Kept as history; only its end is written later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Its id.
    pub id: TurnId,
    /// Where.
    pub site: SiteId,
    /// At the site, from 1 without gaps.
    pub number: i64,
    /// Who is served.
    pub arrival: ArrivalId,
    /// Who serves.
    pub agent: AgentId,
    /// How it was given.
    pub manner: TurnManner,
    /// By which order.
    pub policy: RotationPolicy,
    /// The version of the rules.
    pub policy_version: i32,
    /// Of the ranking that made the order.
    pub ranking_version: Option<i32>,
    /// The site's day.
    pub day: Date,
    /// Number of the round.
    pub round: i64,
    /// Who was passed over.
    pub passed_over: Vec<PassedOver>,
    /// Why this agent.
    pub explanation: String,
    /// Who asked.
    pub actor: String,
    /// When.
    pub served_at: Timestamp,
    /// When the agent was done.
    pub ended_at: Option<Timestamp>,
}

/// Fewer agents receive than the group needs. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{needed} agents are needed and {available} receive")]
pub struct NotEnoughAgents {
    /// How many it takes.
    pub needed: i32,
    /// How many there are.
    pub available: i32,
}

impl Rotation {
    /// Whether it is rush while so many wait.
    #[must_use]
    pub fn is_rush(&self, waiting: i64) -> bool {
        self.rules.rush_threshold > 0 && waiting > i64::from(self.rules.rush_threshold)
    }

    /// Who serves `visitor` while `waiting` customers wait: the owner first, then by turn or, at rush, by who was served least.
    ///
    /// # Errors
    /// [`NotEnoughAgents`]; then nothing has changed.
    pub fn receive(
        &mut self,
        visitor: &Visitor,
        line: &Line,
        standings: &Standings,
        waiting: i64,
    ) -> Result<Vec<Served>, NotEnoughAgents> {
        let policy = self.rules.policy;
        let is_rush = self.is_rush(waiting);
        let mut round = self.round.clone();
        let mut standings = standings.clone();
        if !(is_rush && self.rules.trainees_help) {
            standings.retain(|agent, standing| !standing.trainee || visitor.owner.as_ref() == Some(agent));
        }
        round.refresh(policy, line);
        let mut served: Vec<Served> = Vec::new();
        let mut owner_passed = None;
        match visitor.owner.as_ref().map(|agent| owner(agent, &standings)) {
            Some(Ok(owner)) => served.push(owner),
            Some(Err(passed)) => owner_passed = Some(passed),
            None => {}
        }
        while served.len() < usize::try_from(visitor.group_size).unwrap_or(1) {
            for one in &served {
                standings.entry(one.agent.clone()).and_modify(|standing| standing.bar = Some(Bar::InGroup));
            }
            let next = if is_rush {
                round.rush(line, &standings, waiting)
            } else {
                round.next(policy, line, &standings)
            };
            let Some(mut next) = next else {
                let available = i32::try_from(served.len()).unwrap_or(i32::MAX);
                return Err(NotEnoughAgents { needed: visitor.group_size, available });
            };
            next.passed_over.splice(0..0, owner_passed.take());
            served.push(next);
        }
        self.round = round;
        Ok(served)
    }

    /// The record of a turn, with the next number.
    pub fn record(&mut self, served: Served, arrival: ArrivalId, actor: String, now: Timestamp) -> Turn {
        self.turn_count += 1;
        self.version += 1;
        Turn {
            id: TurnId::at(now),
            site: self.site.clone(),
            number: self.turn_count,
            arrival,
            agent: served.agent,
            manner: served.manner,
            policy: self.rules.policy,
            policy_version: POLICY_VERSION,
            ranking_version: self.round.ranking_version,
            day: self.rules.day(now),
            round: self.round.number,
            passed_over: served.passed_over,
            explanation: served.explanation,
            actor,
            served_at: now,
            ended_at: None,
        }
    }
}
