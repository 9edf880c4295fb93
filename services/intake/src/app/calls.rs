//! Taking in the events of calls, and reading calls.
//!
//! One report is one transaction: calls that are new are opened, all calls concerned are locked in one order, the events are
//! kept, every call is computed anew from all of its events, and its contact, the desk and the log follow. The register is
//! locked last, for the contacts of new calls only (IN-3).
//!
//! Killed before the commit, nothing is there and the reporter sends again; killed after it, the events are found as
//! duplicates. Two replicas that take in the same event at once: the second waits for the first at the call, finds its
//! event kept meanwhile, and judges its report anew.

mod judge;

use std::collections::{BTreeMap, HashMap, HashSet};

use kexiang_core::{Call, CallId, ContactId, SiteId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::{Claim, Statement};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use thiserror::Error;

use self::judge::{Verdict, judge, known};
use super::{App, AppError, IDEMPOTENCY};
pub use crate::store::{call::CallFilter, call_event::Place};
use crate::{
    domain::{CallEvent, Contact, DeskSpan, Life, PhoneCall},
    store,
};

/// A report is judged so often before its reporter is asked to send it again.
const TRIES: usize = 4;

/// Why a use case of calls and desks is refused.
#[derive(Debug, Error)]
pub enum CallError {
    /// The call's contact has its words.
    #[error("the contact of {call:?} was completed before")]
    Completed {
        /// Which.
        call: CallId,
    },
    /// The contact is of another site than the call.
    #[error("{call:?} is of another site")]
    AnotherSite {
        /// Which.
        call: CallId,
    },
    /// Only people have a state.
    #[error("the caller is no person")]
    AgentNeeded,
    /// The published number was taken out of use.
    #[error("{number} was deleted")]
    NumberDeleted {
        /// Its name.
        number: String,
    },
    /// Others took in the same events at the same time, again and again.
    #[error("others report the same at the same time")]
    Contended,
}

/// An event of a call, as reported.
#[derive(Debug, Clone, PartialEq)]
pub struct Reported {
    /// The event.
    pub event: CallEvent,
    /// Whose call.
    pub site: SiteId,
    /// The telephony system's id of the call.
    pub reference: String,
}

/// One item of a report.
#[derive(Debug, Clone)]
pub enum ReportItem {
    /// It can't be read.
    Refused {
        /// As sent.
        event_id: String,
        /// Why.
        faults: Vec<FieldFault>,
    },
    /// It can.
    Event(Box<Reported>),
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldFault {
    /// Its path.
    pub field: String,
    /// What is wrong.
    pub description: String,
    /// A constant for programs.
    pub reason: String,
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportResult {
    /// As sent.
    pub event_id: String,
    /// What became of it.
    pub outcome: ReportOutcome,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReportOutcome {
    /// It is kept.
    Accepted(CallId),
    /// It was kept before.
    Duplicate(CallId),
    /// It was refused.
    Refused(Vec<FieldFault>),
}

impl App {
    /// Takes in a report of `source`: one result per item, in order.
    ///
    /// # Errors
    /// [`CallError::Contended`], [`AppError::RequestIdReused`].
    #[tracing::instrument(name = "app.report_call_events", skip_all, fields(items = items.len()))]
    pub async fn report_call_events(
        &self,
        call: &Call,
        source: &str,
        items: &[ReportItem],
    ) -> Result<Vec<ReportResult>, AppError> {
        for _ in 0..TRIES {
            match self.try_report(call, source, items).await {
                Err(AppError::Call(CallError::Contended)) => {}
                reported => return reported,
            }
        }
        Err(CallError::Contended.into())
    }

    async fn try_report(
        &self,
        call: &Call,
        source: &str,
        items: &[ReportItem],
    ) -> Result<Vec<ReportResult>, AppError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(results) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(results);
        }
        let known = known(&mut transaction, source, items).await?;
        let verdicts = judge(items, &known);
        let fresh: Vec<&Reported> = verdicts.iter().filter_map(Verdict::fresh).collect();
        let calls = self.take_in(&mut transaction, call, &fresh, now).await?;
        let results: Vec<_> =
            items.iter().zip(verdicts).filter_map(|(item, verdict)| verdict.result(item, &calls)).collect();
        IDEMPOTENCY.save(&mut transaction, call, &results).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(results)
    }

    /// Keeps new events and brings their calls up to date; gives the ids of the calls.
    async fn take_in(
        &self,
        connection: &mut PgConnection,
        by: &Call,
        fresh: &[&Reported],
        now: Timestamp,
    ) -> Result<HashMap<(SiteId, String), CallId>, AppError> {
        if fresh.is_empty() {
            return Ok(HashMap::new());
        }
        let new: Vec<PhoneCall> = first_of_calls(fresh).filter_map(|reported| begin(reported, now)).collect();
        let opened: HashSet<CallId> = store::call::open(connection, &new).await?.into_iter().collect();
        let references: Vec<_> = new.iter().map(|call| (&call.site, call.reference.as_str())).collect();
        let mut calls = store::call::lock_referenced(connection, &references).await?;
        let ids: HashMap<_, _> =
            calls.iter().map(|call| ((call.site.clone(), call.reference.clone()), call.id)).collect();

        let id_of = |reported: &Reported| ids.get(&(reported.site.clone(), reported.reference.clone()));
        let events: Vec<_> =
            fresh.iter().filter_map(|reported| Some((*id_of(reported)?, &reported.event))).collect();
        if store::call_event::insert(connection, &events, now).await? != fresh.len() as u64 {
            return Err(CallError::Contended.into());
        }
        self.compute(connection, &mut calls, now).await?;
        let arrival: Vec<_> = first_of_calls(fresh).filter_map(|reported| id_of(reported).copied()).collect();
        number(connection, &mut calls, &arrival, &opened).await?;
        self.follow(connection, by, &calls, &opened, &events, now).await?;
        Ok(ids)
    }

    async fn compute(
        &self,
        connection: &mut PgConnection,
        calls: &mut [PhoneCall],
        now: Timestamp,
    ) -> Result<(), AppError> {
        let ids: Vec<_> = calls.iter().map(|call| call.id).collect();
        let mut events: HashMap<CallId, Vec<CallEvent>> = HashMap::new();
        for (call, event) in store::call_event::of_calls(connection, &ids).await? {
            events.entry(call).or_default().push(event);
        }
        for call in calls {
            let limit = self.sites.get_over(connection, &call.site).await?.answer_limit_seconds;
            let told = events.get(&call.id).map(Vec::as_slice).unwrap_or_default();
            if let Some(life) = Life::of(told, limit) {
                call.life = life;
            }
            call.updated_at = now;
        }
        Ok(())
    }

    /// Contacts, desks and log follow the calls.
    async fn follow(
        &self,
        connection: &mut PgConnection,
        by: &Call,
        calls: &[PhoneCall],
        opened: &HashSet<CallId>,
        events: &[(CallId, &CallEvent)],
        now: Timestamp,
    ) -> Result<(), AppError> {
        let new = calls.iter().filter(|call| opened.contains(&call.id));
        let contacts: Vec<_> = new.map(|call| Contact::of_call(call, by.actor.clone())).collect();
        if !contacts.is_empty() {
            let mut statement = Statement::default();
            store::contact::insert(&mut statement, &contacts);
            store::write(connection, statement, "select").await?;
        }
        store::call::update(connection, calls).await?;
        store::call_contact::follow(connection, calls).await?;
        let ids: Vec<_> = calls.iter().map(|call| call.id).collect();
        let spans: Vec<_> = calls.iter().flat_map(desk_spans).collect();
        store::desk_span::replace(connection, &ids, &spans).await?;
        let facts: HashMap<_, _> = calls.iter().map(|call| (call.id, call.facts())).collect();
        let tell = |(id, event): &(CallId, &CallEvent)| {
            Draft::new(event.kind.event_type(), id.name(), event.event_at, &facts.get(id))
        };
        let drafts = events.iter().map(tell).collect::<Result<Vec<_>, _>>()?;
        Ok(self.log.append(connection, by, now, &drafts).await?)
    }

    /// The call with this id.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.get_call", skip_all)]
    pub async fn get_call(&self, id: CallId) -> Result<PhoneCall, AppError> {
        let mut connection = self.pool.acquire().await?;
        store::call::find(&mut connection, id).await?.ok_or_else(|| no_call(id))
    }

    /// A page of calls, newest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the site.
    #[tracing::instrument(name = "app.list_calls", skip_all)]
    pub async fn list_calls(
        &self,
        filter: &CallFilter,
        after: Option<(Timestamp, CallId)>,
        limit: i64,
    ) -> Result<Vec<PhoneCall>, AppError> {
        self.sites.get(&filter.site).await?;
        let mut connection = self.pool.acquire().await?;
        Ok(store::call::list(&mut connection, filter, after, limit).await?)
    }

    /// A call and a page of its events in the order in which they count.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.list_call_events", skip_all)]
    pub async fn list_call_events(
        &self,
        id: CallId,
        after: Option<Place>,
        limit: i64,
    ) -> Result<(PhoneCall, Vec<CallEvent>), AppError> {
        let call = self.get_call(id).await?;
        let mut connection = self.pool.acquire().await?;
        Ok((call, store::call_event::list(&mut connection, id, after, limit).await?))
    }
}

pub(super) fn no_call(id: CallId) -> AppError {
    AppError::NotFound { resource: CallId::TYPE, name: id.name() }
}

/// The first event of each call, in order of arrival.
fn first_of_calls<'a>(fresh: &[&'a Reported]) -> impl Iterator<Item = &'a Reported> {
    let mut seen = HashSet::new();
    let first = move |reported: &&'a Reported| seen.insert((&reported.site, reported.reference.as_str()));
    fresh.iter().copied().filter(first)
}

/// A call of which nothing but one event is known.
fn begin(reported: &Reported, now: Timestamp) -> Option<PhoneCall> {
    Some(PhoneCall {
        id: CallId::at(now),
        site: reported.site.clone(),
        source: reported.event.source.clone(),
        reference: reported.reference.clone(),
        contact: ContactId::at(now),
        register_number: 0,
        life: Life::of(std::slice::from_ref(&reported.event), 0)?,
        completed_at: None,
        updated_at: now,
    })
}

/// Takes the next register numbers for the calls that are new, in the order of arrival.
async fn number(
    connection: &mut PgConnection,
    calls: &mut [PhoneCall],
    arrival: &[CallId],
    opened: &HashSet<CallId>,
) -> Result<(), AppError> {
    let mut places: HashMap<CallId, &mut PhoneCall> = calls.iter_mut().map(|call| (call.id, call)).collect();
    let mut new = Vec::new();
    for id in arrival.iter().filter(|id| opened.contains(id)) {
        new.extend(places.remove(id));
    }
    let mut wanted = BTreeMap::new();
    for call in &new {
        *wanted.entry(call.site.clone()).or_insert(0) += 1;
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let mut last_numbers = store::register::take(connection, &wanted).await?;
    for call in new {
        let missing = || AppError::NotFound { resource: SiteId::TYPE, name: call.site.name() };
        let last_number = last_numbers.get_mut(&call.site).ok_or_else(missing)?;
        *last_number += 1;
        call.register_number = *last_number;
    }
    Ok(())
}

fn desk_spans(call: &PhoneCall) -> impl Iterator<Item = DeskSpan> {
    call.life.spans.iter().map(|span| DeskSpan {
        site: call.site.clone(),
        agent: span.agent.clone(),
        state: span.state,
        away_reason: None,
        call: Some(call.id),
        from: span.from,
        until: span.until,
    })
}
