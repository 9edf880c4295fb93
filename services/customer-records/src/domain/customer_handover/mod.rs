//! Handover of an agent's customers to others (CU-10).
//!
//! | handover | by | to |
//! |---|---|---|
//! | planning | all collected and divided | planned |
//! | planned | the old owner or a supervisor starts | running |
//! | planned, running | a receiver is added | planning, running |
//! | running | nobody is open any more | done |
//! | planning, planned, running | cancelled | cancelled |
//!
//! | customer | by | to |
//! |---|---|---|
//! | pending, unplaced | divided ([`share`]) | offered |
//! | pending | all have declined | unplaced |
//! | offered | the receiver confirms | confirmed |
//! | offered | the receiver declines | pending |
//! | pending, offered, unplaced | the ownership ends or changes, a merge, the cancellation | dropped |
//!
//! # Invariants
//! - A customer is the old owner's until confirmed, and the receiver's from then on: nothing falls between two owners.
//! - A customer is open in one handover at most.
//! - Who declined a customer is not offered it again.

pub mod share;
#[cfg(test)]
mod tests;
mod words;

use jiff::Timestamp;
use kexiang_core::{AgentId, CustomerHandoverId, CustomerId};
use serde::{Deserialize, Serialize};

pub use words::{AnswerToAll, DropReason, HandoverReason, HandoverState, ItemState};

/// The most receivers of a handover.
pub const MOST_RECEIVERS: usize = 100;

/// What happens to a handover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandoverStep {
    /// Everything is divided.
    Divided,
    /// Released.
    Start,
    /// One more receiver.
    AddReceiver,
    /// A receiver confirms or declines.
    Answer,
    /// Nobody is open any more.
    Settled,
    /// Taken back.
    Cancel,
}

impl HandoverState {
    /// The state after a step.
    ///
    /// # Errors
    /// What is needed instead.
    pub const fn after(self, step: HandoverStep) -> Result<Self, &'static str> {
        match (self, step) {
            (Self::Planning, HandoverStep::Divided) => Ok(Self::Planned),
            (Self::Planned, HandoverStep::Start)
            | (Self::Running, HandoverStep::AddReceiver | HandoverStep::Answer) => Ok(Self::Running),
            (Self::Planned, HandoverStep::AddReceiver) => Ok(Self::Planning),
            (Self::Running, HandoverStep::Settled) => Ok(Self::Done),
            (Self::Planning | Self::Planned | Self::Running, HandoverStep::Cancel) => Ok(Self::Cancelled),
            (_, HandoverStep::Divided) => Err("the handover has to be PLANNING"),
            (_, HandoverStep::Start) => Err("the handover has to be PLANNED"),
            (_, HandoverStep::AddReceiver) => Err("the handover has to be PLANNED or RUNNING"),
            (_, HandoverStep::Answer | HandoverStep::Settled) => Err("the handover has to be RUNNING"),
            (_, HandoverStep::Cancel) => Err("the handover must not be over"),
        }
    }

    /// Whether it is over.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}

/// A handover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// Which.
    pub handover_id: CustomerHandoverId,
    /// Whose customers.
    pub agent: AgentId,
    /// Why.
    pub reason: HandoverReason,
    /// Where it stands.
    pub state: HandoverState,
    /// All that the agent owns is still being collected.
    pub collecting: bool,
    /// Up to this one they are.
    pub collected_through: CustomerId,
    /// Who planned it.
    pub planner: AgentId,
    /// Who released it.
    pub starter: Option<AgentId>,
    /// Planned.
    pub created_at: Timestamp,
    /// Done or cancelled.
    pub ended_at: Option<Timestamp>,
    /// Customers of it are still open.
    pub active: bool,
    /// Starts at 1, one more for every verb and state.
    pub version: i64,
}

impl Handover {
    /// Takes a step.
    ///
    /// # Errors
    /// What is needed instead.
    pub fn step(&mut self, step: HandoverStep, now: Timestamp) -> Result<(), &'static str> {
        self.state = self.state.after(step)?;
        self.version += 1;
        if self.state.is_over() {
            self.ended_at = Some(now);
        }
        Ok(())
    }
}

/// Somebody who is to get customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receiver {
    /// Who.
    pub agent: AgentId,
    /// Ability.
    pub weight: i32,
    /// Customers owned when it was planned.
    pub load: i64,
    /// To all.
    pub answer: Option<AnswerToAll>,
    /// Why, in words.
    pub answer_reason: Option<String>,
}

/// A customer of a handover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Who.
    pub customer_id: CustomerId,
    /// Where it stands.
    pub state: ItemState,
    /// Of offered and confirmed.
    pub receiver: Option<AgentId>,
    /// Who declined it.
    pub declined_by: Vec<AgentId>,
    /// Why the last of them did.
    pub decline_reason: Option<String>,
    /// Of dropped.
    pub drop_reason: Option<DropReason>,
    /// Of confirmed and dropped.
    pub ended_at: Option<Timestamp>,
}

impl Item {
    /// Waits to be given to a receiver.
    #[must_use]
    pub const fn pending(customer_id: CustomerId) -> Self {
        Self {
            customer_id,
            state: ItemState::Pending,
            receiver: None,
            declined_by: Vec::new(),
            decline_reason: None,
            drop_reason: None,
            ended_at: None,
        }
    }

    /// Whether it still waits for something.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, ItemState::Pending | ItemState::Offered | ItemState::Unplaced)
    }

    /// To this receiver, or to nobody when all declined. Whether anything changed.
    pub fn offer(&mut self, receiver: Option<AgentId>) -> bool {
        let state = if receiver.is_some() { ItemState::Offered } else { ItemState::Unplaced };
        if !matches!(self.state, ItemState::Pending | ItemState::Unplaced) || state == self.state {
            return false;
        }
        (self.state, self.receiver) = (state, receiver);
        true
    }

    /// The receiver takes it. Whether it was offered to them.
    pub fn confirm(&mut self, receiver: &AgentId, now: Timestamp) -> bool {
        let offered = self.is_offered_to(receiver);
        if offered {
            (self.state, self.ended_at) = (ItemState::Confirmed, Some(now));
        }
        offered
    }

    /// The receiver does not take it. Whether it was offered to them.
    pub fn decline(&mut self, receiver: &AgentId, reason: Option<String>) -> bool {
        let offered = self.is_offered_to(receiver);
        if offered {
            (self.state, self.receiver, self.decline_reason) = (ItemState::Pending, None, reason);
            self.declined_by.push(receiver.clone());
        }
        offered
    }

    /// No longer part of the handover. Whether it was.
    pub fn drop_for(&mut self, reason: DropReason, now: Timestamp) -> bool {
        let open = self.is_open();
        if open {
            (self.state, self.receiver) = (ItemState::Dropped, None);
            (self.drop_reason, self.ended_at) = (Some(reason), Some(now));
        }
        open
    }

    /// Whether it waits for this receiver.
    #[must_use]
    pub fn is_offered_to(&self, receiver: &AgentId) -> bool {
        self.state == ItemState::Offered && self.receiver.as_ref() == Some(receiver)
    }
}

/// How many customers of a handover stand where: a state, of whom, how many.
pub type Counts = Vec<(ItemState, Option<AgentId>, i64)>;

/// A handover with its receivers and how many stand where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// The handover.
    pub handover: Handover,
    /// In the order of the request.
    pub receivers: Vec<Receiver>,
    /// How many stand where.
    pub counts: Counts,
}

impl Overview {
    /// How many stand there, of this receiver or of all.
    #[must_use]
    pub fn count(&self, state: ItemState, receiver: Option<&AgentId>) -> i64 {
        let counted = self.counts.iter().filter(|(of, by, _)| {
            *of == state && receiver.is_none_or(|receiver| by.as_ref() == Some(receiver))
        });
        counted.map(|(_, _, count)| count).sum()
    }

    /// What those carry who take customers.
    #[must_use]
    pub fn shares(&self) -> Vec<share::Share> {
        let willing =
            self.receivers.iter().filter(|receiver| receiver.answer != Some(AnswerToAll::DeclinedAll));
        let share = |receiver: &Receiver| share::Share {
            agent: receiver.agent.clone(),
            weight: receiver.weight,
            load: receiver.load,
            given: self.count(ItemState::Offered, Some(&receiver.agent))
                + self.count(ItemState::Confirmed, Some(&receiver.agent)),
        };
        willing.map(share).collect()
    }
}

/// What is open with a customer of one kind: how many, and the newest of them by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenThings {
    /// How many.
    pub count: i64,
    /// At most [`MOST_NAMED`], newest first.
    pub ids: Vec<uuid::Uuid>,
}

/// The most things of a customer that are named.
pub const MOST_NAMED: i32 = 20;

/// What is open with a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baggage {
    /// Promises not kept yet.
    pub promises: OpenThings,
    /// Open cases.
    pub cases: OpenThings,
    /// Follow-ups whose next step nobody followed up.
    pub follow_ups: OpenThings,
    /// Agreements that are not closed.
    pub agreements: OpenThings,
}

/// What events tell of a handover: ids and codes alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HandoverFacts {
    /// Which.
    pub handover_id: CustomerHandoverId,
    /// Whose customers.
    pub agent: AgentId,
    /// Where it stands.
    pub state: HandoverState,
    /// Why.
    pub reason: HandoverReason,
    /// Who answered or was added.
    pub receiver: Option<AgentId>,
    /// How many customers it is about.
    pub customers: i64,
}
