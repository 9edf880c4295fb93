//! Taking in what intake and dispatch tell, inside the consumer's transaction. Told again, nothing is written twice.

use kexiang_core::{Call, ErasureId, Timestamp};
use sqlx::PgConnection;

use super::{App, AppError, ownership::reception::RegisterNews};
use crate::{
    domain::{
        identification::Arrival,
        link::{CaseLink, ContactLink},
        timeline::TimelineEntry,
    },
    store::{links, timeline},
};

/// What a batch of intake's events says.
#[derive(Default)]
pub struct IntakeNews {
    /// Contacts whose customer intake knows; none twice.
    pub contacts: Vec<ContactLink>,
    /// Contacts whose customer is still to be found.
    pub arrivals: Vec<Arrival>,
    /// Cases as they are after the batch; none twice.
    pub cases: Vec<CaseLink>,
    /// Who received whom, as the public register has it.
    pub register: RegisterNews,
    /// Every event of the batch.
    pub timeline: Vec<TimelineEntry>,
    /// Erasures that intake has followed, and when.
    pub erased: Vec<(ErasureId, Timestamp)>,
}

/// What a batch of dispatch's events says.
#[derive(Default)]
pub struct DispatchNews {
    /// Every event of the batch.
    pub timeline: Vec<TimelineEntry>,
    /// Erasures that dispatch has followed, and when.
    pub erased: Vec<(ErasureId, Timestamp)>,
}

impl App {
    /// Takes in what intake tells: customers of contacts, links, timeline. `call` is this service's own.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when others keep writing the same contact points; those of the database.
    #[tracing::instrument(name = "app.take_in_intake", skip_all)]
    pub async fn take_in_intake(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        mut news: IntakeNews,
    ) -> Result<(), AppError> {
        // The batch comes again when everything is sealed.
        self.require_sealed().await?;
        self.redirect(conn, call, &mut news.contacts, &mut news.cases).await?;
        if !news.contacts.is_empty() {
            links::upsert_contacts(conn, &news.contacts).await?;
        }
        if !news.arrivals.is_empty() {
            self.identify_contacts(conn, call, news.arrivals).await?;
        }
        self.take_in_register(conn, call, news.register).await?;
        // After the contacts, so that a case finds the customer of the contact that opened it.
        if !news.cases.is_empty() {
            links::upsert_cases(conn, &news.cases).await?;
        }
        timeline::append(conn, &news.timeline).await?;
        for (erasure, at) in news.erased {
            self.note_erasure_part(conn, erasure, "intake", at).await?;
        }
        Ok(())
    }

    /// Takes in what dispatch tells. The customers of its cases may become known later.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.take_in_dispatch", skip_all)]
    pub async fn take_in_dispatch(
        &self,
        conn: &mut PgConnection,
        news: DispatchNews,
    ) -> Result<(), AppError> {
        timeline::append(conn, &news.timeline).await?;
        for (erasure, at) in news.erased {
            self.note_erasure_part(conn, erasure, "dispatch", at).await?;
        }
        Ok(())
    }
}
