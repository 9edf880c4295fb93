//! Incidents of a family: opening, joining, leaving, and how they end.

use kexiang_core::{CaseId, IncidentId, SiteId, Timestamp};

use super::{Family, FamilyError, Told};
use crate::domain::{
    case::{Belonging, Case, Transition},
    incident::{Incident, IncidentState},
};

const NOBODY_LEFT: &str = "nobody is left in it";

impl Family {
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

    pub(super) fn touch(&mut self, id: IncidentId, now: Timestamp, change: impl FnOnce(&mut Incident)) {
        if let Some(incident) = self.incidents.get_mut(&id) {
            change(incident);
            incident.touch(now);
            self.changed_incidents.insert(id);
        }
    }

    pub(super) fn tell_incident(&mut self, event_type: &'static str, id: IncidentId) {
        if let Some(incident) = self.incidents.get(&id) {
            self.told.push(Told::Incident(event_type, Box::new(incident.clone())));
        }
    }

    /// The OPEN incidents that a case leads: one at most.
    pub(super) fn led_by(&self, id: CaseId) -> Vec<IncidentId> {
        let led = |incident: &&Incident| incident.lead == Some(id) && incident.state == IncidentState::Open;
        self.incidents.values().filter(led).map(|incident| incident.id).collect()
    }

    fn members(&self, incident: IncidentId) -> Vec<CaseId> {
        let is_in = |case: &&Case| case.following.incident == Some(incident) && case.is_open_for_work();
        self.cases.values().filter(is_in).map(|case| case.id).collect()
    }

    /// The next one leads an OPEN incident, or nobody is left in it.
    pub(super) fn appoint_lead(&mut self, incident: IncidentId, now: Timestamp) -> Result<(), FamilyError> {
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
