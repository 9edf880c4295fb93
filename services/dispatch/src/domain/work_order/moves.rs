//! The moves of a work order, by the table on [`WorkOrderState`]. A refused move changes nothing; each one done is one version.

use kexiang_core::{Actor, AgentId, Timestamp};

use super::{Proof, Routing, WorkOrder};
use crate::domain::state::{TransitionError, WorkOrderState};

impl WorkOrder {
    /// UNROUTED → QUEUED.
    ///
    /// # Errors
    /// [`TransitionError::StateNotAllowed`].
    pub fn route(mut self, routing: Routing, now: Timestamp) -> Result<Self, TransitionError> {
        self.require(&[WorkOrderState::Unrouted])?;
        self.routing = Some(routing);
        Ok(self.moved(WorkOrderState::Queued, now))
    }

    /// QUEUED → ASSIGNED.
    ///
    /// # Errors
    /// [`TransitionError::StateNotAllowed`].
    pub fn assign(mut self, agent: AgentId, now: Timestamp) -> Result<Self, TransitionError> {
        self.require(&[WorkOrderState::Queued])?;
        self.agent = Some(agent);
        self.assigned_at = Some(now);
        Ok(self.moved(WorkOrderState::Assigned, now))
    }

    /// QUEUED, ASSIGNED or ACCEPTED → ASSIGNED to `agent`, or QUEUED when that is nobody. The holder becomes the previous one.
    ///
    /// # Errors
    /// [`TransitionError::StateNotAllowed`].
    pub fn reassign(
        mut self,
        agent: Option<AgentId>,
        reason: String,
        now: Timestamp,
    ) -> Result<Self, TransitionError> {
        self.require(WorkOrderState::REASSIGNABLE)?;
        self.reason = Some(reason);
        self.accepted_at = None;
        if let Some(holder) = self.agent.take() {
            self.previous_agent = Some(holder);
        }
        let queued = self.moved(WorkOrderState::Queued, now);
        let Some(agent) = agent else { return Ok(queued) };
        let version = queued.version;
        queued.assign(agent, now).map(|assigned| Self { version, ..assigned })
    }

    /// ASSIGNED → ACCEPTED, by the agent who has it.
    ///
    /// # Errors
    /// [`TransitionError::StateNotAllowed`], [`TransitionError::NotAssignee`].
    pub fn accept(mut self, actor: &Actor, now: Timestamp) -> Result<Self, TransitionError> {
        self.require(&[WorkOrderState::Assigned])?;
        self.require_assignee(actor)?;
        self.accepted_at = Some(now);
        Ok(self.moved(WorkOrderState::Accepted, now))
    }

    /// ACCEPTED → IN_PROGRESS, by the agent who has it.
    ///
    /// # Errors
    /// [`TransitionError::StateNotAllowed`], [`TransitionError::NotAssignee`].
    pub fn start(mut self, actor: &Actor, now: Timestamp) -> Result<Self, TransitionError> {
        self.require(&[WorkOrderState::Accepted])?;
        self.require_assignee(actor)?;
        self.started_at = self.started_at.or(Some(now));
        Ok(self.moved(WorkOrderState::InProgress, now))
    }

    /// IN_PROGRESS → FINISHED with proof, by the agent who has it (DI-12).
    ///
    /// # Errors
    /// [`TransitionError::StateNotAllowed`], [`TransitionError::NotAssignee`].
    pub fn finish(mut self, actor: &Actor, proof: Proof, now: Timestamp) -> Result<Self, TransitionError> {
        self.require(&[WorkOrderState::InProgress])?;
        self.require_assignee(actor)?;
        self.proof = Some(proof);
        self.finished_at = Some(now);
        Ok(self.moved(WorkOrderState::Finished, now))
    }

    /// FINISHED → COMPLETED, by anybody but the doer (DI-12).
    ///
    /// # Errors
    /// [`TransitionError::StateNotAllowed`], [`TransitionError::OwnWork`].
    pub fn verify(mut self, actor: &Actor, now: Timestamp) -> Result<Self, TransitionError> {
        self.require(&[WorkOrderState::Finished])?;
        self.require_other(actor)?;
        self.verifier = Some(actor.clone());
        self.completed_at = Some(now);
        Ok(self.moved(WorkOrderState::Completed, now))
    }

    /// FINISHED → IN_PROGRESS for rework, by anybody but the doer (DI-12).
    ///
    /// # Errors
    /// [`TransitionError::StateNotAllowed`], [`TransitionError::OwnWork`].
    pub fn return_for_rework(
        mut self,
        actor: &Actor,
        reason: String,
        now: Timestamp,
    ) -> Result<Self, TransitionError> {
        self.require(&[WorkOrderState::Finished])?;
        self.require_other(actor)?;
        self.reason = Some(reason);
        self.rework_count += 1;
        Ok(self.moved(WorkOrderState::InProgress, now))
    }

    /// All but COMPLETED and CANCELLED → CANCELLED.
    ///
    /// # Errors
    /// [`TransitionError::StateNotAllowed`].
    pub fn cancel(mut self, reason: &str, now: Timestamp) -> Result<Self, TransitionError> {
        self.require(WorkOrderState::CANCELLABLE)?;
        self.reason = Some(reason.to_owned());
        Ok(self.moved(WorkOrderState::Cancelled, now))
    }

    fn require(&self, needed: &'static [WorkOrderState]) -> Result<(), TransitionError> {
        if needed.contains(&self.state) {
            Ok(())
        } else {
            Err(TransitionError::StateNotAllowed { state: self.state, needed })
        }
    }

    fn require_assignee(&self, actor: &Actor) -> Result<(), TransitionError> {
        match &self.agent {
            Some(agent) if actor.agent() != Some(agent) => {
                Err(TransitionError::NotAssignee { agent: agent.clone() })
            }
            _ => Ok(()),
        }
    }

    fn require_other(&self, actor: &Actor) -> Result<(), TransitionError> {
        if actor.agent() == self.agent.as_ref() { Err(TransitionError::OwnWork) } else { Ok(()) }
    }

    fn moved(mut self, state: WorkOrderState, now: Timestamp) -> Self {
        self.state = state;
        self.updated_at = now;
        self.version += 1;
        self
    }
}
