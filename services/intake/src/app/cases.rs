//! Reading cases, and the verbs that people do with them.

use kexiang_core::{Call, CaseId};
use kexiang_pg::Claim;

use super::{App, AppError, IDEMPOTENCY};
pub use crate::store::case::CaseFilter;
use crate::{
    domain::{Case, Family, Transition},
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

    /// Does one verb with a case: the transition's rules decide. `etag` is the version that the caller saw, if given.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::EtagMismatch`], [`AppError::Transition`].
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
        family.apply(id, &transition, now)?;
        let events = self.drafts(&mut transaction, call, now, &mut family).await?;
        self.save_family(&mut transaction, call, now, &family, &events).await?;
        let case = family.case(id).cloned().ok_or_else(|| not_found(id))?;
        IDEMPOTENCY.save(&mut transaction, call, &case).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(case)
    }
}

fn not_found(id: CaseId) -> AppError {
    AppError::NotFound { resource: CaseId::TYPE, name: id.name() }
}
