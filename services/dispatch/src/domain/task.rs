//! Tasks: today the return visit 回访 (DI-19), due three days after the customer was informed.
//!
//! Invariants: an answer or the third attempt that reaches nobody ends a task; nothing leaves an end.

use std::{fmt, str::FromStr};

use jiff::SignedDuration;
use kexiang_core::{
    Actor, AgentId, CaseId, Satisfaction, SiteId, TaskId, Timestamp, vocabulary::UnknownWord,
};
use serde::{Deserialize, Serialize};

/// A return visit is due this long after the customer was informed.
pub const RETURN_VISIT_WITHIN: SignedDuration = SignedDuration::from_hours(3 * 24);
/// So many attempts that reach nobody exhaust a return visit.
pub const MAX_FAILED_ATTEMPTS: i32 = 3;

/// What a task is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskKind {
    /// Asking the customer afterwards. 回访
    ReturnVisit,
}

impl TaskKind {
    /// The word in SQL and events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReturnVisit => "RETURN_VISIT",
        }
    }
}

impl FromStr for TaskKind {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "RETURN_VISIT" => Ok(Self::ReturnVisit),
            _ => Err(UnknownWord(text.to_owned())),
        }
    }
}

/// The life of a task: OPEN → DONE, or → EXHAUSTED, or → CANCELLED.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskState {
    /// To be done.
    Open,
    /// The customer answered. Final.
    Done,
    /// The customer could not be reached. Final.
    Exhausted,
    /// No longer needed: the case was reopened or withdrawn by other means. Final.
    Cancelled,
}

impl TaskState {
    /// The word in SQL and events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Done => "DONE",
            Self::Exhausted => "EXHAUSTED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TaskState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Open, Self::Done, Self::Exhausted, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// The task has ended already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the task is {state}; this needs OPEN")]
pub struct TaskEnded {
    /// How it ended.
    pub state: TaskState,
}

/// One attempt to ask the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The customer answered.
    Answered {
        /// How satisfied they are.
        satisfaction: Satisfaction,
        /// In their words.
        words: Option<String>,
    },
    /// Nobody was reached.
    NotReached {
        /// What the visitor noted.
        words: Option<String>,
    },
}

/// One thing one person does by a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// What it is for.
    pub kind: TaskKind,
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub case_number: String,
    /// Which life of the case it belongs to; one return visit in each.
    pub life: i32,
    /// Where the case was accepted.
    pub site: SiteId,
    /// First responsible for the case; none when the case has nobody.
    pub agent: Option<AgentId>,
    /// Where it stands.
    pub state: TaskState,
    /// By when.
    pub due_at: Timestamp,
    /// Attempts that reached nobody.
    pub failed_attempts: i32,
    /// The customer's answer.
    pub satisfaction: Option<Satisfaction>,
    /// The customer's words.
    pub words: Option<String>,
    /// Who made the last attempt.
    pub visitor: Option<Actor>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was done or exhausted.
    pub completed_at: Option<Timestamp>,
    /// One more with every change; the etag.
    pub version: i64,
}

impl Task {
    /// Records one attempt: an answer → DONE; nobody reached → still OPEN, or EXHAUSTED after the third.
    ///
    /// # Errors
    /// [`TaskEnded`].
    pub fn attempt(mut self, attempt: Attempt, visitor: Actor, now: Timestamp) -> Result<Self, TaskEnded> {
        self.require_open()?;
        self.visitor = Some(visitor);
        self.version += 1;
        match attempt {
            Attempt::Answered { satisfaction, words } => {
                self.satisfaction = Some(satisfaction);
                self.words = words;
                self.state = TaskState::Done;
            }
            Attempt::NotReached { words } => {
                self.words = words.or(self.words);
                self.failed_attempts += 1;
                if self.failed_attempts >= MAX_FAILED_ATTEMPTS {
                    self.state = TaskState::Exhausted;
                }
            }
        }
        self.completed_at = Some(now).filter(|_| self.state != TaskState::Open);
        Ok(self)
    }

    /// OPEN → CANCELLED.
    ///
    /// # Errors
    /// [`TaskEnded`].
    pub fn cancel(mut self) -> Result<Self, TaskEnded> {
        self.require_open()?;
        self.state = TaskState::Cancelled;
        self.version += 1;
        Ok(self)
    }

    const fn require_open(&self) -> Result<(), TaskEnded> {
        match self.state {
            TaskState::Open => Ok(()),
            state => Err(TaskEnded { state }),
        }
    }
}

#[cfg(test)]
mod tests;
