//! Handovers: the first responsibility for a case passes by offer and acceptance, and in no other way (IN-11).
//!
//! | from | what happens | to | by whom |
//! |---|---|---|---|
//! | (nothing) | offered, with a reason | OFFERED | the first-responsible agent, a supervisor |
//! | OFFERED | accepted: the case's first responsible changes | ACCEPTED | the new agent alone |
//! | OFFERED | declined, with a reason | DECLINED | the new agent alone |
//! | OFFERED | taken back | WITHDRAWN | who offered it, the first-responsible agent, a supervisor |
//! | OFFERED | the customer is answered, or the case withdrawn | CANCELLED | by itself, in the same transaction |
//!
//! Invariants: at most one is OFFERED per case; none is OFFERED for a case whose customer is answered; all but OFFERED are
//! final. All of it is decided under the lock of the case: of two at once one comes first, and the other sees what it did.
//! Killed between any two lines, nothing is there.

use kexiang_core::{Actor, AgentId, Call, CaseId, HandoverId, Role, Timestamp, vocabulary::UnknownWord};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Case;

/// Where a handover stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HandoverState {
    /// Not answered yet.
    Offered,
    /// The new agent is responsible.
    Accepted,
    /// The new agent does not take it.
    Declined,
    /// Taken back.
    Withdrawn,
    /// The customer was answered meanwhile.
    Cancelled,
}

impl HandoverState {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Offered, Self::Accepted, Self::Declined, Self::Withdrawn, Self::Cancelled];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "OFFERED",
            Self::Accepted => "ACCEPTED",
            Self::Declined => "DECLINED",
            Self::Withdrawn => "WITHDRAWN",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl std::str::FromStr for HandoverState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// A handover to be offered, checked field by field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHandover {
    /// Of which case.
    pub case: CaseId,
    /// Who shall be responsible.
    pub to: AgentId,
    /// Why.
    pub reason: String,
}

/// An offer of the first responsibility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// Its id.
    pub id: HandoverId,
    /// Of which case.
    pub case: CaseId,
    /// Who is responsible when it is offered; `None` for a case that nobody accepted in person.
    pub from: Option<AgentId>,
    /// Who shall be.
    pub to: AgentId,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub state: HandoverState,
    /// Who offered it.
    pub offered_by: Actor,
    /// When.
    pub offered_at: Timestamp,
    /// When it was accepted, declined, withdrawn or cancelled.
    pub ended_at: Option<Timestamp>,
    /// Why it was declined.
    pub decline_reason: Option<String>,
    /// Grows with every change; the etag.
    pub version: i64,
}

/// Facts of a handover, for events: no words of anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverFacts {
    /// Which.
    pub handover: HandoverId,
    /// Of which case.
    pub case: CaseId,
    /// Who was responsible.
    pub from: Option<AgentId>,
    /// Who shall be.
    pub to: AgentId,
    /// Where it stands.
    pub state: HandoverState,
    /// Offered.
    pub offered_at: Timestamp,
    /// Ended.
    pub ended_at: Option<Timestamp>,
}

/// How an open handover ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandoverEnd {
    /// The new agent takes it.
    Accept,
    /// The new agent does not, and says why.
    Decline(String),
    /// It is taken back.
    Withdraw,
}

/// Why a handover is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HandoverRefusal {
    /// The first responsibility is over.
    #[error("the customer is answered, or the case withdrawn: the first responsibility passes no more")]
    Answered,
    /// One at a time.
    #[error("the case has an open handover, {}", .0.name())]
    Open(HandoverId),
    /// Nothing would change.
    #[error("{} is first responsible already", .0.name())]
    AlreadyResponsible(AgentId),
    /// The caller has no part in it.
    #[error("{needed}")]
    NotParty {
        /// Who may.
        needed: &'static str,
    },
    /// It has ended.
    #[error("the handover is {} and must be OFFERED", .0.as_str())]
    State(HandoverState),
}

impl NewHandover {
    /// Offers the case, locked, to another agent. `open` is the one that is open already.
    ///
    /// # Errors
    /// [`HandoverRefusal`].
    pub fn offer(
        self,
        case: &Case,
        open: Option<HandoverId>,
        call: &Call,
        now: Timestamp,
    ) -> Result<Handover, HandoverRefusal> {
        if !leads(call) && !is_agent(call, case.first_responsible_agent.as_ref()) {
            return Err(HandoverRefusal::NotParty {
                needed: "only the first-responsible agent or a supervisor can offer a handover",
            });
        }
        if case.state.is_answered() {
            return Err(HandoverRefusal::Answered);
        }
        if let Some(open) = open {
            return Err(HandoverRefusal::Open(open));
        }
        if case.first_responsible_agent.as_ref() == Some(&self.to) {
            return Err(HandoverRefusal::AlreadyResponsible(self.to));
        }
        Ok(Handover {
            id: HandoverId::at(now),
            case: case.id,
            from: case.first_responsible_agent.clone(),
            to: self.to,
            reason: self.reason,
            state: HandoverState::Offered,
            offered_by: call.actor.clone(),
            offered_at: now,
            ended_at: None,
            decline_reason: None,
            version: 1,
        })
    }
}

impl Handover {
    /// Ends that of a case, locked; who may is decided before where case and handover stand.
    ///
    /// # Errors
    /// [`HandoverRefusal::NotParty`], [`HandoverRefusal::Answered`], [`HandoverRefusal::State`]; the handover is as it was.
    pub fn end(
        &mut self,
        end: &HandoverEnd,
        case: &Case,
        call: &Call,
        now: Timestamp,
    ) -> Result<(), HandoverRefusal> {
        self.check_party(end, call)?;
        if *end == HandoverEnd::Accept && case.state.is_answered() {
            return Err(HandoverRefusal::Answered);
        }
        self.need_open()?;
        match end {
            HandoverEnd::Accept => self.settle(HandoverState::Accepted, now),
            HandoverEnd::Decline(reason) => {
                self.decline_reason = Some(reason.clone());
                self.settle(HandoverState::Declined, now);
            }
            HandoverEnd::Withdraw => self.settle(HandoverState::Withdrawn, now),
        }
        Ok(())
    }

    /// Ends an open one because the customer of its case is answered.
    ///
    /// # Errors
    /// [`HandoverRefusal::State`]; the handover is as it was.
    pub fn cancel(&mut self, now: Timestamp) -> Result<(), HandoverRefusal> {
        self.need_open()?;
        self.settle(HandoverState::Cancelled, now);
        Ok(())
    }

    fn need_open(&self) -> Result<(), HandoverRefusal> {
        if self.state == HandoverState::Offered { Ok(()) } else { Err(HandoverRefusal::State(self.state)) }
    }

    fn settle(&mut self, state: HandoverState, now: Timestamp) {
        self.state = state;
        self.ended_at = Some(now);
        self.version += 1;
    }

    fn check_party(&self, end: &HandoverEnd, call: &Call) -> Result<(), HandoverRefusal> {
        let (may, needed) = match end {
            HandoverEnd::Accept | HandoverEnd::Decline(_) => {
                (is_agent(call, Some(&self.to)), "only the new agent can accept or decline it")
            }
            HandoverEnd::Withdraw => (
                leads(call) || call.actor == self.offered_by || is_agent(call, self.from.as_ref()),
                "only who offered it, the first-responsible agent or a supervisor can take it back",
            ),
        };
        if may { Ok(()) } else { Err(HandoverRefusal::NotParty { needed }) }
    }

    /// The event that tells where it stands now.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        match self.state {
            HandoverState::Offered => "handover.offered",
            HandoverState::Accepted => "handover.accepted",
            HandoverState::Declined => "handover.declined",
            HandoverState::Withdrawn => "handover.withdrawn",
            HandoverState::Cancelled => "handover.cancelled",
        }
    }

    /// What its events tell.
    #[must_use]
    pub fn facts(&self) -> HandoverFacts {
        HandoverFacts {
            handover: self.id,
            case: self.case,
            from: self.from.clone(),
            to: self.to.clone(),
            state: self.state,
            offered_at: self.offered_at,
            ended_at: self.ended_at,
        }
    }
}

fn leads(call: &Call) -> bool {
    call.roles.any_of(&[Role::Supervisor, Role::Administrator])
}

fn is_agent(call: &Call, agent: Option<&AgentId>) -> bool {
    call.actor.agent().is_some_and(|caller| Some(caller) == agent)
}

#[cfg(test)]
mod tests;
