//! One batch: what may be refused is refused first, the rest is written with a fixed number of statements.

use std::collections::{BTreeMap, HashMap};

use kexiang_core::{Call, CaseId, ContactId, Kind, RequestKey, SiteId, Timestamp};
use kexiang_events::{Draft, EventLog};
use kexiang_pg::Statement;
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    app::{
        AppError,
        acceptance::{Acceptance, Accepted, Matter},
        opening::{Opened, open_case},
        sites::Sites,
    },
    domain::{Case, Contact, Site, category::Edition},
    store::{self, register::Taking, request::Answered},
};

type Outcome = Result<Accepted, AppError>;

/// What a batch came to.
pub(super) struct Done {
    /// Results in the order of the acceptances.
    pub(super) outcomes: Vec<Outcome>,
    /// Where the registers stand that numbers were taken from.
    pub(super) last_numbers: BTreeMap<SiteId, i64>,
}

/// Writes all acceptances in the open transaction, after everything that one could be refused for was looked up.
pub(super) async fn write(
    connection: &mut PgConnection,
    log: &EventLog,
    sites: &Sites,
    now: Timestamp,
    acceptances: &[Acceptance],
) -> Result<Done, AppError> {
    let before = Before::load(connection, sites, acceptances).await?;
    let mut outcomes: Vec<Option<Outcome>> =
        acceptances.iter().map(|acceptance| before.decide(acceptance)).collect();
    let open: Vec<usize> = (0..outcomes.len()).filter(|nr| outcomes[*nr].is_none()).collect();
    let wanted = count(open.iter().map(|nr| &acceptances[*nr]));
    let mut last_numbers =
        if wanted.is_empty() { BTreeMap::new() } else { store::register::take(connection, &wanted).await? };

    let mut written = Written::default();
    for nr in open {
        let acceptance = &acceptances[nr];
        let register = last_numbers.get_mut(&acceptance.contact.site);
        let (Some(last_number), Some(site)) = (register, before.sites.get(&acceptance.contact.site)) else {
            outcomes[nr] = Some(Err(no_site(&acceptance.contact.site)));
            continue;
        };
        *last_number += 1;
        outcomes[nr] = Some(Ok(written.add(acceptance, site, *last_number, now)?));
    }
    let mut statement = Statement::default();
    written.store(&mut statement, log, now);
    if !statement.is_empty() {
        store::write(connection, statement, "select").await?;
    }
    Ok(Done { outcomes: outcomes.into_iter().flatten().collect(), last_numbers })
}

/// A batch as one statement, which is a transaction by itself, and what it comes to if it succeeds.
pub(super) struct Ready {
    pub(super) statement: Statement,
    pub(super) done: Done,
}

/// The batch as one statement, on the belief that none of it was answered or brought over before and that the registers stand
/// where `last_number` says. Unique keys and [`store::register::AS_EXPECTED`] refuse the whole when the belief is wrong.
/// `None` when too little is known to try.
pub(super) fn make_ready(
    log: &EventLog,
    sites: &Sites,
    now: Timestamp,
    acceptances: &[Acceptance],
    last_number: impl Fn(&SiteId) -> Option<i64>,
) -> Result<Option<Ready>, AppError> {
    let mut expected = BTreeMap::new();
    let mut written = Written::default();
    let mut outcomes = Vec::with_capacity(acceptances.len());
    for acceptance in acceptances {
        let id = &acceptance.contact.site;
        let (Some(site), Some(after)) = (sites.recall(id), last_number(id)) else { return Ok(None) };
        if needs_care(acceptance) {
            return Ok(None);
        }
        let taking = expected.entry(id.clone()).or_insert(Taking { after, count: 0 });
        taking.count += 1;
        outcomes.push(Ok(written.add(acceptance, &site, taking.after + taking.count, now)?));
    }
    let mut statement = Statement::default();
    store::register::take_expected(&mut statement, &expected);
    written.store(&mut statement, log, now);
    let last_numbers =
        expected.into_iter().map(|(site, taking)| (site, taking.after + taking.count)).collect();
    Ok(Some(Ready { statement, done: Done { outcomes, last_numbers } }))
}

/// Whether more than rows is to be written for it: a case to be locked, staff to be told of a complaint.
fn needs_care(acceptance: &Acceptance) -> bool {
    match &acceptance.matter {
        Matter::Nothing => false,
        Matter::Joins(_) => true,
        Matter::Opens(case) => case.kind == Kind::Complaint && case.history.is_none(),
    }
}

/// How many numbers are needed from which register.
fn count<'a>(acceptances: impl Iterator<Item = &'a Acceptance>) -> BTreeMap<SiteId, i64> {
    let mut wanted = BTreeMap::new();
    for acceptance in acceptances {
        *wanted.entry(acceptance.contact.site.clone()).or_insert(0) += 1;
    }
    wanted
}

fn no_site(site: &SiteId) -> AppError {
    AppError::NotFound { resource: SiteId::TYPE, name: site.name() }
}

/// What is known before anything is written.
struct Before {
    answered: HashMap<(String, Uuid), Answered>,
    brought_over: HashMap<(SiteId, String), Case>,
    joined: HashMap<CaseId, Case>,
    sites: HashMap<SiteId, std::sync::Arc<Site>>,
}

impl Before {
    async fn load(
        connection: &mut PgConnection,
        sites: &Sites,
        acceptances: &[Acceptance],
    ) -> Result<Self, AppError> {
        let calls: Vec<_> =
            acceptances.iter().filter_map(|a| a.call.request.map(|request| (&a.call, request))).collect();
        let answered = store::request::recall(connection, &calls).await?;
        let brought_over = brought_over(connection, acceptances).await?;
        let joined = joined(connection, acceptances).await?;
        let mut known = HashMap::new();
        for site in acceptances.iter().map(|acceptance| &acceptance.contact.site) {
            match sites.get_over(connection, site).await {
                Ok(found) => {
                    known.insert(site.clone(), found);
                }
                Err(AppError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { answered, brought_over, joined, sites: known })
    }

    /// The outcome of an acceptance that writes nothing; `None` for one that is to be written.
    fn decide(&self, acceptance: &Acceptance) -> Option<Outcome> {
        self.answered_before(acceptance)
            .or_else(|| {
                (!self.sites.contains_key(&acceptance.contact.site))
                    .then(|| Err(no_site(&acceptance.contact.site)))
            })
            .or_else(|| match &acceptance.matter {
                Matter::Nothing => None,
                Matter::Joins(case) => self.check_join(*case, &acceptance.contact.site).err().map(Err),
                Matter::Opens(case) => {
                    let key = (acceptance.contact.site.clone(), case.external_reference.clone()?);
                    self.brought_over.get(&key).map(|case| Ok(Accepted::AlreadyPresent(case.clone())))
                }
            })
    }

    fn answered_before(&self, acceptance: &Acceptance) -> Option<Outcome> {
        let request = acceptance.call.request?;
        let answered = self.answered.get(&(acceptance.call.actor.to_string(), request.request_id))?;
        if answered.request_hash != request.request_hash {
            return Some(Err(AppError::RequestIdReused));
        }
        let response = answered.response.clone();
        Some(match acceptance.matter {
            Matter::Opens(_) => serde_json::from_value(response).map(Accepted::Case).map_err(AppError::from),
            Matter::Nothing | Matter::Joins(_) => {
                serde_json::from_value(response).map(Accepted::Contact).map_err(AppError::from)
            }
        })
    }

    fn check_join(&self, case: CaseId, site: &SiteId) -> Result<(), AppError> {
        match self.joined.get(&case) {
            None => Err(AppError::NotFound { resource: CaseId::TYPE, name: case.name() }),
            Some(found) if found.site != *site || !found.state.is_open() => {
                Err(AppError::NotJoinable { case })
            }
            Some(_) => Ok(()),
        }
    }
}

async fn brought_over(
    connection: &mut PgConnection,
    acceptances: &[Acceptance],
) -> Result<HashMap<(SiteId, String), Case>, AppError> {
    let mut references = Vec::new();
    for acceptance in acceptances {
        if let Matter::Opens(case) = &acceptance.matter
            && let Some(reference) = &case.external_reference
        {
            references.push((&acceptance.contact.site, reference.as_str()));
        }
    }
    if references.is_empty() {
        return Ok(HashMap::new());
    }
    let found = store::case::find_brought_over(connection, &references).await?;
    let by_reference = |case: Case| Some(((case.site.clone(), case.external_reference.clone()?), case));
    Ok(found.into_iter().filter_map(by_reference).collect())
}

async fn joined(
    connection: &mut PgConnection,
    acceptances: &[Acceptance],
) -> Result<HashMap<CaseId, Case>, AppError> {
    let joins = |acceptance: &Acceptance| match acceptance.matter {
        Matter::Joins(case) => Some(case),
        Matter::Nothing | Matter::Opens(_) => None,
    };
    let ids: Vec<_> = acceptances.iter().filter_map(joins).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    // Locked, so that a case that is open now is open when its contact commits.
    Ok(store::case::lock(connection, &ids).await?.into_iter().map(|case| (case.id, case)).collect())
}

/// What the batch writes.
#[derive(Default)]
struct Written<'a> {
    contacts: Vec<Contact>,
    cases: Vec<Case>,
    /// Of cases at sites that are bound to a category tree.
    editions: Vec<(CaseId, Edition)>,
    events: Vec<Draft>,
    answers: Vec<(&'a Call, RequestKey, Value)>,
    first_call: Option<&'a Call>,
}

impl<'a> Written<'a> {
    /// Registers one contact under its number and accepts its case.
    fn add(
        &mut self,
        acceptance: &'a Acceptance,
        site: &Site,
        number: i64,
        now: Timestamp,
    ) -> Result<Accepted, AppError> {
        let call = &acceptance.call;
        self.first_call.get_or_insert(call);
        let new_contact = acceptance.contact.clone();
        let contact_id = ContactId::at(now);
        let case_id = match acceptance.matter {
            Matter::Nothing => None,
            Matter::Joins(case) => Some(case),
            Matter::Opens(_) => Some(CaseId::at(now)),
        };
        let contact = new_contact.register(contact_id, number, call.actor.clone(), case_id);
        let told = Draft::new("contact.registered", contact_id.name(), contact.contact_at, &contact.facts())?;
        self.events.push(told.by(call));
        self.contacts.push(contact.clone());
        let (Matter::Opens(new_case), Some(case_id)) = (&acceptance.matter, case_id) else {
            self.keep_answer(call, &contact)?;
            return Ok(Accepted::Contact(contact));
        };
        let Opened { case, edition, told } =
            open_case(new_case.as_ref().clone(), &contact, case_id, site, call, now)?;
        self.events.push(told);
        self.keep_answer(call, &case)?;
        self.editions.extend(edition);
        self.cases.push(case.clone());
        Ok(Accepted::Case(case))
    }

    fn keep_answer(&mut self, call: &'a Call, answer: &impl Serialize) -> Result<(), AppError> {
        if let Some(request) = call.request {
            self.answers.push((call, request, serde_json::to_value(answer)?));
        }
        Ok(())
    }

    fn store(&self, statement: &mut Statement, log: &EventLog, now: Timestamp) {
        let Some(call) = self.first_call else { return };
        store::contact::insert(statement, &self.contacts);
        if !self.cases.is_empty() {
            store::case::insert(statement, &self.cases);
        }
        store::category::binding::insert_editions(statement, &self.editions);
        log.append_to(statement, call, now, &self.events);
        store::request::keep(statement, now, &self.answers);
    }
}
