//! Reading a batch of intake's events as far as they tell by themselves: ids and codes, nothing personal.

use std::collections::HashMap;

use kexiang_core::{CaseId, ContactId, ErasureId, EventId, Timestamp};
use kexiang_events::{HandlerError, Received};
use kexiang_proto::intake_v1::{CaseFacts, CaseState, ContactFacts, CustomerDataFacts, Purpose};

use super::{entry::entry, register};
use crate::{
    app::{IntakeNews, ownership::reception::RegisterNews},
    domain::{
        customer::CustomerProfile,
        identification::Arrival,
        link::{CaseLink, ContactLink},
        timeline::{Owner, TimelineEntry},
    },
};

/// Intake has followed an erasure.
pub const ERASED: &str = "customer_data.erased";

/// What a batch tells. Of several events of one case or contact, the last one counts.
#[derive(Default)]
pub struct Batch {
    identified: HashMap<ContactId, ContactLink>,
    unidentified: Vec<Unidentified>,
    cases: HashMap<CaseId, CaseLink>,
    register: RegisterNews,
    timeline: Vec<TimelineEntry>,
    erased: Vec<(ErasureId, Timestamp)>,
}

/// A registered contact of somebody who has to be found.
struct Unidentified {
    contact_id: ContactId,
    contact_at: Timestamp,
    case_id: Option<CaseId>,
    cause: EventId,
    traceparent: Option<String>,
}

impl Batch {
    /// Takes in one event.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn read(&mut self, event: Received<'_>) -> Result<(), HandlerError> {
        if event.0.r#type == ERASED {
            let facts: CustomerDataFacts = event.facts()?;
            self.erased.push((event.name(&facts.erasure)?, event.time(event.0.time.as_ref())?));
            return Ok(());
        }
        match event.0.r#type.split_once('.') {
            Some(("contact", _)) => self.read_contact(event, &event.facts()?),
            Some(("site", _)) => register::site(event, &mut self.register),
            Some(("call", _)) => register::answer(event, &mut self.register),
            _ => self.read_case(event, event.facts()?),
        }
    }

    /// The contacts of which intake has to be asked who came.
    pub fn unidentified(&self) -> Vec<ContactId> {
        self.unidentified.iter().map(|unidentified| unidentified.contact_id).collect()
    }

    /// The news, now that it is known who came. A contact without a caller has gone from intake meanwhile: it makes nobody.
    pub fn into_news(self, mut callers: HashMap<ContactId, CustomerProfile>) -> IntakeNews {
        let arrivals = self.unidentified.into_iter().filter_map(|unidentified| {
            let Unidentified { contact_id, contact_at, case_id, cause, traceparent } = unidentified;
            let Some(caller) = callers.remove(&contact_id) else {
                tracing::warn!(contact.id = %contact_id, "intake does not know who came");
                return None;
            };
            Some(Arrival { contact_id, contact_at, case_id, caller, cause, traceparent })
        });
        IntakeNews {
            arrivals: arrivals.collect(),
            contacts: self.identified.into_values().collect(),
            cases: self.cases.into_values().collect(),
            register: self.register,
            timeline: self.timeline,
            erased: self.erased,
        }
    }

    fn read_contact(&mut self, event: Received<'_>, facts: &ContactFacts) -> Result<(), HandlerError> {
        let contact_id = event.name(&facts.contact)?;
        let contact_at = event.time(facts.contact_time.as_ref())?;
        let case_id = event.optional_name(&facts.case)?;
        self.timeline.push(entry(event, Owner::Contact(contact_id, case_id), &facts.site)?);
        register::contact(event, facts, &mut self.register)?;
        if let Some(customer_id) = event.optional_name(&facts.customer)? {
            self.identified.insert(contact_id, ContactLink { contact_id, customer_id, contact_at, case_id });
        } else if facts.purpose() == Purpose::Customer {
            // Market researchers and inspectors make no customer (IN-4).
            let (cause, traceparent) = (event.id()?, event.traceparent());
            self.unidentified.push(Unidentified { contact_id, contact_at, case_id, cause, traceparent });
        }
        Ok(())
    }

    fn read_case(&mut self, event: Received<'_>, facts: CaseFacts) -> Result<(), HandlerError> {
        let case_id = event.name(&facts.case)?;
        self.timeline.push(entry(event, Owner::Case(case_id), &facts.site)?);
        register::zone(event, &facts.site, &facts.time_zone, &mut self.register)?;
        let link = CaseLink {
            case_id,
            customer_id: event.optional_name(&facts.customer)?,
            contact_id: event.name(&facts.contact)?,
            accepted_at: event.time(facts.accept_time.as_ref())?,
            open: is_open(facts.state()),
            number: facts.number,
            category: facts.category,
        };
        self.cases.insert(case_id, link);
        Ok(())
    }
}

const fn is_open(state: CaseState) -> bool {
    match state {
        CaseState::Unspecified
        | CaseState::Received
        | CaseState::Dispatched
        | CaseState::Resolved
        | CaseState::Informed
        | CaseState::Visited => true,
        CaseState::Closed | CaseState::Archived | CaseState::Withdrawn => false,
    }
}
