//! Recognising a caller while the agent greets (IN-6).
//!
//! What intake knows by the phone and what customer records know of the customer are asked at once. Customer records have a
//! hard limit of time, and are not asked at every call when they are down or slow ([`crate::peer::CustomerRecords`]): the answer
//! then is what intake knows, marked DEGRADED. Nothing here is written, so nothing is left behind by a caller that goes away.

use std::{collections::HashMap, time::Duration};

use kexiang_core::{CaseId, PhoneNumber};

use super::{App, AppError};
use crate::{
    domain::{
        Contact,
        promise::Promise,
        recognition::{
            Frequency, Identity, Inquiry, LOOKED_AT, Line, MAX_LAST_CONTACTS, MAX_OPEN_CASES, MAX_PROMISES,
            OpenCase, Recognition, Source, count_recent, last_caller, old_matter,
        },
    },
    peer::{CustomerRecords, customer_records::Known},
    store,
};

/// Recognises callers.
#[derive(Clone)]
pub struct Recogniser {
    app: App,
    customer_records: CustomerRecords,
    limit: Duration,
}

impl Recogniser {
    /// Over these use cases, waiting for customer records at most for `limit`.
    #[must_use]
    pub fn new(app: App, customer_records: CustomerRecords, limit: Duration) -> Self {
        Self { app, customer_records, limit }
    }

    /// The use cases beside it.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Who calls.
    ///
    /// # Errors
    /// Those of the database; never because of customer records.
    #[tracing::instrument(name = "app.recognise_caller", skip_all)]
    pub async fn recognise(&self, inquiry: &Inquiry) -> Result<Recognition, AppError> {
        let Line::Number(phone) = &inquiry.line else { return Ok(Recognition::of_nobody()) };
        let asked = self.customer_records.recognise(phone, self.limit);
        let (contacts, told) = tokio::join!(self.app.contacts_of_phone(phone), asked);
        let contacts = contacts?;
        // Why they did not answer was told in the log.
        let (known, source) = told.map_or((None, Source::Degraded), |known| (known, Source::Complete));
        let (identity, by_customer, cases_of_customer) = match known {
            Some(known) => {
                let cases = known.open_matters.iter().map(|open| open.case).collect();
                let Known { customer, display_name, kind, recent_contacts, .. } = known;
                (Some(Identity { customer: Some(customer), display_name, kind }), recent_contacts, cases)
            }
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
