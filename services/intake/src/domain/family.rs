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

use std::collections::{BTreeMap, BTreeSet};

use kexiang_core::{CaseId, IncidentId, SiteId, Timestamp};
use thiserror::Error;

use super::{
    case::{Belonging, Case, Transition, TransitionError},
    incident::{Incident, IncidentState, IncidentStateError},
};

const NOBODY_LEFT: &str = "nobody is left in it";

/// Why cases can't come together or part.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FamilyError {
    /// There is no such case.
    #[error("there is no {0:?}")]
    NoCase(CaseId),
    /// There is no such incident.
    #[error("there is no {0:?}")]
    NoIncident(IncidentId),
    /// The case's state does not allow it.
    #[error("{case:?}: {source}")]
    Transition {
        /// Which.
        case: CaseId,
        /// Why.
        source: TransitionError,
    },
    /// The incident's state does not allow it.
    #[error("{incident:?}: {source}")]
    Incident {
        /// Which.
        incident: IncidentId,
        /// Why.
        source: IncidentStateError,
    },
    /// The earlier case follows another one.
    #[error("{0:?} follows another case itself")]
    FollowsAnother(CaseId),
    /// Others follow the case.
    #[error("others follow {0:?}")]
    LeadsOthers(CaseId),
    /// The case is of another site.
    #[error("{0:?} is of another site")]
    OtherSite(CaseId),
    /// The case is not part of the incident.
    #[error("{0:?} is not part of the incident")]
    NotInIncident(CaseId),
}

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

    /// Opens an incident with these cases: the earliest for dispatch leads.
    ///
    /// # Errors
    /// [`FamilyError`].
    pub fn open(&mut self, incident: Incident, cases: &[CaseId], now: Timestamp) -> Result<(), FamilyError> {
        let id = incident.id;
        let first = cases.iter().filter_map(|case| self.cases.get(case)).min_by_key(|case| rank(case));
        let lead = first.map(|case| case.id);
        self.incidents.insert(id, incident);
        if let Some(lead) = lead {
            self.join(id, lead, now)?;
        }
        self.tell_incident("incident.opened", id);
        for case in cases.iter().filter(|case| Some(**case) != lead) {
            self.join(id, *case, now)?;
        }
        Ok(())
    }

    /// A case becomes part of an OPEN incident.
    ///
    /// # Errors
    /// [`FamilyError`].
    pub fn join(&mut self, incident: IncidentId, id: CaseId, now: Timestamp) -> Result<(), FamilyError> {
        let joined = self.need(incident, IncidentState::Open)?;
        let lead = joined.lead;
        let case = self.cases.get(&id).ok_or(FamilyError::NoCase(id))?;
        if case.site != joined.site {
            return Err(FamilyError::OtherSite(id));
        }
        self.change(id, &Transition::Join { belonging: Belonging::Incident(incident), lead }, now)?;
        self.touch(incident, now, |joined| joined.lead = Some(lead.unwrap_or(id)));
        Ok(())
    }

    /// A case of an incident goes its own way again.
    ///
    /// # Errors
    /// [`FamilyError`].
    pub fn leave(
        &mut self,
        incident: IncidentId,
        id: CaseId,
        reason: String,
        now: Timestamp,
    ) -> Result<(), FamilyError> {
        let case = self.cases.get(&id).ok_or(FamilyError::NoCase(id))?;
        if case.following.incident != Some(incident) {
            return Err(FamilyError::NotInIncident(id));
        }
        self.apply(id, &Transition::Leave { reason }, now)?;
        self.touch(incident, now, |_| {});
        Ok(())
    }

    /// Resolves an incident by hand, with all its cases that are open for work.
    ///
    /// # Errors
    /// [`FamilyError`].
    pub fn resolve(
        &mut self,
        incident: IncidentId,
        resolution: String,
        now: Timestamp,
    ) -> Result<(), FamilyError> {
        let Some(lead) = self.need(incident, IncidentState::Open)?.lead else { return Ok(()) };
        let is_for_dispatch = self.cases.get(&lead).is_some_and(Case::is_for_dispatch);
        self.apply(lead, &Transition::ResolveTogether { resolution, at: now }, now)?;
        if is_for_dispatch && let Some(case) = self.cases.get(&lead) {
            self.told.push(Told::Case("case.recalled", Box::new(case.clone())));
        }
        Ok(())
    }

    /// An OPEN incident ends, and all its cases go their own ways.
    ///
    /// # Errors
    /// [`FamilyError`].
    pub fn dissolve(
        &mut self,
        incident: IncidentId,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), FamilyError> {
        self.need(incident, IncidentState::Open)?;
        self.touch(incident, now, |dissolved| dissolved.dissolve(reason, now));
        self.tell_incident("incident.dissolved", incident);
        for id in self.members(incident) {
            self.change(id, &Transition::Leave { reason: reason.to_owned() }, now)?;
        }
        Ok(())
    }

    /// A RESOLVED incident whose cases are all closed is closed.
    ///
    /// # Errors
    /// [`FamilyError::Incident`].
    pub fn close(&mut self, incident: IncidentId, now: Timestamp) -> Result<(), FamilyError> {
        self.need(incident, IncidentState::Resolved)?;
        self.touch(incident, now, |closed| closed.close(now));
        self.tell_incident("incident.closed", incident);
        Ok(())
    }

    fn need(&self, id: IncidentId, needed: IncidentState) -> Result<&Incident, FamilyError> {
        let incident = self.incidents.get(&id).ok_or(FamilyError::NoIncident(id))?;
        let refused = |source| FamilyError::Incident { incident: id, source };
        incident.need(needed).map_err(refused)?;
        Ok(incident)
    }

    fn change(&mut self, id: CaseId, transition: &Transition, now: Timestamp) -> Result<(), FamilyError> {
        let case = self.cases.get_mut(&id).ok_or(FamilyError::NoCase(id))?;
        case.apply(transition, now).map_err(|source| FamilyError::Transition { case: id, source })?;
        self.told.push(Told::Case(transition.event_type(), Box::new(case.clone())));
        self.changed_cases.insert(id);
        Ok(())
    }

    fn touch(&mut self, id: IncidentId, now: Timestamp, change: impl FnOnce(&mut Incident)) {
        if let Some(incident) = self.incidents.get_mut(&id) {
            change(incident);
            incident.touch(now);
            self.changed_incidents.insert(id);
        }
    }

    fn tell_incident(&mut self, event_type: &'static str, id: IncidentId) {
        if let Some(incident) = self.incidents.get(&id) {
            self.told.push(Told::Incident(event_type, Box::new(incident.clone())));
        }
    }

    /// The OPEN incidents that a case leads: one at most.
    fn led_by(&self, id: CaseId) -> Vec<IncidentId> {
        let led = |incident: &&Incident| incident.lead == Some(id) && incident.state == IncidentState::Open;
        self.incidents.values().filter(led).map(|incident| incident.id).collect()
    }

    fn followers_of(&self, id: CaseId) -> Vec<CaseId> {
        let follows = |case: &&Case| case.following.lead == Some(id);
        self.cases.values().filter(follows).map(|case| case.id).collect()
    }

    fn members(&self, incident: IncidentId) -> Vec<CaseId> {
        let is_in = |case: &&Case| case.following.incident == Some(incident) && case.is_open_for_work();
        self.cases.values().filter(is_in).map(|case| case.id).collect()
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

    /// The next one leads an OPEN incident, or nobody is left in it.
    fn appoint_lead(&mut self, incident: IncidentId, now: Timestamp) -> Result<(), FamilyError> {
        let members = self.members(incident);
        let next = members.iter().filter_map(|id| self.cases.get(id)).min_by_key(|case| rank(case));
        let Some(lead) = next.map(|case| case.id) else {
            self.touch(incident, now, |dissolved| dissolved.dissolve(NOBODY_LEFT, now));
            self.tell_incident("incident.dissolved", incident);
            return Ok(());
        };
        self.touch(incident, now, |led| led.lead = Some(lead));
        self.change(lead, &Transition::Follow { lead: None }, now)?;
        for other in members.into_iter().filter(|other| *other != lead) {
            self.change(other, &Transition::Follow { lead: Some(lead) }, now)?;
        }
        Ok(())
    }
}

/// Who leads: what is for dispatch before what the desk has, the earliest first.
fn rank(case: &Case) -> (bool, Timestamp, CaseId) {
    (!case.is_for_dispatch(), case.accepted_at, case.id)
}

/// The one site of these cases; the first that is of another one, if any.
///
/// # Errors
/// [`FamilyError::OtherSite`].
pub fn common_site<'a>(cases: impl IntoIterator<Item = &'a Case>) -> Result<Option<SiteId>, FamilyError> {
    let mut site: Option<SiteId> = None;
    for case in cases {
        match &site {
            Some(site) if *site != case.site => return Err(FamilyError::OtherSite(case.id)),
            _ => site = Some(case.site.clone()),
        }
    }
    Ok(site)
}

#[cfg(test)]
mod tests;
