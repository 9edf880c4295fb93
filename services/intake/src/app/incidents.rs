//! Incidents as people handle them (IN-16). How they are found is in [`super::mass_faults`], how their reporters are told in
//! [`super::informing`].

use std::collections::BTreeSet;

use kexiang_core::{Call, CaseId, IncidentId, SiteId, Timestamp};
use kexiang_pg::Claim;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::{App, AppError, FollowingError, IDEMPOTENCY};
use crate::{
    domain::{Area, Family, FamilyError, Incident, IncidentState, family::common_site},
    store::{self, incident::Reports},
};

/// An incident with its reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportedIncident {
    /// The incident.
    pub incident: Incident,
    /// Its reports.
    pub reports: Reports,
}

/// What people do with an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncidentVerb {
    /// A case becomes part of it.
    Join(CaseId),
    /// A case goes its own way again.
    Leave {
        /// Which.
        case: CaseId,
        /// Why.
        reason: String,
    },
    /// It is resolved with all its cases.
    Resolve {
        /// What was done.
        resolution: String,
    },
    /// It is closed.
    Close,
    /// It was none.
    Dissolve {
        /// Why.
        reason: String,
    },
}

impl App {
    /// The incident with this id.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.get_incident", skip_all)]
    pub async fn get_incident(&self, id: IncidentId) -> Result<ReportedIncident, AppError> {
        let mut connection = self.pool.acquire().await?;
        let found = store::incident::find(&mut connection, id).await?.ok_or_else(|| not_found(id))?;
        reported(&mut connection, found).await
    }

    /// A page of incidents, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_incidents", skip_all)]
    pub async fn list_incidents(
        &self,
        site: Option<&SiteId>,
        state: Option<IncidentState>,
        after: Option<IncidentId>,
        limit: i64,
    ) -> Result<Vec<ReportedIncident>, AppError> {
        let mut connection = self.pool.acquire().await?;
        let incidents = store::incident::list(&mut connection, site, state, after, limit).await?;
        let ids: Vec<_> = incidents.iter().map(|incident| incident.id).collect();
        let reports = store::incident::reports(&mut connection, &ids).await?;
        let with_reports = incidents.into_iter().zip(reports);
        Ok(with_reports.map(|(incident, reports)| ReportedIncident { incident, reports }).collect())
    }

    /// A page of an incident's cases, by id.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.list_incident_cases", skip_all)]
    pub async fn list_incident_cases(
        &self,
        id: IncidentId,
        after: Option<CaseId>,
        limit: i64,
    ) -> Result<Vec<CaseId>, AppError> {
        let mut connection = self.pool.acquire().await?;
        store::incident::find(&mut connection, id).await?.ok_or_else(|| not_found(id))?;
        Ok(store::following::members(&mut connection, id, after, limit).await?)
    }

    /// Opens an incident by hand with these cases.
    ///
    /// # Errors
    /// [`FollowingError`].
    #[tracing::instrument(name = "app.create_incident", skip_all)]
    pub async fn create_incident(
        &self,
        call: &Call,
        district: String,
        category: String,
        cases: &BTreeSet<CaseId>,
    ) -> Result<ReportedIncident, FollowingError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(incident) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(incident);
        }
        let ids: Vec<_> = cases.iter().copied().collect();
        let Some(first) = ids.first() else { return Err(FamilyError::NoCase(CaseId::at(now)).into()) };
        let found = store::case::find(&mut transaction, *first).await?.ok_or(FamilyError::NoCase(*first))?;
        let area = Area { site: found.site, district, category };
        store::incident::take_area(&mut transaction, &area).await?;
        if let Some(open) = store::incident::find_open(&mut transaction, &area).await? {
            return Err(FollowingError::IncidentAlreadyOpen { incident: open.id });
        }
        let locked = store::case::lock(&mut transaction, &ids).await?;
        common_site(&locked)?;
        if let Some(missing) = ids.iter().find(|id| !locked.iter().any(|case| case.id == **id)) {
            return Err(FamilyError::NoCase(*missing).into());
        }
        let incident = Incident::open(IncidentId::at(now), area, false, now);
        let id = incident.id;
        let mut family = Family::new(locked, []);
        ids.iter().try_for_each(|case| family.check_not_held(*case))?;
        family.open(incident, &ids, now)?;
        self.finish(transaction, call, now, family, id).await
    }

    /// Does one verb with an incident.
    ///
    /// # Errors
    /// [`FollowingError`].
    #[tracing::instrument(name = "app.change_incident", skip_all, fields(incident.id = %id))]
    pub async fn change_incident(
        &self,
        call: &Call,
        id: IncidentId,
        etag: Option<i64>,
        verb: IncidentVerb,
    ) -> Result<ReportedIncident, FollowingError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(incident) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(incident);
        }
        let mut family = lock_incident(&mut transaction, id, etag, &verb).await?;
        if let Some(named) = named_case(&family, id, &verb) {
            family.check_not_held(named)?;
        }
        match verb {
            IncidentVerb::Join(case) => family.join(id, case, now)?,
            IncidentVerb::Leave { case, reason } => family.leave(id, case, reason, now)?,
            IncidentVerb::Resolve { resolution } => family.resolve(id, resolution, now)?,
            IncidentVerb::Dissolve { reason } => family.dissolve(id, &reason, now)?,
            IncidentVerb::Close => {
                family.close(id, now)?;
                if store::following::has_open_members(&mut transaction, id).await? {
                    return Err(FollowingError::HasOpenCases { incident: id });
                }
            }
        }
        self.finish(transaction, call, now, family, id).await
    }

    async fn finish(
        &self,
        mut transaction: sqlx::Transaction<'_, sqlx::Postgres>,
        call: &Call,
        now: Timestamp,
        mut family: Family,
        id: IncidentId,
    ) -> Result<ReportedIncident, FollowingError> {
        let events = self.drafts(&mut transaction, call, now, &mut family).await?;
        self.save_family(&mut transaction, call, now, &family, &events).await?;
        let incident = family.incident(id).cloned().ok_or_else(|| not_found(id))?;
        let incident = reported(&mut transaction, incident).await?;
        IDEMPOTENCY.save(&mut transaction, call, &incident).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(incident)
    }
}

/// The case whose way people decide with a verb: it must not be on hold. Dissolving decides nobody's.
fn named_case(family: &Family, id: IncidentId, verb: &IncidentVerb) -> Option<CaseId> {
    match verb {
        IncidentVerb::Join(case) | IncidentVerb::Leave { case, .. } => Some(*case),
        IncidentVerb::Resolve { .. } => family.incident(id).and_then(|incident| incident.lead),
        IncidentVerb::Close | IncidentVerb::Dissolve { .. } => None,
    }
}

/// The incident with all that a verb may change: its lead first, then the others, then the incident itself.
async fn lock_incident(
    connection: &mut PgConnection,
    id: IncidentId,
    etag: Option<i64>,
    verb: &IncidentVerb,
) -> Result<Family, FollowingError> {
    let seen = store::incident::find(connection, id).await?.ok_or_else(|| not_found(id))?;
    let lead: Vec<_> = seen.lead.into_iter().collect();
    let mut cases = store::case::lock(connection, &lead).await?;
    let (named, all) = match verb {
        IncidentVerb::Join(case) => (Some(*case), false),
        IncidentVerb::Leave { case, .. } => (Some(*case), seen.lead == Some(*case)),
        IncidentVerb::Resolve { .. } | IncidentVerb::Dissolve { .. } => (None, true),
        IncidentVerb::Close => (None, false),
    };
    if all {
        cases.extend(store::following::lock_followers(connection, &lead).await?);
    }
    if let Some(named) = named.filter(|named| !cases.iter().any(|case| case.id == *named)) {
        cases.extend(store::case::lock(connection, &[named]).await?);
    }
    let incident = store::incident::lock(connection, id).await?.ok_or_else(|| not_found(id))?;
    if etag.is_some_and(|etag| etag != incident.version) {
        return Err(AppError::EtagMismatch { name: id.name() }.into());
    }
    if incident.lead != seen.lead {
        return Err(FollowingError::Changed { incident: id });
    }
    Ok(Family::new(cases, [incident]))
}

async fn reported(connection: &mut PgConnection, incident: Incident) -> Result<ReportedIncident, AppError> {
    let reports = store::incident::reports(connection, &[incident.id]).await?.pop().unwrap_or_default();
    Ok(ReportedIncident { incident, reports })
}

pub(super) fn not_found(id: IncidentId) -> AppError {
    AppError::NotFound { resource: IncidentId::TYPE, name: id.name() }
}
