//! The states of a work order and what is refused in them; the moves themselves are methods of
//! [`super::work_order::WorkOrder`].

use std::{fmt, str::FromStr};

use kexiang_core::{AgentId, vocabulary::UnknownWord};
use serde::{Deserialize, Serialize};

/// The life of a work order.
///
/// | move | from | to |
/// |---|---|---|
/// | route | UNROUTED | QUEUED |
/// | assign | QUEUED | ASSIGNED |
/// | accept | ASSIGNED | ACCEPTED |
/// | start | ACCEPTED | IN_PROGRESS |
/// | finish | IN_PROGRESS | FINISHED |
/// | return | FINISHED | IN_PROGRESS |
/// | verify | FINISHED | COMPLETED |
/// | reassign | QUEUED, ASSIGNED, ACCEPTED | ASSIGNED, or QUEUED when nobody else can take it |
/// | cancel | all but COMPLETED and CANCELLED | CANCELLED |
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WorkOrderState {
    /// No line of the routing table fits.
    Unrouted,
    /// Its unit is known, and nobody there has it.
    Queued,
    /// An agent has it and has not said yes yet.
    Assigned,
    /// The agent signed for it. 签收
    Accepted,
    /// Work is under way.
    InProgress,
    /// The doer says it is done, with proof.
    Finished,
    /// Verified by another person. 验收. Final.
    Completed,
    /// The case was withdrawn, follows another one, or was resolved without it. Final.
    Cancelled,
}

impl WorkOrderState {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 8] = [
        Self::Unrouted,
        Self::Queued,
        Self::Assigned,
        Self::Accepted,
        Self::InProgress,
        Self::Finished,
        Self::Completed,
        Self::Cancelled,
    ];
    /// Where an order may be given to another agent.
    pub const REASSIGNABLE: &'static [Self] = &[Self::Queued, Self::Assigned, Self::Accepted];
    /// Where an order may be cancelled: everywhere but at an end.
    pub const CANCELLABLE: &'static [Self] =
        &[Self::Unrouted, Self::Queued, Self::Assigned, Self::Accepted, Self::InProgress, Self::Finished];

    /// The word in SQL and events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unrouted => "UNROUTED",
            Self::Queued => "QUEUED",
            Self::Assigned => "ASSIGNED",
            Self::Accepted => "ACCEPTED",
            Self::InProgress => "IN_PROGRESS",
            Self::Finished => "FINISHED",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Whether it counts among its agent's open orders.
    #[must_use]
    pub const fn is_open_order(self) -> bool {
        matches!(self, Self::Assigned | Self::Accepted | Self::InProgress)
    }
}

impl fmt::Display for WorkOrderState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for WorkOrderState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// Why a move is refused. The order stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    /// The state does not allow it.
    #[error("the work order is {state}; this needs {}", words(needed))]
    StateNotAllowed {
        /// Where the order stands.
        state: WorkOrderState,
        /// Where it would have to stand.
        needed: &'static [WorkOrderState],
    },
    /// Only the agent who has the order may do it.
    #[error("the work order is with {}", agent.name())]
    NotAssignee {
        /// Who has it.
        agent: AgentId,
    },
    /// The doer may not judge their own work (DI-12).
    #[error("the doer can't verify or return their own work")]
    OwnWork,
}

fn words(states: &[WorkOrderState]) -> String {
    states.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(", ")
}
