//! Cases that share their work, together with their incidents: what a change of one means for the others (IN-15, IN-16).
//!
//! - A lead resolved, at the desk or by its work order, resolves everybody who follows it, and so on down; its OPEN incident
//!   with it. Reopening a lead reopens nobody else: the others' customers have their answer, or reopen for themselves.
//! - A lead withdrawn or leaving: the earliest of its incident's remaining cases that is for dispatch leads from now on, and the
//!   others follow that one; nobody left, the incident is dissolved. Its duplicates go on by themselves.
//! - No chains: only what belongs to nothing and leads nobody becomes a duplicate, and only of what follows nobody. A case with
//!   duplicates may join an incident; they go on following it.
//!
//! A family must hold, locked, all that may change: the cases, everybody who follows them, and the incidents that they lead.

mod error;
mod incidents;

use std::collections::{BTreeMap, BTreeSet};

use kexiang_core::{CaseId, IncidentId, Timestamp};

pub use self::{error::FamilyError, incidents::common_site};
use super::{
    case::{Belonging, Case, Transition, TransitionError},
    incident::Incident,
};

/// Something that happened, with what it happened to as it is afterwards.
#[derive(Debug, Clone)]
pub enum Told {
    /// To a case.
    Case(&'static str, Box<Case>),
    /// To an incident.
    Incident(&'static str, Box<Incident>),
}

/// Cases and incidents that hang together.
#[derive(Debug, Default)]
pub struct Family {
    cases: BTreeMap<CaseId, Case>,
    incidents: BTreeMap<IncidentId, Incident>,
    changed_cases: BTreeSet<CaseId>,
    changed_incidents: BTreeSet<IncidentId>,
    told: Vec<Told>,
    /// On hold when they were locked.
    held: BTreeSet<CaseId>,
}

impl Family {
    /// These, locked.
    #[must_use]
    pub fn new(cases: impl IntoIterator<Item = Case>, incidents: impl IntoIterator<Item = Incident>) -> Self {
        let cases: BTreeMap<_, _> = cases.into_iter().map(|case| (case.id, case)).collect();
        Self {
            held: cases.values().filter(|case| case.hold.is_some()).map(|case| case.id).collect(),
            cases,
            incidents: incidents.into_iter().map(|incident| (incident.id, incident)).collect(),
            ..Self::default()
        }
    }

    /// A case as it is now.
    #[must_use]
    pub fn case(&self, id: CaseId) -> Option<&Case> {
        self.cases.get(&id)
    }

    /// An incident as it is now.
    #[must_use]
    pub fn incident(&self, id: IncidentId) -> Option<&Incident> {
        self.incidents.get(&id)
    }

    /// What happened since this was asked last, in order.
    pub fn take_told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    /// The cases and incidents that changed.
    #[must_use]
    pub fn changed(&self) -> (Vec<Case>, Vec<Incident>) {
        let cases = self.changed_cases.iter().filter_map(|id| self.cases.get(id)).cloned();
        let incidents = self.changed_incidents.iter().filter_map(|id| self.incidents.get(id)).cloned();
        (cases.collect(), incidents.collect())
    }

    /// Cases that were on hold and are no more.
    #[must_use]
    pub fn let_go(&self) -> Vec<CaseId> {
        let is_free = |id: &&CaseId| self.cases.get(id).is_some_and(|case| case.hold.is_none());
        self.held.iter().filter(is_free).copied().collect()
    }

    /// The same as [`Family::apply`] for what people do: a case on hold is only resumed or withdrawn (IN-18).
    ///
    /// # Errors
    /// [`FamilyError`]; nothing has changed then.
    pub fn apply_by_person(
        &mut self,
        id: CaseId,
        transition: &Transition,
        now: Timestamp,
    ) -> Result<(), FamilyError> {
        let case = self.cases.get(&id).ok_or(FamilyError::NoCase(id))?;
        case.check_hold(transition).map_err(|source| FamilyError::Transition { case: id, source })?;
        self.apply(id, transition, now)
    }

    /// Refuses what people want with this case while it is on hold (IN-18). It is asked of the case that is named: cases that
    /// follow it go where it goes, on hold or not, and stay on hold.
    ///
    /// # Errors
    /// [`FamilyError::Transition`] with [`TransitionError::OnHold`].
    pub fn check_not_held(&self, id: CaseId) -> Result<(), FamilyError> {
        match self.cases.get(&id) {
            Some(case) if case.hold.is_some() => {
                Err(FamilyError::Transition { case: id, source: TransitionError::OnHold })
            }
            _ => Ok(()),
        }
    }

    /// Whether a transition may concern those who follow the case.
    #[must_use]
    pub const fn is_concerned(transition: &Transition) -> bool {
        matches!(
            transition,
            Transition::Resolve { .. }
                | Transition::ResolveAtDesk { .. }
                | Transition::ResolveTogether { .. }
                | Transition::Withdraw { .. }
                | Transition::Leave { .. }
        )
    }

    /// Applies a transition to a case, and what it means for the others.
    ///
    /// # Errors
    /// [`FamilyError::NoCase`], [`FamilyError::Transition`]; nothing has changed then.
    pub fn apply(&mut self, id: CaseId, transition: &Transition, now: Timestamp) -> Result<(), FamilyError> {
        let led = self.led_by(id);
        self.change(id, transition, now)?;
        match transition {
            Transition::Resolve { .. }
            | Transition::ResolveAtDesk { .. }
            | Transition::ResolveTogether { .. } => self.resolve_followers(id, now),
            Transition::Withdraw { .. } | Transition::Leave { .. } => {
                for incident in led {
                    self.appoint_lead(incident, now)?;
                }
                if matches!(transition, Transition::Withdraw { .. }) {
                    self.release_duplicates(id, now)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Links a case to an earlier one as its duplicate.
    ///
    /// # Errors
    /// [`FamilyError`]; nothing has changed then.
    pub fn link(&mut self, id: CaseId, earlier: CaseId, now: Timestamp) -> Result<(), FamilyError> {
        let lead = self.cases.get(&earlier).ok_or(FamilyError::NoCase(earlier))?;
        if !lead.is_open_for_work() {
            let needed = "RECEIVED or DISPATCHED";
            let source = TransitionError::State { state: lead.state, needed };
            return Err(FamilyError::Transition { case: earlier, source });
        }
        if lead.following.lead.is_some() {
            return Err(FamilyError::FollowsAnother(earlier));
        }
        if !self.followers_of(id).is_empty() {
            return Err(FamilyError::LeadsOthers(id));
        }
        let belonging = Belonging::DuplicateOf(earlier);
        self.change(id, &Transition::Join { belonging, lead: Some(earlier) }, now)
    }

    fn change(&mut self, id: CaseId, transition: &Transition, now: Timestamp) -> Result<(), FamilyError> {
        let case = self.cases.get_mut(&id).ok_or(FamilyError::NoCase(id))?;
        case.apply(transition, now).map_err(|source| FamilyError::Transition { case: id, source })?;
        self.told.push(Told::Case(transition.event_type(), Box::new(case.clone())));
        self.changed_cases.insert(id);
        Ok(())
    }

    fn followers_of(&self, id: CaseId) -> Vec<CaseId> {
        let follows = |case: &&Case| case.following.lead == Some(id);
        self.cases.values().filter(follows).map(|case| case.id).collect()
    }

    fn resolve_followers(&mut self, id: CaseId, now: Timestamp) -> Result<(), FamilyError> {
        let Some(lead) = self.cases.get(&id) else { return Ok(()) };
        let resolution = lead.resolution.clone().unwrap_or_default();
        let at = lead.resolved_at.unwrap_or(now);
        for incident in self.led_by(id) {
            self.touch(incident, now, |resolved| resolved.resolve(&resolution, at));
            self.tell_incident("incident.resolved", incident);
        }
        for follower in self.followers_of(id) {
            if self.cases[&follower].is_open_for_work() {
                let together = Transition::ResolveTogether { resolution: resolution.clone(), at };
                self.change(follower, &together, now)?;
                self.resolve_followers(follower, now)?;
            }
        }
        Ok(())
    }

    fn release_duplicates(&mut self, id: CaseId, now: Timestamp) -> Result<(), FamilyError> {
        for follower in self.followers_of(id) {
            if self.cases[&follower].is_open_for_work() {
                self.change(follower, &Transition::Follow { lead: None }, now)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
