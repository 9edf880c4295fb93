//! Recognising a caller while the agent greets (IN-6).
//!
//! What intake knows by the phone and what customer records know of the customer are asked at once. Customer records have a
//! hard limit of time, and a breaker ([`crate::domain::breaker`]) keeps from waiting for them at every call when they are down
//! or slow: the answer then is what intake knows, marked DEGRADED. Nothing here is written, so nothing is left behind by a
//! caller that goes away.

use std::{collections::HashMap, sync::Arc, time::Duration};

use kexiang_core::{CaseId, PhoneNumber};
use thiserror::Error;

use super::{App, AppError};
use crate::{
    domain::{
        Contact,
        breaker::Breaker,
        promise::Promise,
        recognition::{
            Frequency, Inquiry, KnownCustomer, LOOKED_AT, Line, MAX_LAST_CONTACTS, MAX_OPEN_CASES,
            MAX_PROMISES, OpenCase, Recognition, Source, count_recent, last_caller, old_matter,
        },
    },
    store,
};

/// Customer records did not answer; in words that name nobody.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct Unanswered(pub String);

/// Recognises callers. Clones share the breaker.
#[derive(Clone)]
pub struct Recogniser {
    app: App,
    breaker: Arc<Breaker>,
    limit: Duration,
}

impl Recogniser {
    /// Waits for customer records at most for `limit`.
    #[must_use]
    pub fn new(app: App, limit: Duration) -> Self {
        Self { app, breaker: Arc::default(), limit }
    }

    /// The use cases beside it.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The limit for customer records.
    #[must_use]
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// Who calls. `ask` asks customer records whose phone it is; it is not begun while they are not to be asked.
    ///
    /// # Errors
    /// Those of the database; never because of customer records.
    #[tracing::instrument(name = "app.recognise_caller", skip_all)]
    pub async fn recognise(
        &self,
        inquiry: &Inquiry,
        ask: impl Future<Output = Result<Option<KnownCustomer>, Unanswered>>,
    ) -> Result<Recognition, AppError> {
        let Line::Number(phone) = &inquiry.line else { return Ok(Recognition::of_nobody()) };
        let (contacts, told) = tokio::join!(self.app.contacts_of_phone(phone), self.ask(ask));
        let contacts = contacts?;
        let (known, source) = match told {
            Some(known) => (known, Source::Complete),
            None => (None, Source::Degraded),
        };
        let (identity, by_customer, cases_of_customer) = match known {
            Some(known) => (Some(known.identity), known.recent_contacts, known.open_cases),
            // What came in a moment ago is not identified yet.
            None => (last_caller(&contacts), 0, Vec::new()),
        };
        // Customer records hear of contacts a little later, and of other phones of the customer: the greater one is nearer.
        let recent_contacts = count_recent(&contacts, self.app.clock.now()).max(by_customer);
        let cases = contacts.iter().filter_map(|contact| contact.case).chain(cases_of_customer);
        let open_cases = self.app.open_cases(cases.collect()).await?;
        Ok(Recognition {
            identity,
            frequency: Frequency::of(recent_contacts),
            recent_contacts,
            joins: old_matter(&open_cases, inquiry),
            open_cases,
            last_contacts: contacts.into_iter().take(MAX_LAST_CONTACTS).collect(),
            source,
        })
    }

    /// What customer records say; `None` when they are not asked, or do not answer in time.
    async fn ask(
        &self,
        ask: impl Future<Output = Result<Option<KnownCustomer>, Unanswered>>,
    ) -> Option<Option<KnownCustomer>> {
        if !self.breaker.lets_through(self.app.clock.now()) {
            return None;
        }
        let why = match tokio::time::timeout(self.limit, ask).await {
            Ok(Ok(known)) => {
                self.breaker.answered();
                return Some(known);
            }
            Ok(Err(why)) => why,
            Err(_) => Unanswered("no answer in time".to_owned()),
        };
        if self.breaker.failed(self.app.clock.now()) {
            tracing::warn!(error = %why, "customer records are not asked for callers for a while");
        }
        None
    }
}

impl App {
    async fn contacts_of_phone(&self, phone: &PhoneNumber) -> Result<Vec<Contact>, AppError> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::contact::list_by_phone(&mut connection, phone, LOOKED_AT).await?)
    }

    /// Those of these cases that are open, with what is promised about them.
    async fn open_cases(&self, mut cases: Vec<CaseId>) -> Result<Vec<OpenCase>, AppError> {
        cases.sort_unstable();
        cases.dedup();
        if cases.is_empty() {
            return Ok(Vec::new());
        }
        let mut connection = self.pool.acquire().await?;
        let open = store::case::list_open_of(&mut connection, &cases, MAX_OPEN_CASES).await?;
        let ids: Vec<_> = open.iter().map(|(case, _)| case.id).collect();
        let promises = store::promise::list_waiting(&mut connection, &ids, MAX_PROMISES).await?;
        let mut of_case: HashMap<CaseId, Vec<Promise>> = HashMap::new();
        for promise in promises {
            of_case.entry(promise.case).or_default().push(promise);
        }
        let with_promises = |(case, last_event): (crate::domain::Case, _)| {
            let promises = of_case.remove(&case.id).unwrap_or_default();
            OpenCase { case, last_event, promises }
        };
        Ok(open.into_iter().map(with_promises).collect())
    }
}
