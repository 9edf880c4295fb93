//! One round of a rotation: who is served next, who is passed over and why (DI-4). Pure: the same round, line and standings
//! give the same turn and the same words.
//!
//! # Invariants
//! - [`Round::pending`] holds exactly those of the line who were neither served nor passed in this round, and before them those
//!   who kept a turn of the round before (a holder who gave the same order up, a member of the same group).
//! - Where nobody is chosen the round is as it was.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kexiang_core::{AgentId, vocabulary::UnknownWord};
use serde::{Deserialize, Serialize};

use super::RotationPolicy;
use crate::domain::unit::Absence;

/// The order in which the members of a rotation stand on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The site's day.
    pub day: Date,
    /// First to last, each once.
    pub agents: Vec<AgentId>,
    /// Of the ranking that made the order.
    pub ranking_version: Option<i32>,
}

/// Where a round stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// The day of the last turn; none before the first.
    pub day: Option<Date>,
    /// From 1; 0 before the first turn.
    pub number: i64,
    /// Whose turn is still to come, in order.
    pub pending: Vec<AgentId>,
    /// Who was served or passed in this round, in order.
    pub done: Vec<Done>,
    /// Turns of the day, out of turn ones aside.
    pub served_today: BTreeMap<AgentId, i32>,
    /// Of the ranking that made the order.
    pub ranking_version: Option<i32>,
}

/// Somebody whose turn of this round is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Who.
    pub agent: AgentId,
    /// Whether they did not receive at their turn.
    pub passed: bool,
}

/// What keeps somebody from being served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bar {
    /// Not signed in.
    SignedOut,
    /// Signed in, and does not receive.
    Absent(Absence),
    /// Serves another customer.
    Serving,
    /// As many open orders as their capacity.
    AtCapacity,
    /// Had this order before: keeps their turn.
    PreviousHolder,
    /// Serves this group already: keeps their turn.
    InGroup,
}

/// How somebody stands at a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// What keeps them from being served; none when they receive.
    pub bar: Option<Bar>,
    /// Takes no turn, but may help at rush.
    pub trainee: bool,
}

/// How a turn was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TurnManner {
    /// It was their turn.
    InTurn,
    /// The customer is theirs.
    Owner,
    /// Order gave way.
    Rush,
}

/// Somebody who was passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOver {
    /// Who.
    pub agent: AgentId,
    /// Why, in words.
    pub explanation: String,
    /// Whether they keep their turn in this round.
    pub keeps_turn: bool,
}

/// Who is served, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// Who.
    pub agent: AgentId,
    /// How.
    pub manner: TurnManner,
    /// Who was passed over, in order.
    pub passed_over: Vec<PassedOver>,
    /// Why this one, in words.
    pub explanation: String,
}

/// How agents stand at a decision; who is not there is signed out.
pub type Standings = BTreeMap<AgentId, Standing>;

impl Bar {
    /// It in words, after the name.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::SignedOut => "is not signed in",
            Self::Absent(absence) => absence.in_words(),
            Self::Serving => "serves another customer",
            Self::AtCapacity => "has as many open orders as they can have",
            Self::PreviousHolder => "had this order before and gave it up",
            Self::InGroup => "serves this group already",
        }
    }

    /// Whether the turn is not lost by it.
    #[must_use]
    pub const fn keeps_turn(self) -> bool {
        matches!(self, Self::PreviousHolder | Self::InGroup)
    }
}

impl TurnManner {
    /// The word in SQL and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InTurn => "IN_TURN",
            Self::Owner => "OWNER",
            Self::Rush => "RUSH",
        }
    }
}

impl std::str::FromStr for TurnManner {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::InTurn, Self::Owner, Self::Rush]
            .into_iter()
            .find(|word| word.as_str() == text)
            .ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// What keeps `agent` from being served.
fn bar(standings: &Standings, agent: &AgentId) -> Option<Bar> {
    standings.get(agent).map_or(Some(Bar::SignedOut), |standing| standing.bar)
}

impl Round {
    /// Brings the round to the line of now: a new day, who came to the line, who left it.
    pub fn refresh(&mut self, policy: RotationPolicy, line: &Line) {
        let is_new_day = self.day != Some(line.day);
        if is_new_day {
            self.served_today.clear();
        }
        if self.number == 0 || self.day.is_none() || (is_new_day && !policy.carries_over()) {
            self.begin(line);
        }
        self.day = Some(line.day);
        self.pending.retain(|agent| line.agents.contains(agent));
        for agent in &line.agents {
            let stood = self.pending.contains(agent) || self.done.iter().any(|done| done.agent == *agent);
            if !stood {
                self.pending.push(agent.clone());
            }
        }
    }

    fn begin(&mut self, line: &Line) {
        self.number += 1;
        self.pending.clone_from(&line.agents);
        self.done.clear();
        self.ranking_version = line.ranking_version;
    }

    /// Whose turn it is; none when nobody of the line receives, and then nothing has changed. The round has to be
    /// [refreshed](Self::refresh).
    pub fn next(&mut self, policy: RotationPolicy, line: &Line, standings: &Standings) -> Option<Served> {
        let mut passed_over = Vec::new();
        if let Some(agent) = self.walk(standings, &mut passed_over) {
            return Some(self.serve(policy, agent, passed_over));
        }
        let mut next = self.clone();
        let kept: Vec<AgentId> =
            self.pending.iter().filter(|a| bar(standings, a).is_some_and(Bar::keeps_turn)).cloned().collect();
        next.begin(line);
        let agent = next.walk(standings, &mut passed_over)?;
        next.pending.splice(0..0, kept);
        *self = next;
        Some(self.serve(policy, agent, passed_over))
    }

    /// The first one of the round who receives. Who stands before and does not is passed; nothing changes when there is none.
    fn walk(&mut self, standings: &Standings, passed_over: &mut Vec<PassedOver>) -> Option<AgentId> {
        let at = self.pending.iter().position(|agent| bar(standings, agent).is_none());
        let before = &self.pending[..at.unwrap_or(self.pending.len())];
        let barred = before.iter().filter_map(|agent| Some((agent, bar(standings, agent)?)));
        let barred: Vec<(AgentId, Bar)> = barred.map(|(agent, bar)| (agent.clone(), bar)).collect();
        passed_over.extend(barred.iter().map(|(agent, bar)| bar.passed(agent, self.number)));
        let rest = self.pending.split_off(at? + 1);
        let agent = self.pending.pop()?;
        self.pending.clear();
        for (passed, bar) in barred {
            if bar.keeps_turn() {
                self.pending.push(passed);
            } else {
                self.done.push(Done { agent: passed, passed: true });
            }
        }
        self.pending.extend(rest);
        Some(agent)
    }

    fn serve(&mut self, policy: RotationPolicy, agent: AgentId, passed_over: Vec<PassedOver>) -> Served {
        let place = self.done.len() + 1;
        self.done.push(Done { agent: agent.clone(), passed: false });
        *self.served_today.entry(agent.clone()).or_default() += 1;
        let by = policy.in_words();
        let explanation = match passed_over.len() {
            0 => format!("turn {place} of round {}, {by}", self.number),
            passed => {
                format!("turn {place} of round {}, {by}; {passed} before them passed over", self.number)
            }
        };
        Served { agent, manner: TurnManner::InTurn, passed_over, explanation }
    }

    /// Who serves while order gives way: whoever receives and was served least today, then whose turn comes first; a trainee
    /// only where nobody else can. Their turn of this round is used; nobody is passed over.
    pub fn rush(&mut self, line: &Line, standings: &Standings, waiting: i64) -> Option<Served> {
        let turns = |agent: &AgentId| self.served_today.get(agent).copied().unwrap_or_default();
        let place = |agent: &AgentId| {
            let pending = self.pending.iter().position(|other| other == agent);
            let standing = line.agents.iter().position(|other| other == agent);
            (pending.is_none(), pending.or(standing).unwrap_or(usize::MAX))
        };
        let able = standings.iter().filter(|(agent, standing)| {
            standing.bar.is_none() && (standing.trainee || line.agents.contains(agent))
        });
        let (agent, standing) =
            able.min_by_key(|(agent, standing)| (standing.trainee, turns(agent), place(agent), *agent))?;
        let least = turns(agent);
        let why = if standing.trainee { "a trainee helps: nobody else can" } else { "served least today" };
        let explanation = format!("rush, {waiting} wait: order gives way; {why} ({least} turns)");
        let agent = agent.clone();
        if let Some(at) = self.pending.iter().position(|other| *other == agent) {
            self.pending.remove(at);
            self.done.push(Done { agent: agent.clone(), passed: false });
        }
        *self.served_today.entry(agent.clone()).or_default() += 1;
        Some(Served { agent, manner: TurnManner::Rush, passed_over: Vec::new(), explanation })
    }

    /// Who was passed over in this round.
    pub fn passed(&self) -> impl Iterator<Item = &AgentId> {
        self.done.iter().filter(|done| done.passed).map(|done| &done.agent)
    }
}

impl Bar {
    pub(super) fn passed(self, agent: &AgentId, round: i64) -> PassedOver {
        let keeps_turn = self.keeps_turn();
        let then = match self {
            Self::PreviousHolder | Self::InGroup => "keeps their turn".to_owned(),
            _ => format!("rejoins in round {}", round + 1),
        };
        PassedOver { agent: agent.clone(), explanation: format!("{}; {then}", self.in_words()), keeps_turn }
    }
}

/// The owner of a customer, when they receive: out of turn, and they keep their place.
///
/// # Errors
/// Why they don't.
pub fn owner(agent: &AgentId, standings: &Standings) -> Result<Served, PassedOver> {
    match bar(standings, agent) {
        None => Ok(Served {
            agent: agent.clone(),
            manner: TurnManner::Owner,
            passed_over: Vec::new(),
            explanation: "the customer is theirs: out of turn, and they keep their turn".to_owned(),
        }),
        Some(bar) => {
            let explanation = format!("the customer is theirs, but the owner {}", bar.in_words());
            Err(PassedOver { agent: agent.clone(), explanation, keeps_turn: true })
        }
    }
}
