//! How mass faults are found (IN-16): reports are taken in from intake's own log, after their acceptance, which they never
//! slow down.
//!
//! Whether reports are an incident depends on their moments of acceptance alone, not on when or in which batches they are
//! taken in. Exactly one incident comes of them, whatever the replicas do: the cursor, the incident and all who join commit
//! together, and its area is locked meanwhile. What comes again is part of it already, and changes nothing.

use std::collections::BTreeMap;

use kexiang_core::{Call, CaseId, EventId, IncidentId, Timestamp};
use sqlx::PgConnection;

use super::{App, FollowingError};
use crate::{
    domain::{Area, Case, Family, Incident, IncidentState, Threshold, incident::first_of_mass},
    store,
};

/// A report that was accepted.
#[derive(Debug, Clone)]
pub struct Report {
    /// The event that told it.
    pub event: EventId,
    /// The trace to go on from.
    pub traceparent: Option<String>,
    /// The case.
    pub case: CaseId,
    /// Where it counts.
    pub area: Area,
    /// When it was accepted.
    pub accepted_at: Timestamp,
}

impl App {
    /// Takes in reports, in the transaction of the cursor.
    ///
    /// # Errors
    /// [`FollowingError`]; nothing is written then, and the reports are to be taken in again.
    #[tracing::instrument(name = "app.take_in_reports", skip_all, fields(reports = reports.len()))]
    pub async fn take_in_reports(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        threshold: Threshold,
        reports: &[Report],
    ) -> Result<(), FollowingError> {
        let mut areas: BTreeMap<&Area, Vec<&Report>> = BTreeMap::new();
        for report in reports {
            areas.entry(&report.area).or_default().push(report);
        }
        for (area, reports) in areas {
            self.take_in_area(connection, call, threshold, area, &reports).await?;
        }
        Ok(())
    }

    async fn take_in_area(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        threshold: Threshold,
        area: &Area,
        reports: &[&Report],
    ) -> Result<(), FollowingError> {
        let Some(last) = reports.iter().max_by_key(|report| report.accepted_at) else { return Ok(()) };
        let from = reports.iter().map(|report| report.accepted_at).min().unwrap_or(last.accepted_at);
        store::incident::take_area(connection, area).await?;
        let open = store::incident::find_open(connection, area).await?;
        let since = if open.is_some() { from } else { from.checked_sub(threshold.window).unwrap_or(from) };
        let mut found = store::following::reports(connection, area, since, last.accepted_at).await?;
        if open.is_none() {
            let times: Vec<_> = found.iter().map(|(_, at)| *at).collect();
            let Some(first) = first_of_mass(&times, threshold) else { return Ok(()) };
            found.drain(..first);
        }
        let ids: Vec<_> = found.into_iter().map(|(id, _)| id).collect();
        let now = self.clock.now();
        let mut family = match open {
            Some(open) => joined(connection, &open, &ids, now).await?,
            None => opened(connection, area, &ids, threshold, now).await?,
        };
        let by = call.caused_by(last.event, last.traceparent.clone());
        let events = self.drafts(connection, &by, now, &mut family).await?;
        Ok(self.save_family(connection, call, now, &family, &events).await?)
    }
}

/// The reports join the incident that is open.
async fn joined(
    connection: &mut PgConnection,
    open: &Incident,
    ids: &[CaseId],
    now: Timestamp,
) -> Result<Family, FollowingError> {
    let lead: Vec<_> = open.lead.into_iter().collect();
    let mut cases = store::case::lock(connection, &lead).await?;
    let ids: Vec<_> = ids.iter().copied().filter(|id| Some(*id) != open.lead).collect();
    let locked = store::case::lock(connection, &ids).await?;
    let free: Vec<_> = locked.iter().filter(|case| is_free(case)).map(|case| case.id).collect();
    cases.extend(locked);
    let incident = store::incident::lock(connection, open.id).await?;
    let changed = FollowingError::Changed { incident: open.id };
    let unchanged = |incident: &Incident| incident.lead == open.lead && incident.state == IncidentState::Open;
    let incident = incident.filter(unchanged).ok_or(changed)?;
    let mut family = Family::new(cases, [incident]);
    for id in free {
        family.join(open.id, id, now)?;
    }
    Ok(family)
}

/// The reports become an incident, unless some of them have been worked or taken back meanwhile and too few are left.
async fn opened(
    connection: &mut PgConnection,
    area: &Area,
    ids: &[CaseId],
    threshold: Threshold,
    now: Timestamp,
) -> Result<Family, FollowingError> {
    let mut locked = store::case::lock(connection, ids).await?;
    locked.retain(is_free);
    if locked.len() < threshold.reports {
        return Ok(Family::default());
    }
    let incident = Incident::open(IncidentId::at(now), area.clone(), true, now);
    let ids: Vec<_> = locked.iter().map(|case| case.id).collect();
    let mut family = Family::new(locked, []);
    family.open(incident, &ids, now)?;
    Ok(family)
}

fn is_free(case: &Case) -> bool {
    case.is_open_for_work() && !case.belongs() && case.following.work_round == 0
}
