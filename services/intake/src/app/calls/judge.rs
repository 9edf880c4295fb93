//! Which events of a report are new, which were kept before, and which are refused.

use std::collections::{HashMap, hash_map::Entry};

use kexiang_core::{CallId, SiteId};
use sqlx::PgConnection;

use super::{FieldFault, ReportItem, ReportOutcome, ReportResult, Reported};
use crate::{
    app::AppError,
    domain::CallEvent,
    store::{self, call_event::KnownEvent},
};

/// What is to be done with one item.
pub(super) enum Verdict<'a> {
    Refused(Vec<FieldFault>),
    /// Kept by an earlier report.
    Known(CallId),
    /// Kept with its twin in this report.
    Again(&'a Reported),
    Fresh(&'a Reported),
}

impl<'a> Verdict<'a> {
    pub(super) fn fresh(&self) -> Option<&'a Reported> {
        match self {
            Self::Fresh(reported) => Some(reported),
            Self::Refused(_) | Self::Known(_) | Self::Again(_) => None,
        }
    }

    pub(super) fn result(
        self,
        item: &ReportItem,
        calls: &HashMap<(SiteId, String), CallId>,
    ) -> Option<ReportResult> {
        let event_id = match item {
            ReportItem::Refused { event_id, .. } => event_id.clone(),
            ReportItem::Event(reported) => reported.event.event_id.clone(),
        };
        let id =
            |reported: &Reported| calls.get(&(reported.site.clone(), reported.reference.clone())).copied();
        let outcome = match self {
            Self::Refused(faults) => ReportOutcome::Refused(faults),
            Self::Known(call) => ReportOutcome::Duplicate(call),
            Self::Again(reported) => ReportOutcome::Duplicate(id(reported)?),
            Self::Fresh(reported) => ReportOutcome::Accepted(id(reported)?),
        };
        Some(ReportResult { event_id, outcome })
    }
}

/// The events of a report that earlier reports brought, by their ids.
pub(super) async fn known(
    connection: &mut PgConnection,
    source: &str,
    items: &[ReportItem],
) -> Result<HashMap<String, KnownEvent>, AppError> {
    let id = |item: &'_ ReportItem| match item {
        ReportItem::Event(reported) => Some(reported.event.event_id.clone()),
        ReportItem::Refused { .. } => None,
    };
    let ids: Vec<String> = items.iter().filter_map(id).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let known = store::call_event::find_known(connection, source, &ids).await?;
    Ok(known.into_iter().map(|known| (known.event.event_id.clone(), known)).collect())
}

/// The first event with an id counts; the same again is a duplicate, and another one under its id is refused.
pub(super) fn judge<'a>(items: &'a [ReportItem], known: &HashMap<String, KnownEvent>) -> Vec<Verdict<'a>> {
    let mut first: HashMap<&str, &Reported> = HashMap::new();
    let mut verdict = |(nr, item): (usize, &'a ReportItem)| {
        let reported: &Reported = match item {
            ReportItem::Refused { faults, .. } => return Verdict::Refused(faults.clone()),
            ReportItem::Event(reported) => reported,
        };
        if let Some(known) = known.get(&reported.event.event_id) {
            let same = is_same(&known.event, &known.site, &known.reference, reported);
            return if same { Verdict::Known(known.call) } else { Verdict::Refused(vec![reused(nr)]) };
        }
        match first.entry(&reported.event.event_id) {
            Entry::Vacant(place) => {
                place.insert(reported);
                Verdict::Fresh(reported)
            }
            Entry::Occupied(twin) => {
                let twin = twin.get();
                let same = is_same(&twin.event, &twin.site, &twin.reference, reported);
                if same { Verdict::Again(reported) } else { Verdict::Refused(vec![reused(nr)]) }
            }
        }
    };
    items.iter().enumerate().map(&mut verdict).collect()
}

fn is_same(event: &CallEvent, site: &SiteId, reference: &str, reported: &Reported) -> bool {
    let other = &reported.event;
    (event.kind, event.event_at, &event.agent) == (other.kind, other.event_at, &other.agent)
        && *site == reported.site
        && *reference == reported.reference
}

fn reused(nr: usize) -> FieldFault {
    FieldFault {
        field: format!("events[{nr}].event_id"),
        description: "came before with another content".to_owned(),
        reason: "EVENT_ID_REUSED".to_owned(),
    }
}
