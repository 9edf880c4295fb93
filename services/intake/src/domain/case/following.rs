//! Cases that share their work (IN-15, IN-16): what is kept about it, and the transitions.
//!
//! A case belongs to at most one thing: it is a duplicate of an earlier case, or part of an incident. What belongs follows a
//! lead, the earlier case or the lead case of the incident, whose work is also its work; the lead itself follows nobody. While
//! it follows, its state stands still; it is resolved with its lead. When it goes its own way again it stands where it stood: a
//! resolution taken from the lead is taken back, first resolution and all, for it never was its own. Once the customer was told,
//! it goes no way but that of every case; reopened, it has work of its own. Withdrawn, it leaves its incident.

use kexiang_core::{CaseId, IncidentId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Case, CaseState, Handling, TransitionError};

/// What a case belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belonging {
    /// It is a duplicate of this earlier case.
    DuplicateOf(CaseId),
    /// It is part of this incident.
    Incident(IncidentId),
}

/// Whose work is also its work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Following {
    /// The earlier case that it was linked to as a duplicate; stays when it is reopened or withdrawn.
    pub duplicate_of: Option<CaseId>,
    /// The incident that it is part of.
    pub incident: Option<IncidentId>,
    /// Whom it follows.
    pub lead: Option<CaseId>,
    /// Where it stood when it was resolved together with others.
    pub stood: Option<Standing>,
    /// How often it went its own way again: each time it needs a new work order. Never falls.
    pub work_round: i32,
}

/// Where a case stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Its state.
    pub state: CaseState,
    /// What had been done before its last reopening.
    pub resolution: Option<String>,
    /// When it was first resolved.
    pub first_resolved_at: Option<Timestamp>,
}

const OPEN_FOR_WORK: &str = "RECEIVED or DISPATCHED";

impl Case {
    /// Whether its work is still to be done: it may join others then.
    #[must_use]
    pub const fn is_open_for_work(&self) -> bool {
        matches!(self.state, CaseState::Received | CaseState::Dispatched)
    }

    /// Whether it belongs to something.
    #[must_use]
    pub const fn belongs(&self) -> bool {
        self.following.duplicate_of.is_some() || self.following.incident.is_some()
    }

    pub(super) const fn need_own_work(&self) -> Result<(), TransitionError> {
        if self.following.lead.is_some() { Err(TransitionError::FollowsAnother) } else { Ok(()) }
    }

    /// Whether an order of its own may be under way although it is not DISPATCHED: one that was made just before it joined, and
    /// was completed before dispatch heard of the joining. What was done there is done.
    pub(super) const fn may_have_late_order(&self) -> bool {
        matches!(self.state, CaseState::Received) && self.following.lead.is_some() && self.is_for_dispatch()
    }

    pub(super) fn join(&mut self, belonging: Belonging, lead: Option<CaseId>) -> Result<(), TransitionError> {
        self.need(self.is_open_for_work(), OPEN_FOR_WORK)?;
        if self.belongs() {
            return Err(TransitionError::FollowsAnother);
        }
        match belonging {
            Belonging::DuplicateOf(earlier) => self.following.duplicate_of = Some(earlier),
            Belonging::Incident(incident) => self.following.incident = Some(incident),
        }
        self.following.lead = lead;
        Ok(())
    }

    pub(super) fn follow(&mut self, lead: Option<CaseId>) -> Result<(), TransitionError> {
        self.need(self.is_open_for_work(), OPEN_FOR_WORK)?;
        self.following.lead = lead;
        if lead.is_none() {
            self.following.work_round += 1;
        }
        Ok(())
    }

    pub(super) fn resolve_together(
        &mut self,
        resolution: &str,
        at: Timestamp,
    ) -> Result<(), TransitionError> {
        self.need(self.is_open_for_work(), OPEN_FOR_WORK)?;
        self.following.stood = Some(Standing {
            state: self.state,
            resolution: self.resolution.clone(),
            first_resolved_at: self.first_resolved_at,
        });
        self.resolve(resolution, false, at);
        Ok(())
    }

    pub(super) fn leave(&mut self, reason: &str) -> Result<(), TransitionError> {
        if self.following.lead.is_some() || self.following.stood.is_some() {
            let may_leave = self.is_open_for_work() || self.state == CaseState::Resolved;
            self.need(may_leave, "RECEIVED, DISPATCHED or RESOLVED")?;
            self.reason = Some(reason.to_owned());
        }
        if let Some(stood) = self.following.stood.take() {
            self.state = stood.state;
            self.resolution = stood.resolution;
            self.first_resolved_at = stood.first_resolved_at;
            self.resolved_at = None;
        }
        self.following.duplicate_of = None;
        self.following.incident = None;
        self.following.lead = None;
        self.following.work_round += 1;
        Ok(())
    }

    /// A withdrawn case follows nobody and is in no incident; that it was a duplicate stays known.
    pub(super) fn part(&mut self) {
        self.following.lead = None;
        self.following.incident = None;
        self.following.stood = None;
    }

    /// Whether dispatch has or had a work order for it.
    #[must_use]
    pub const fn is_for_dispatch(&self) -> bool {
        matches!(self.handling, Handling::Dispatch)
    }
}
