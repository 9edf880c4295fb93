//! Completing the contact of a call: the agent's words under the register number that the call took when it came in (IN-3).
//!
//! It takes no number, so it does not go through the batching writer: one short transaction of its own, which holds the call
//! locked. Two agents who complete the same call at once: one does, the other finds it completed. Killed before the commit,
//! the contact is still without words; after it, the repeated `request_id` finds its answer.

use kexiang_core::{Call, CallId, CaseId};
use kexiang_events::Draft;
use kexiang_pg::{Claim, Statement};
use sqlx::PgConnection;

use super::{
    App, AppError, IDEMPOTENCY,
    acceptance::{Acceptance, Accepted, Matter},
    calls::{CallError, no_call},
    notices,
    opening::{self, Opened},
};
use crate::{
    domain::{Case, Contact, NewCase, NewContact, NewNotice, PhoneCall},
    store,
};

impl App {
    /// Completes the contact of a call and, if it opens one, accepts its case.
    #[tracing::instrument(name = "app.complete_contact", skip_all, fields(call.id = %id))]
    pub(super) async fn complete(&self, acceptance: Acceptance, id: CallId) -> Result<Accepted, AppError> {
        let Acceptance { call: by, contact: words, matter } = acceptance;
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Some(answered) = replayed(&mut transaction, &by, &matter, now).await? {
            return Ok(answered);
        }
        let call = store::call::lock(&mut transaction, id).await?.ok_or_else(|| no_call(id))?;
        check(&call, &words)?;
        if let Some(present) = brought_over(&mut transaction, &call, &matter).await? {
            return Ok(Accepted::AlreadyPresent(present));
        }
        let case_id = match &matter {
            Matter::Nothing => None,
            Matter::Joins(case) => Some(joinable(&mut transaction, *case, &call).await?),
            Matter::Opens(_) => Some(CaseId::at(now)),
        };
        let contact = words.complete(&call, by.actor.clone(), case_id);
        store::call_contact::complete(&mut transaction, &contact).await?;
        store::call::complete(&mut transaction, id, now).await?;
        let told = Draft::new("contact.registered", contact.id.name(), contact.contact_at, &contact.facts())?;
        self.log.append(&mut transaction, &by, now, &[told]).await?;
        let accepted = match (matter, case_id) {
            (Matter::Opens(new), Some(id)) => {
                Accepted::Case(self.open_case(&mut transaction, &by, *new, &contact, id).await?)
            }
            (Matter::Nothing | Matter::Joins(_) | Matter::Opens(_), _) => Accepted::Contact(contact),
        };
        match &accepted {
            Accepted::Contact(contact) => IDEMPOTENCY.save(&mut transaction, &by, contact).await?,
            Accepted::Case(case) | Accepted::AlreadyPresent(case) => {
                IDEMPOTENCY.save(&mut transaction, &by, case).await?;
            }
        }
        transaction.commit().await?;
        self.log.wake();
        Ok(accepted)
    }

    async fn open_case(
        &self,
        connection: &mut PgConnection,
        by: &Call,
        new: NewCase,
        contact: &Contact,
        id: CaseId,
    ) -> Result<Case, AppError> {
        let now = self.clock.now();
        let site = self.sites.get_over(connection, &contact.site).await?;
        let Opened { case, edition, told } = opening::open_case(new, contact, id, &site, by, now)?;
        let mut statement = Statement::default();
        store::case::insert(&mut statement, std::slice::from_ref(&case));
        store::category::binding::insert_editions(&mut statement, edition.as_slice());
        self.log.append_to(&mut statement, by, now, &[told]);
        store::write(connection, statement, "select").await?;
        let notices: Vec<_> =
            NewNotice::of_acceptance(&case).into_iter().map(|notice| (notice, by.clone())).collect();
        notices::send(connection, &self.log, now, &notices).await?;
        Ok(case)
    }
}

async fn replayed(
    connection: &mut PgConnection,
    by: &Call,
    matter: &Matter,
    now: kexiang_core::Timestamp,
) -> Result<Option<Accepted>, AppError> {
    Ok(match matter {
        Matter::Opens(_) => match IDEMPOTENCY.claim(connection, by, now).await? {
            Claim::Replay(case) => Some(Accepted::Case(case)),
            Claim::New => None,
        },
        Matter::Nothing | Matter::Joins(_) => match IDEMPOTENCY.claim(connection, by, now).await? {
            Claim::Replay(contact) => Some(Accepted::Contact(contact)),
            Claim::New => None,
        },
    })
}

fn check(call: &PhoneCall, words: &NewContact) -> Result<(), CallError> {
    if call.site != words.site {
        return Err(CallError::AnotherSite { call: call.id });
    }
    if call.completed_at.is_some() {
        return Err(CallError::Completed { call: call.id });
    }
    Ok(())
}

async fn brought_over(
    connection: &mut PgConnection,
    call: &PhoneCall,
    matter: &Matter,
) -> Result<Option<Case>, AppError> {
    let Matter::Opens(case) = matter else { return Ok(None) };
    let Some(reference) = &case.external_reference else { return Ok(None) };
    Ok(store::case::find_brought_over(connection, &[(&call.site, reference)]).await?.pop())
}

async fn joinable(connection: &mut PgConnection, id: CaseId, call: &PhoneCall) -> Result<CaseId, AppError> {
    let found = store::case::lock(connection, &[id]).await?.pop();
    let found = found.ok_or_else(|| AppError::NotFound { resource: CaseId::TYPE, name: id.name() })?;
    if found.site == call.site && found.state.is_open() {
        Ok(id)
    } else {
        Err(AppError::NotJoinable { case: id })
    }
}
