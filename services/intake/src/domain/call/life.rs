//! What the events of a call add up to.
//!
//! Between two events the call is in one phase, and the time counts for it:
//!
//! | phase | after | counts as, before the first answer | after it | desk span |
//! |---|---|---|---|---|
//! | offered | OFFERED, or nothing yet | nothing (menu) | | |
//! | queued | QUEUED | wait | hold | the call waits |
//! | ringing | RINGING | ring | hold | agent RINGING |
//! | talking | ANSWERED, RETRIEVED, TRANSFERRED | | talk | agent TALKING |
//! | holding | HELD | | hold | agent HOLDING |
//! | ended | ENDED | | wrap-up of the last agent, until WRAPPED_UP | agent WRAP_UP |
//!
//! An agent who handed the call on wraps up from then until their own WRAPPED_UP, if one comes. ENDED after ABANDONED is
//! usual and no anomaly. The first event of a call begins it, whatever its kind; what is out of place even then (HELD) is named.

use std::collections::BTreeMap;

use kexiang_core::{AgentId, Channel, PhoneNumber, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AnomalyReason, CallEvent, CallEventKind, CallOutcome, CallState};
use crate::domain::{contact::Timing, desk::AgentState};

/// An event that contradicts the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anomaly {
    /// Which.
    pub event_id: String,
    /// Its kind.
    pub kind: CallEventKind,
    /// Its time.
    pub event_at: Timestamp,
    /// What is wrong.
    pub reason: AnomalyReason,
}

/// What a call implies for a desk: an agent's state, or (without agent) that it waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSpan {
    /// Whose; `None` while it waits in the queue.
    pub agent: Option<AgentId>,
    /// What they do; nothing for a waiting call.
    pub state: Option<AgentState>,
    /// Since.
    pub from: Timestamp,
    /// Until; `None` while it lasts.
    pub until: Option<Timestamp>,
}

/// What the events of a call add up to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Life {
    /// Where it stands.
    pub state: CallState,
    /// How it came out; `None` until it is over.
    pub outcome: Option<CallOutcome>,
    /// Who has it, or had it last.
    pub agent: Option<AgentId>,
    /// Its first event.
    pub offered_at: Timestamp,
    /// First answered.
    pub answered_at: Option<Timestamp>,
    /// Over.
    pub ended_at: Option<Timestamp>,
    /// Ring, wait, talk and wrap-up; `None` for what never was.
    pub timing: Timing,
    /// On hold, in seconds.
    pub hold: Option<f64>,
    /// Answered, and rang no longer than the site's limit.
    pub answered_in_time: bool,
    /// Who calls.
    pub caller_phone: Option<PhoneNumber>,
    /// What was dialled.
    pub called_number: Option<String>,
    /// As told, or of the published number.
    pub channel: Option<Channel>,
    /// Of the published number.
    pub language: Option<String>,
    /// Events that contradict the others, by time.
    pub anomalies: Vec<Anomaly>,
    /// What it implies for the desk, by time.
    pub spans: Vec<CallSpan>,
}

impl Life {
    /// What these events add up to; `None` without any. Their order and repetitions do not matter. `limit_seconds` is how long
    /// a call may ring to be answered in time.
    #[must_use]
    pub fn of(events: &[CallEvent], limit_seconds: u32) -> Option<Self> {
        let once: BTreeMap<_, _> = events.iter().map(|event| (event.key(), event)).collect();
        let mut ordered: Vec<&CallEvent> = once.into_values().collect();
        ordered.sort_by(|one, other| one.place().cmp(&other.place()));
        let mut fold = Fold::begin(ordered.first()?.event_at);
        for event in &ordered {
            fold.take(event);
        }
        Some(fold.finish(&ordered, limit_seconds))
    }

    /// How it came in: by the hotline when nothing else was told.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.unwrap_or(Channel::Hotline)
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Phase {
    Unknown,
    Offered,
    Queued,
    Ringing(AgentId),
    Talking(AgentId),
    /// Handed on: the caller talks with the next agent, unless it rings or queues first.
    Handed(AgentId),
    Holding(AgentId),
    Abandoned,
    /// With who wraps up.
    Ended(Option<AgentId>),
    WrappedUp,
}

impl Phase {
    fn agent(&self) -> Option<&AgentId> {
        match self {
            Self::Ringing(agent) | Self::Talking(agent) | Self::Handed(agent) | Self::Holding(agent) => {
                Some(agent)
            }
            Self::Ended(agent) => agent.as_ref(),
            Self::Unknown | Self::Offered | Self::Queued | Self::Abandoned | Self::WrappedUp => None,
        }
    }

    /// Who has been talking, if somebody has.
    fn talker(&self) -> Option<&AgentId> {
        match self {
            Self::Talking(agent) | Self::Handed(agent) | Self::Holding(agent) => Some(agent),
            _ => None,
        }
    }

    fn is_over(&self) -> bool {
        matches!(self, Self::Abandoned | Self::Ended(_) | Self::WrappedUp)
    }

    const fn state(&self) -> CallState {
        match self {
            Self::Unknown | Self::Offered => CallState::Offered,
            Self::Queued => CallState::Queued,
            Self::Ringing(_) => CallState::Ringing,
            Self::Talking(_) | Self::Handed(_) => CallState::Talking,
            Self::Holding(_) => CallState::Holding,
            Self::Abandoned => CallState::Abandoned,
            Self::Ended(_) => CallState::Ended,
            Self::WrappedUp => CallState::WrappedUp,
        }
    }
}

/// Microseconds, for what was at all.
type Micros = Option<i64>;

struct Fold {
    phase: Phase,
    since: Timestamp,
    agent: Option<AgentId>,
    outcome: Option<CallOutcome>,
    answered_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    ring: Micros,
    wait: Micros,
    talk: Micros,
    hold: Micros,
    wrap_up: Micros,
    /// Agents who handed the call on, and when.
    left: BTreeMap<AgentId, Timestamp>,
    anomalies: Vec<Anomaly>,
    spans: Vec<CallSpan>,
}

impl Fold {
    fn begin(at: Timestamp) -> Self {
        Self {
            phase: Phase::Unknown,
            since: at,
            agent: None,
            outcome: None,
            answered_at: None,
            ended_at: None,
            ring: None,
            wait: None,
            talk: None,
            hold: None,
            wrap_up: None,
            left: BTreeMap::new(),
            anomalies: Vec::new(),
            spans: Vec::new(),
        }
    }

    fn take(&mut self, event: &CallEvent) {
        match self.next(event) {
            Ok(Some(phase)) => self.enter(phase, event.event_at),
            Ok(None) => {}
            Err(reason) => self.note(event, reason),
        }
    }

    fn note(&mut self, event: &CallEvent, reason: AnomalyReason) {
        let (event_id, kind, event_at) = (event.event_id.clone(), event.kind, event.event_at);
        self.anomalies.push(Anomaly { event_id, kind, event_at, reason });
    }

    /// The phase that the event leads to; `None` when it changes none.
    fn next(&mut self, event: &CallEvent) -> Result<Option<Phase>, AnomalyReason> {
        use CallEventKind::{
            Abandoned, Answered, Ended, Held, Offered, Queued, Retrieved, Ringing, Transferred, WrappedUp,
        };
        let agent = event.agent.clone();
        if event.kind == WrappedUp {
            return self.wrapped_up(event);
        }
        let phase = self.phase.clone();
        Ok(Some(match (event.kind, &phase, agent) {
            (Ended, Phase::Abandoned, _) => return Ok(None),
            (_, Phase::Abandoned | Phase::Ended(_) | Phase::WrappedUp, _) => {
                return Err(AnomalyReason::AfterEnd);
            }
            (Offered, Phase::Unknown, _) => Phase::Offered,
            (Queued, Phase::Queued, _) => return Err(AnomalyReason::OutOfPlace),
            (Queued, _, _) => Phase::Queued,
            (
                Ringing,
                Phase::Unknown | Phase::Offered | Phase::Queued | Phase::Ringing(_) | Phase::Handed(_),
                Some(agent),
            ) => Phase::Ringing(agent),
            (
                Answered,
                Phase::Unknown | Phase::Offered | Phase::Queued | Phase::Ringing(_) | Phase::Handed(_),
                Some(agent),
            ) => Phase::Talking(agent),
            (Held, Phase::Talking(talker) | Phase::Handed(talker), _) => Phase::Holding(talker.clone()),
            (Retrieved, Phase::Holding(talker), _) => Phase::Talking(talker.clone()),
            (Transferred, Phase::Talking(_) | Phase::Handed(_) | Phase::Holding(_), Some(agent)) => {
                Phase::Handed(agent)
            }
            (Abandoned, Phase::Talking(_) | Phase::Handed(_) | Phase::Holding(_), _) => {
                self.note(event, AnomalyReason::AbandonedAfterAnswer);
                Phase::Ended(phase.talker().cloned())
            }
            // Gave up while passed on from one agent to the next: it was answered all the same.
            (Abandoned, _, _) if self.answered_at.is_some() => Phase::Ended(None),
            (Abandoned, _, _) => Phase::Abandoned,
            (Ended, _, _) => Phase::Ended(phase.talker().cloned()),
            (Offered | Ringing | Answered | Held | Retrieved | Transferred | WrappedUp, _, _) => {
                return Err(AnomalyReason::OutOfPlace);
            }
        }))
    }

    /// The last agent's wrap-up ends the call for good; that of an agent who handed it on is theirs alone.
    fn wrapped_up(&mut self, event: &CallEvent) -> Result<Option<Phase>, AnomalyReason> {
        if let Phase::Ended(Some(last)) = &self.phase
            && event.agent.as_ref().is_none_or(|agent| agent == last)
        {
            return Ok(Some(Phase::WrappedUp));
        }
        let Some((agent, from)) = event.agent.as_ref().and_then(|agent| self.left.remove_entry(agent)) else {
            let over = self.phase.is_over() && !matches!(self.phase, Phase::Ended(_));
            return Err(if over { AnomalyReason::AfterEnd } else { AnomalyReason::OutOfPlace });
        };
        add(&mut self.wrap_up, from, event.event_at);
        self.span(Some(agent), Some(AgentState::WrapUp), from, Some(event.event_at));
        Ok(None)
    }

    fn enter(&mut self, phase: Phase, at: Timestamp) {
        self.leave(Some(at));
        if let Some(talker) = self.phase.talker()
            && !phase.is_over()
            && phase.agent() != Some(talker)
        {
            self.left.insert(talker.clone(), at);
        }
        if let Some(agent) = phase.agent() {
            self.agent = Some(agent.clone());
        }
        if let Some(talker) = phase.talker() {
            self.answered_at.get_or_insert(at);
            self.left.remove(talker);
        }
        if phase.is_over() && self.ended_at.is_none() {
            self.ended_at = Some(at);
            self.outcome = Some(match phase {
                Phase::Abandoned => CallOutcome::Abandoned,
                _ if self.answered_at.is_some() => CallOutcome::Answered,
                _ => CallOutcome::Unanswered,
            });
        }
        self.phase = phase;
        self.since = at;
    }

    /// Counts the phase in force until `until`, or as going on.
    fn leave(&mut self, until: Option<Timestamp>) {
        let (from, answered) = (self.since, self.answered_at.is_some());
        let (sum, agent, state) = match &self.phase {
            Phase::Queued if answered => (Some(&mut self.hold), None, None),
            Phase::Queued => (Some(&mut self.wait), None, None),
            Phase::Ringing(agent) if answered => {
                (Some(&mut self.hold), Some(agent), Some(AgentState::Ringing))
            }
            Phase::Ringing(agent) => (Some(&mut self.ring), Some(agent), Some(AgentState::Ringing)),
            Phase::Talking(agent) | Phase::Handed(agent) => {
                (Some(&mut self.talk), Some(agent), Some(AgentState::Talking))
            }
            Phase::Holding(agent) => (Some(&mut self.hold), Some(agent), Some(AgentState::Holding)),
            Phase::Ended(Some(agent)) => (Some(&mut self.wrap_up), Some(agent), Some(AgentState::WrapUp)),
            Phase::Unknown | Phase::Offered | Phase::Abandoned | Phase::Ended(None) | Phase::WrappedUp => {
                return;
            }
        };
        if let (Some(sum), Some(until)) = (sum, until) {
            add(sum, from, until);
        }
        let agent = agent.cloned();
        self.span(agent, state, from, until);
    }

    fn span(
        &mut self,
        agent: Option<AgentId>,
        state: Option<AgentState>,
        from: Timestamp,
        until: Option<Timestamp>,
    ) {
        if until.is_none_or(|until| from < until) {
            self.spans.push(CallSpan { agent, state, from, until });
        }
    }

    fn finish(mut self, ordered: &[&CallEvent], limit_seconds: u32) -> Life {
        self.leave(None);
        let seconds = |micros: Micros| micros.map(|micros| micros as f64 / 1e6);
        let in_time = self.ring.unwrap_or(0) <= i64::from(limit_seconds) * 1_000_000;
        Life {
            state: self.phase.state(),
            outcome: self.outcome,
            agent: self.agent,
            offered_at: ordered.first().map_or(self.since, |first| first.event_at),
            answered_at: self.answered_at,
            ended_at: self.ended_at,
            timing: Timing {
                ring: seconds(self.ring),
                wait: seconds(self.wait),
                talk: seconds(self.talk),
                wrap_up: seconds(self.wrap_up),
            },
            hold: seconds(self.hold),
            answered_in_time: self.answered_at.is_some() && in_time,
            caller_phone: ordered.iter().find_map(|event| event.caller_phone.clone()),
            called_number: ordered.iter().find_map(|event| event.called_number.clone()),
            channel: ordered.iter().find_map(|event| event.channel),
            language: ordered.iter().find_map(|event| event.language.clone()),
            anomalies: self.anomalies,
            spans: self.spans,
        }
    }
}

fn add(sum: &mut Micros, from: Timestamp, until: Timestamp) {
    let micros = until.as_microsecond().saturating_sub(from.as_microsecond());
    *sum = Some(sum.unwrap_or(0).saturating_add(micros));
}
