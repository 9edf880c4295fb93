//! Reading cases, and the verbs that people do with them.

use kexiang_core::{Call, CaseId, HoldId, Timestamp};
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{App, AppError, IDEMPOTENCY, promises};
pub use crate::store::{case::CaseFilter, hold::HeldFilter};
use crate::{
    domain::{Case, CaseState, Family, Transition},
    store,
};

impl App {
    /// The case with this id.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.get_case", skip_all)]
    pub async fn get_case(&self, id: CaseId) -> Result<Case, AppError> {
        let mut connection = self.pool.acquire().await?;
        store::case::find(&mut connection, id).await?.ok_or_else(|| not_found(id))
    }

    /// A page of cases, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_cases", skip_all)]
    pub async fn list_cases(
        &self,
        filter: &CaseFilter,
        after: Option<CaseId>,
        limit: i64,
    ) -> Result<Vec<Case>, AppError> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::case::list(&mut connection, filter, after, limit).await?)
    }

    /// A page of what is on hold with the moment since when, the longest wait first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_held_cases", skip_all)]
    pub async fn list_held_cases(
        &self,
        filter: &HeldFilter,
        after: Option<(Timestamp, CaseId)>,
        limit: i64,
    ) -> Result<Vec<(Timestamp, Case)>, AppError> {
        let mut connection = self.pool.acquire().await?;
        let held = store::hold::list(&mut connection, filter, after, limit).await?;
        let since = |case: Case| Some((case.hold.as_ref()?.held_at, case));
        Ok(held.into_iter().filter_map(since).collect())
    }

    /// Does one verb with a case: the transition's rules decide. `etag` is the version that the caller saw, if given.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::EtagMismatch`], [`AppError::Transition`], [`AppError::PromiseOpen`].
    #[tracing::instrument(name = "app.change_case", skip_all, fields(case.id = %id, event = transition.event_type()))]
    pub async fn change_case(
        &self,
        call: &Call,
        id: CaseId,
        etag: Option<i64>,
        transition: Transition,
    ) -> Result<Case, AppError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(case) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(case);
        }
        let mut family = self.lock_family(&mut transaction, &[id], Family::is_concerned(&transition)).await?;
        let case = family.case(id).ok_or_else(|| not_found(id))?;
        if etag.is_some_and(|etag| etag != case.version) {
            return Err(AppError::EtagMismatch { name: id.name() });
        }
        let promised = promises::waiting(&mut transaction, &[id]).await?;
        promised.allows(id, &transition)?;
        let was_held = case.hold.is_some();
        family.apply_by_person(id, &transition, now)?;
        let events = self.drafts(&mut transaction, call, now, &mut family).await?;
        self.save_family(&mut transaction, call, now, &family, &events).await?;
        let case = family.case(id).cloned().ok_or_else(|| not_found(id))?;
        keep_spell(&mut transaction, call, &case, was_held, &transition, now).await?;
        if case.state == CaseState::Withdrawn {
            self.withdraw_promises(&mut transaction, call, case.id, now).await?;
        }
        if case.state.is_answered() {
            self.cancel_handovers(&mut transaction, call, &[case.id], now).await?;
        }
        IDEMPOTENCY.save(&mut transaction, call, &case).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(case)
    }
}

/// Begins or ends the spell of a case that went on hold or is on hold no more.
async fn keep_spell(
    connection: &mut PgConnection,
    call: &Call,
    case: &Case,
    was_held: bool,
    transition: &Transition,
    now: Timestamp,
) -> sqlx::Result<()> {
    match (&case.hold, was_held) {
        (Some(hold), false) => {
            store::hold::begin(connection, HoldId::at(now), case.id, hold, &call.actor).await
        }
        (None, true) => {
            let note = match transition {
                Transition::Resume { note } => note.as_deref(),
                _ => None,
            };
            store::hold::end(connection, &[case.id], &call.actor, note, now).await
        }
        (Some(_), true) | (None, false) => Ok(()),
    }
}

pub(super) fn not_found(id: CaseId) -> AppError {
    AppError::NotFound { resource: CaseId::TYPE, name: id.name() }
}
