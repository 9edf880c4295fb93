//! The agents of one unit in memory, while its row is locked: a batch of orders is decided over one snapshot, and every
//! decision counts for the next.

use kexiang_core::{AgentId, Timestamp};

use super::{
    assignment::{Candidate, Decision, least_load, named},
    rotation::{Line, Rotation, orders::OrderTurns},
    unit::{Absence, Agent, Presence},
    work_order::WorkOrder,
};

/// One unit's agents with their counters, as the transaction will leave them.
#[derive(Debug, Clone)]
pub struct Roster {
    agents: Vec<Member>,
    /// Whether orders wait in the unit's queue.
    waiting: bool,
    /// Where the unit's rotation assigns its orders.
    turns: Option<OrderTurns>,
}

#[derive(Debug, Clone)]
struct Member {
    agent: Agent,
    changed: bool,
}

impl Roster {
    /// The agents of a unit; `waiting` tells whether orders wait in its queue already.
    #[must_use]
    pub fn new(agents: Vec<Agent>, waiting: bool) -> Self {
        let agents = agents.into_iter().map(|agent| Member { agent, changed: false }).collect();
        Self { agents, waiting, turns: None }
    }

    /// Its orders are assigned by this rotation, whose line is so now.
    pub fn take_turns(&mut self, rotation: &Rotation, line: Line) {
        match &mut self.turns {
            Some(turns) => turns.line = line,
            None => self.turns = Some(OrderTurns { rotation: rotation.clone(), line, changed: false }),
        }
    }

    /// The rotation that gave turns here, when it did.
    pub fn changed_turns(&self) -> Option<&OrderTurns> {
        self.turns.as_ref().filter(|turns| turns.changed)
    }

    /// All agents.
    pub fn agents(&self) -> impl Iterator<Item = &Agent> {
        self.agents.iter().map(|member| &member.agent)
    }

    /// Whether older orders wait that somebody could take: then a new one has to wait its turn.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.waiting && self.free_agents().next().is_some()
    }

    /// Who could take an order now.
    pub fn free_agents(&self) -> impl Iterator<Item = &Agent> {
        let takes_turns = |agent: &&Agent| self.turns.as_ref().is_none_or(|turns| turns.has(&agent.id));
        self.agents.iter().map(|member| &member.agent).filter(|agent| agent.is_free()).filter(takes_turns)
    }

    /// How many orders all of them together could take now.
    #[must_use]
    pub fn free_places(&self) -> i64 {
        self.free_agents().map(|agent| i64::from(agent.capacity - agent.open_orders)).sum()
    }

    /// An order joined the queue.
    pub const fn note_waiting(&mut self) {
        self.waiting = true;
    }

    /// Who gets `order` by policy; anybody but its previous holder.
    #[must_use]
    pub fn choose(&mut self, order: &WorkOrder) -> Decision {
        self.decide(order.previous_agent.as_ref())
    }

    /// Who gets `order` by policy when its holder has to give it up.
    #[must_use]
    pub fn choose_another(&mut self, order: &WorkOrder) -> Decision {
        self.decide(order.agent.as_ref().or(order.previous_agent.as_ref()))
    }

    fn decide(&mut self, previous: Option<&AgentId>) -> Decision {
        let candidates = self.candidates(previous);
        match &mut self.turns {
            Some(turns) => turns.decide(&candidates),
            None => least_load(&candidates),
        }
    }

    /// `agent` gets `order`; none when they are not of the unit or do not receive.
    #[must_use]
    pub fn name(&self, order: &WorkOrder, agent: &AgentId) -> Option<Decision> {
        let candidates = self.candidates(order.agent.as_ref().or(order.previous_agent.as_ref()));
        candidates
            .iter()
            .any(|candidate| candidate.agent == *agent && candidate.signed_in && candidate.absence.is_none())
            .then(|| named(&candidates, agent))
    }

    /// `agent` has one open order more, given to them at `now`.
    pub fn give(&mut self, agent: &AgentId, now: Timestamp) {
        self.update(agent, |agent| {
            agent.open_orders += 1;
            agent.last_assigned_at = Some(now);
        });
    }

    /// `agent` has one open order more that they had before: it came back for rework.
    pub fn take_back(&mut self, agent: &AgentId) {
        self.update(agent, |agent| agent.open_orders += 1);
    }

    /// `agent` has one open order less.
    pub fn release(&mut self, agent: &AgentId) {
        self.update(agent, |agent| agent.open_orders -= 1);
    }

    /// `agent` signs in or out. None when nobody here has that id, or when nothing changes.
    pub fn set_presence(&mut self, agent: &AgentId, presence: Presence, now: Timestamp) -> Option<Agent> {
        let member = self.agents.iter_mut().find(|member| member.agent.id == *agent)?;
        if member.agent.presence == presence {
            return None;
        }
        member.agent.presence = presence;
        member.agent.absence = None;
        if presence == Presence::SignedIn {
            member.agent.signed_in_at = Some(now);
        }
        member.changed = true;
        Some(member.agent.clone())
    }

    /// `agent`, who is signed in, is absent from now on, or receives again. None when nobody here who is signed in has that id,
    /// or when nothing changes.
    pub fn set_absence(
        &mut self,
        agent: &AgentId,
        absence: Option<Absence>,
        now: Timestamp,
    ) -> Option<Agent> {
        let member = self.agents.iter_mut().find(|member| member.agent.id == *agent)?;
        let is_same = member.agent.absence.map(|(absence, _)| absence) == absence;
        if is_same || member.agent.presence == Presence::SignedOut {
            return None;
        }
        member.agent.absence = absence.map(|absence| (absence, now));
        member.changed = true;
        Some(member.agent.clone())
    }

    /// The agents whose counters or presence changed.
    pub fn changed(&self) -> impl Iterator<Item = &Agent> {
        self.agents.iter().filter(|member| member.changed).map(|member| &member.agent)
    }

    /// The agent of this id.
    #[must_use]
    pub fn agent(&self, id: &AgentId) -> Option<&Agent> {
        self.agents.iter().map(|member| &member.agent).find(|agent| agent.id == *id)
    }

    fn update(&mut self, id: &AgentId, change: impl FnOnce(&mut Agent)) {
        if let Some(member) = self.agents.iter_mut().find(|member| member.agent.id == *id) {
            change(&mut member.agent);
            member.changed = true;
        }
    }

    fn candidates(&self, previous: Option<&AgentId>) -> Vec<Candidate> {
        self.agents
            .iter()
            .map(|Member { agent, .. }| Candidate {
                agent: agent.id.clone(),
                signed_in: agent.presence == Presence::SignedIn,
                absence: agent.absence.map(|(absence, _)| absence),
                open_orders: agent.open_orders,
                capacity: agent.capacity,
                last_assigned_at: agent.last_assigned_at,
                previous_holder: previous == Some(&agent.id),
            })
            .collect()
    }
}
