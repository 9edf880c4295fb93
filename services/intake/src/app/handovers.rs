//! Handing over the first responsibility (IN-11). Every use case locks the case first, then looks at its handovers: what two
//! do at once comes one after the other.

use kexiang_core::{Call, CaseId, HandoverId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::{Claim, IdempotencyError};
use sqlx::PgConnection;
use thiserror::Error;

use super::{App, AppError, IDEMPOTENCY, notices};
pub use crate::{domain::handover::HandoverEnd, store::handover::HandoverFilter};
use crate::{
    domain::{Case, Handover, HandoverRefusal, HandoverState, NewHandover, NewNotice},
    store,
};

/// Why something with a handover is refused.
#[derive(Debug, Error)]
pub enum HandoverError {
    /// The rules of handovers.
    #[error("{subject}: {source}")]
    Refused {
        /// The resource that it is about.
        subject: String,
        /// Why.
        source: HandoverRefusal,
    },
    /// What any use case may be refused for.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<sqlx::Error> for HandoverError {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<serde_json::Error> for HandoverError {
    fn from(error: serde_json::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<IdempotencyError> for HandoverError {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}

impl App {
    /// Offers a case to another agent, and tells them.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the case, [`HandoverError::Refused`].
    #[tracing::instrument(name = "app.offer_handover", skip_all, fields(case.id = %new.case))]
    pub async fn offer_handover(&self, call: &Call, new: NewHandover) -> Result<Handover, HandoverError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(handover) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(handover);
        }
        let case = lock_case(&mut transaction, new.case).await?;
        let open = store::handover::find_open(&mut transaction, &[case.id]).await?.pop();
        let refused = |source| HandoverError::Refused { subject: case.id.name(), source };
        let handover = new.offer(&case, open.map(|open| open.id), call, now).map_err(refused)?;
        store::handover::insert(&mut transaction, &handover).await?;
        let event = Draft::new(handover.event_type(), handover.id.name(), now, &handover.facts())?;
        self.log.append(&mut transaction, call, now, &[event]).await?;
        let notice = NewNotice::of_handover(handover.id, case.id, handover.to.clone());
        notices::send(&mut transaction, &self.log, now, &[(notice, call.clone())]).await?;
        IDEMPOTENCY.save(&mut transaction, call, &handover).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(handover)
    }

    /// Ends a handover; an accepted one passes the first responsibility on. `etag` is the version that the caller saw.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::EtagMismatch`], [`HandoverError::Refused`].
    #[tracing::instrument(name = "app.end_handover", skip_all, fields(handover.id = %id))]
    pub async fn end_handover(
        &self,
        call: &Call,
        id: HandoverId,
        etag: Option<i64>,
        end: HandoverEnd,
    ) -> Result<Handover, HandoverError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(handover) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(handover);
        }
        // Its case never changes; everything else is read again under the case's lock.
        let case = find(&mut transaction, id).await?.case;
        let mut case = lock_case(&mut transaction, case).await?;
        let mut handover = find(&mut transaction, id).await?;
        if etag.is_some_and(|etag| etag != handover.version) {
            return Err(AppError::EtagMismatch { name: id.name() }.into());
        }
        let refused = |source| HandoverError::Refused { subject: id.name(), source };
        handover.end(&end, &case, call, now).map_err(refused)?;
        store::handover::update(&mut transaction, &handover).await?;
        let mut events = vec![Draft::new(handover.event_type(), id.name(), now, &handover.facts())?];
        if handover.state == HandoverState::Accepted {
            events.push(self.pass_on(&mut transaction, &mut case, &handover, now).await?);
        }
        self.log.append(&mut transaction, call, now, &events).await?;
        IDEMPOTENCY.save(&mut transaction, call, &handover).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(handover)
    }

    async fn pass_on(
        &self,
        connection: &mut PgConnection,
        case: &mut Case,
        handover: &Handover,
        now: Timestamp,
    ) -> Result<Draft, HandoverError> {
        let before = case.first_responsible_agent.clone();
        case.hand_over(handover.to.clone(), now);
        store::case::update(connection, std::slice::from_ref(case)).await?;
        let site = self.sites.get_over(connection, &case.site).await?;
        let mut facts = case.facts(&site.time_zone);
        facts.previous_first_responsible_agent = before;
        Ok(Draft::new("case.handed_over", case.id.name(), now, &facts)?)
    }

    /// Cancels the open handovers of locked cases whose customer is answered.
    pub(super) async fn cancel_handovers(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        cases: &[CaseId],
        now: Timestamp,
    ) -> Result<(), AppError> {
        let mut events = Vec::new();
        for mut handover in store::handover::find_open(connection, cases).await? {
            // An open one can always be cancelled.
            if handover.cancel(now).is_ok() {
                store::handover::update(connection, &handover).await?;
                events.push(Draft::new(handover.event_type(), handover.id.name(), now, &handover.facts())?);
            }
        }
        Ok(self.log.append(connection, call, now, &events).await?)
    }

    /// The handover with this id.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.get_handover", skip_all)]
    pub async fn get_handover(&self, id: HandoverId) -> Result<Handover, AppError> {
        find(&mut *self.pool.acquire().await?, id).await
    }

    /// A page of handovers, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_handovers", skip_all)]
    pub async fn list_handovers(
        &self,
        filter: &HandoverFilter,
        after: Option<HandoverId>,
        limit: i64,
    ) -> Result<Vec<Handover>, AppError> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::handover::list(&mut connection, filter, after, limit).await?)
    }
}

async fn lock_case(connection: &mut PgConnection, id: CaseId) -> Result<Case, AppError> {
    let found = store::case::lock(connection, &[id]).await?.pop();
    found.ok_or_else(|| super::cases::not_found(id))
}

async fn find(connection: &mut PgConnection, id: HandoverId) -> Result<Handover, AppError> {
    let found = store::handover::find(connection, id).await?;
    found.ok_or_else(|| AppError::NotFound { resource: HandoverId::TYPE, name: id.name() })
}
