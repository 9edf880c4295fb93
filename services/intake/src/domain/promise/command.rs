//! What people do with a promise: the one place that moves it but for its alarms, by the table in the head of [`super`].

use kexiang_core::{Actor, AgentId, Timestamp};
use thiserror::Error;

use super::{EscalationRule, Previous, Promise, PromiseChange, PromiseState};

/// What somebody does with a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Contacted the customer.
    Keep {
        /// When; now when not given.
        contacted_at: Option<Timestamp>,
        /// What was said.
        note: Option<String>,
    },
    /// Gives it to another owner.
    Reassign {
        /// Whom.
        owner: AgentId,
        /// Why.
        reason: String,
    },
    /// Agreed another time with the customer.
    Reschedule {
        /// By when now.
        due_at: Timestamp,
        /// Why.
        reason: String,
    },
    /// Takes it back.
    Withdraw {
        /// Why.
        reason: String,
    },
}

/// The event that tells that a promise was taken back.
pub const WITHDRAWN: &str = "promise.withdrawn";

impl Command {
    /// Whether the customer waits for nothing more afterwards.
    #[must_use]
    pub const fn is_end(&self) -> bool {
        matches!(self, Self::Keep { .. } | Self::Withdraw { .. })
    }

    /// The event that tells it.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::Keep { .. } => "promise.kept",
            Self::Reassign { .. } => "promise.reassigned",
            Self::Reschedule { .. } => "promise.rescheduled",
            Self::Withdraw { .. } => WITHDRAWN,
        }
    }
}

/// Why a command is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PromiseError {
    /// Another state is needed.
    #[error("the promise is {} and must be {needed}", .state.as_str())]
    State {
        /// Where it stands.
        state: PromiseState,
        /// What is needed, in words.
        needed: &'static str,
    },
    /// The contact was before the promise was made.
    #[error("must not be before the promise was made")]
    ContactBeforePromise,
    /// The owner is the same.
    #[error("must be another than the owner")]
    SameOwner,
    /// The due time is not in the future.
    #[error("must be in the future")]
    DueInPast,
}

impl Promise {
    /// Does what `command` says, after all alarms that are due by `now` went off ([`Promise::advance`]).
    ///
    /// # Errors
    /// [`PromiseError`]; the promise is as it was.
    pub fn apply(
        &mut self,
        command: &Command,
        by: &Actor,
        rule: EscalationRule,
        now: Timestamp,
    ) -> Result<(), PromiseError> {
        match command {
            Command::Keep { contacted_at, note } => {
                self.keep(contacted_at.unwrap_or(now).min(now), note.clone())?;
            }
            Command::Reassign { owner, reason } => {
                self.need(self.state.is_waiting(), "OPEN or MISSED")?;
                if *owner == self.owner {
                    return Err(PromiseError::SameOwner);
                }
                let previous = Previous::Owner(std::mem::replace(&mut self.owner, owner.clone()));
                self.remember(previous, reason, by, now);
            }
            Command::Reschedule { due_at, reason } => {
                self.need(self.state == PromiseState::Open, "OPEN")?;
                if *due_at <= now {
                    return Err(PromiseError::DueInPast);
                }
                let previous = Previous::DueAt(std::mem::replace(&mut self.due_at, *due_at));
                self.due_soon_at = rule.due_soon_at(now, *due_at);
                self.escalation_level = 0;
                self.remember(previous, reason, by, now);
            }
            Command::Withdraw { reason } => {
                return self.withdraw(reason, now);
            }
        }
        self.touch(now);
        Ok(())
    }

    /// Takes it back, after all alarms that are due by `now` went off.
    ///
    /// # Errors
    /// [`PromiseError::State`]; the promise is as it was.
    pub fn withdraw(&mut self, reason: &str, now: Timestamp) -> Result<(), PromiseError> {
        self.need(self.state.is_waiting(), "OPEN or MISSED")?;
        self.state = PromiseState::Withdrawn;
        self.withdrawal_reason = Some(reason.to_owned());
        self.touch(now);
        Ok(())
    }

    fn keep(&mut self, contacted_at: Timestamp, note: Option<String>) -> Result<(), PromiseError> {
        self.need(self.state.is_waiting(), "OPEN or MISSED")?;
        if contacted_at < self.made_at {
            return Err(PromiseError::ContactBeforePromise);
        }
        let in_time = self.state == PromiseState::Open;
        self.state = if in_time { PromiseState::Kept } else { PromiseState::KeptLate };
        self.kept_at = Some(contacted_at);
        self.keep_note = note;
        Ok(())
    }

    fn remember(&mut self, previous: Previous, reason: &str, by: &Actor, now: Timestamp) {
        let (changed_by, reason) = (by.clone(), reason.to_owned());
        self.changes.push(PromiseChange { changed_at: now, changed_by, previous, reason });
    }

    fn need(&self, is_there: bool, needed: &'static str) -> Result<(), PromiseError> {
        if is_there { Ok(()) } else { Err(PromiseError::State { state: self.state, needed }) }
    }
}
