//! What may happen to a case: the one place that moves it, by the table in the head of [`super`].

use kexiang_core::{CaseId, Channel, HoldReason, Satisfaction, Timestamp, UnitId};
use thiserror::Error;

use super::{Belonging, Case, CaseState, Handling, Hold};

/// What happens to a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transition {
    /// The desk sends it to dispatch.
    RequestDispatch,
    /// Dispatch has made a work order for it, or found the unit.
    Dispatch {
        /// The unit, once known.
        unit: Option<UnitId>,
    },
    /// The desk resolved it.
    ResolveAtDesk {
        /// What was answered.
        resolution: String,
    },
    /// Its work order is completed.
    Resolve {
        /// What was done.
        resolution: String,
        /// When.
        at: Timestamp,
    },
    /// The customer was told.
    Inform {
        /// How.
        channel: Channel,
        /// What was said.
        note: Option<String>,
    },
    /// The return visit was answered, or exhausted without an answer.
    Visit {
        /// The answer.
        satisfaction: Option<Satisfaction>,
    },
    /// It is done.
    Close,
    /// It is put away.
    Archive,
    /// The customer took it back.
    Withdraw {
        /// Why.
        reason: String,
    },
    /// It is taken up again.
    Reopen {
        /// Why.
        reason: String,
    },
    /// It waits for something.
    Hold {
        /// For what.
        reason: HoldReason,
        /// In words.
        note: Option<String>,
        /// Until when, as expected.
        expected_at: Option<Timestamp>,
    },
    /// It waits no longer.
    Resume {
        /// What came of it.
        note: Option<String>,
    },
    /// It becomes part of an incident, or is linked as a duplicate.
    Join {
        /// What it joins.
        belonging: Belonging,
        /// Whom it follows; nobody for the lead of an incident.
        lead: Option<CaseId>,
    },
    /// It follows another lead, or nobody any more.
    Follow {
        /// Whom.
        lead: Option<CaseId>,
    },
    /// It is resolved with its lead or its incident.
    ResolveTogether {
        /// What was done.
        resolution: String,
        /// When.
        at: Timestamp,
    },
    /// It goes its own way again.
    Leave {
        /// Why.
        reason: String,
    },
}

impl Transition {
    /// The event that tells it.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::RequestDispatch => "case.dispatch_requested",
            Self::Dispatch { .. } => "case.dispatched",
            Self::ResolveAtDesk { .. } | Self::Resolve { .. } | Self::ResolveTogether { .. } => {
                "case.resolved"
            }
            Self::Inform { .. } => "case.informed",
            Self::Visit { .. } => "case.visited",
            Self::Close => "case.closed",
            Self::Archive => "case.archived",
            Self::Withdraw { .. } => "case.withdrawn",
            Self::Reopen { .. } => "case.reopened",
            Self::Hold { .. } => "case.held",
            Self::Resume { .. } => "case.resumed",
            Self::Join { .. } => "case.joined",
            Self::Follow { .. } => "case.lead_changed",
            Self::Leave { .. } => "case.left",
        }
    }
}

/// The state of the case does not allow it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TransitionError {
    /// Another state is needed.
    #[error("the case is {} and must be {needed}", .state.as_str())]
    State {
        /// Where it stands.
        state: CaseState,
        /// What is needed, in words.
        needed: &'static str,
    },
    /// Complaints and faults close only after their return visit.
    #[error("a case of this kind closes only after its return visit")]
    ReturnVisitRequired,
    /// It waits for something.
    #[error("the case is on hold and must be resumed first")]
    OnHold,
    /// It follows another case, or belongs to something already.
    #[error("the case follows another one, is part of an incident or linked as a duplicate")]
    FollowsAnother,
}

impl Case {
    /// The same as [`Case::apply`] for what people do: a case on hold is only resumed or withdrawn (IN-18).
    ///
    /// # Errors
    /// [`TransitionError`]; the case is as it was.
    pub fn apply_by_person(
        &mut self,
        transition: &Transition,
        now: Timestamp,
    ) -> Result<(), TransitionError> {
        self.check_hold(transition)?;
        self.apply(transition, now)
    }

    /// Whether people may do this while the case is as it is: on hold it is only resumed or withdrawn (IN-18).
    ///
    /// # Errors
    /// [`TransitionError::OnHold`].
    pub fn check_hold(&self, transition: &Transition) -> Result<(), TransitionError> {
        let goes_on_hold = matches!(transition, Transition::Resume { .. } | Transition::Withdraw { .. });
        if self.hold.is_some() && !goes_on_hold { Err(TransitionError::OnHold) } else { Ok(()) }
    }

    /// Applies a transition of the table in the module's head.
    ///
    /// # Errors
    /// [`TransitionError`] when the state does not allow it; the case is as it was.
    pub fn apply(&mut self, transition: &Transition, now: Timestamp) -> Result<(), TransitionError> {
        use CaseState::{Archived, Closed, Dispatched, Informed, Received, Resolved, Visited, Withdrawn};
        match transition {
            Transition::RequestDispatch => {
                self.need(self.is_at_desk(), "RECEIVED with handling DESK")?;
                self.need_own_work()?;
                self.handling = Handling::Dispatch;
            }
            Transition::Dispatch { unit } => {
                let dispatchable = self.state == Received && self.handling == Handling::Dispatch;
                self.need(
                    dispatchable || self.state == Dispatched,
                    "RECEIVED with handling DISPATCH, or DISPATCHED",
                )?;
                // An order that was made just before it joined: dispatch cancels it when it hears of the joining.
                self.need_own_work()?;
                self.state = Dispatched;
                self.unit = unit.clone().or(self.unit.take());
            }
            Transition::ResolveAtDesk { resolution } => {
                self.need(self.is_at_desk(), "RECEIVED with handling DESK")?;
                self.need_own_work()?;
                self.resolve(resolution, true, now);
            }
            Transition::Resolve { resolution, at } => {
                self.need(self.state == Dispatched || self.may_have_late_order(), "DISPATCHED")?;
                self.resolve(resolution, false, *at);
            }
            Transition::Inform { channel, note } => {
                self.need(self.state == Resolved, "RESOLVED")?;
                self.state = Informed;
                self.informed_at = Some(now);
                self.inform_channel = Some(*channel);
                self.inform_note = note.clone();
            }
            Transition::Visit { satisfaction } => {
                self.need(self.state == Informed, "INFORMED")?;
                self.state = Visited;
                self.satisfaction = *satisfaction;
            }
            Transition::Close => {
                if self.state == Informed && self.kind.requires_return_visit() {
                    return Err(TransitionError::ReturnVisitRequired);
                }
                self.need(matches!(self.state, Informed | Visited), "INFORMED or VISITED")?;
                self.state = Closed;
                self.closed_at = Some(now.max(self.accepted_at));
            }
            Transition::Archive => {
                self.need(self.state == Closed, "CLOSED")?;
                self.state = Archived;
            }
            Transition::Withdraw { reason } => {
                self.need(matches!(self.state, Received | Dispatched), "RECEIVED or DISPATCHED")?;
                self.state = Withdrawn;
                self.reason = Some(reason.clone());
                self.part();
            }
            Transition::Reopen { reason } => {
                let reopenable = matches!(self.state, Resolved | Informed | Visited | Closed);
                self.need(reopenable, "RESOLVED, INFORMED, VISITED or CLOSED")?;
                self.reopen(reason);
            }
            Transition::Hold { reason, note, expected_at } => {
                self.need(self.state.is_open(), "RECEIVED, DISPATCHED, RESOLVED, INFORMED or VISITED")?;
                if self.hold.is_some() {
                    return Err(TransitionError::OnHold);
                }
                let (note, expected_at) = (note.clone(), *expected_at);
                self.hold = Some(Hold { reason: *reason, note, held_at: now, expected_at });
            }
            Transition::Resume { .. } => {
                self.need(self.hold.is_some(), "on hold")?;
                self.end_hold(now);
            }
            Transition::Join { belonging, lead } => self.join(*belonging, *lead)?,
            Transition::Follow { lead } => self.follow(*lead)?,
            Transition::ResolveTogether { resolution, at } => self.resolve_together(resolution, *at)?,
            Transition::Leave { reason } => self.leave(reason)?,
        }
        if !self.state.is_open() {
            self.end_hold(now);
        }
        self.updated_at = now;
        self.version += 1;
        Ok(())
    }

    pub(super) fn need(&self, is_there: bool, needed: &'static str) -> Result<(), TransitionError> {
        if is_there { Ok(()) } else { Err(TransitionError::State { state: self.state, needed }) }
    }

    fn is_at_desk(&self) -> bool {
        self.state == CaseState::Received && self.handling == Handling::Desk
    }

    /// Never before its acceptance, whatever the clocks of others and a corrected one of ours say.
    pub(super) fn resolve(&mut self, resolution: &str, at_desk: bool, at: Timestamp) {
        let at = at.max(self.accepted_at);
        self.state = CaseState::Resolved;
        self.resolution = Some(resolution.to_owned());
        self.resolved_at_desk = at_desk;
        self.resolved_at = Some(at);
        self.first_resolved_at.get_or_insert(at);
    }

    fn reopen(&mut self, reason: &str) {
        self.state = CaseState::Received;
        self.handling = Handling::Dispatch;
        self.reason = Some(reason.to_owned());
        self.reopen_count += 1;
        self.resolved_at_desk = false;
        self.resolved_at = None;
        self.informed_at = None;
        self.inform_channel = None;
        self.inform_note = None;
        self.closed_at = None;
        self.following.lead = None;
        self.following.stood = None;
    }
}
