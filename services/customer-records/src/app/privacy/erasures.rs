//! Erasing customers, on demand and by retention, and the receipts.

use jiff::SignedDuration;
use kexiang_core::{Call, CustomerId, ErasureId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::PrivacyError;
use crate::{
    SERVICE,
    app::{App, AppError, IDEMPOTENCY},
    domain::privacy::{Erasure, ErasureFacts, ErasureReason},
    store::{erasures, privacy},
};

/// Customers looked for at once by the retention.
const BATCH: i64 = 100;

impl App {
    /// Erases a customer. `etag` is the version that the caller saw, if that matters to them.
    ///
    /// # Errors
    /// [`PrivacyError::UnderLegalHold`], [`PrivacyError::CustomerErased`], [`AppError::EtagMismatch`],
    /// [`AppError::CustomerNotFound`].
    #[tracing::instrument(name = "app.erase_customer", skip_all)]
    pub async fn erase_customer(
        &self,
        call: &Call,
        id: CustomerId,
        reason: ErasureReason,
        etag: Option<i64>,
    ) -> Result<Erasure, PrivacyError> {
        self.require_sealed().await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(erasure) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(erasure);
        }
        let customer = self.known_customer(&mut tx, id).await?;
        if etag.is_some_and(|version| version != customer.version) {
            return Err(AppError::EtagMismatch(id).into());
        }
        if let Some(hold) = privacy::find_standing_hold(&mut tx, id).await? {
            return Err(PrivacyError::UnderLegalHold { customer: id, hold });
        }
        let erasure = Erasure::begin(id, reason, call.actor.clone(), SERVICE, now);
        let contacts = erasures::contacts_of(&mut tx, id).await?;
        erasures::erase(&mut tx, id, now).await?;
        erasures::insert(&mut tx, &erasure).await?;
        let facts = ErasureFacts { erasure_id: erasure.erasure_id, customer_id: id, reason, contacts };
        let told = Draft::new("customer.erased", id.name(), now, &facts)?;
        self.log.append(&mut tx, call, now, &[told]).await?;
        IDEMPOTENCY.save(&mut tx, call, &erasure).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(erasure)
    }

    /// Takes in that a service has done its part, in the transaction of the cursor.
    pub(crate) async fn note_erasure_part(
        &self,
        conn: &mut PgConnection,
        id: ErasureId,
        service: &str,
        at: Timestamp,
    ) -> Result<(), AppError> {
        Ok(erasures::part_done(conn, id, service, at).await?)
    }

    /// A receipt.
    ///
    /// # Errors
    /// [`PrivacyError::ErasureNotFound`].
    #[tracing::instrument(name = "app.get_erasure", skip_all)]
    pub async fn get_erasure(&self, id: ErasureId) -> Result<Erasure, PrivacyError> {
        let mut conn = self.pool.acquire().await?;
        let found = erasures::list(&mut conn, Some(id), None, 1).await?.pop();
        found.ok_or(PrivacyError::ErasureNotFound(id))
    }

    /// Receipts older than `after`, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_erasures", skip_all)]
    pub async fn list_erasures(
        &self,
        after: Option<ErasureId>,
        limit: i64,
    ) -> Result<Vec<Erasure>, PrivacyError> {
        let mut conn = self.pool.acquire().await?;
        Ok(erasures::list(&mut conn, None, after, limit).await?)
    }

    /// Erases customers of whom nothing was heard for so many days; gives how many of a batch. Whoever came meanwhile, is
    /// held, or was erased by another replica is left.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.erase_idle_customers", skip_all)]
    pub async fn erase_idle_customers(&self, call: &Call, days: u32) -> Result<usize, PrivacyError> {
        let age = SignedDuration::from_hours(i64::from(days) * 24);
        let Ok(before) = self.clock.now().checked_sub(age) else { return Ok(0) };
        let idle = erasures::list_idle(&mut *self.pool.acquire().await?, before, BATCH).await?;
        let mut erased = 0;
        for id in idle {
            match self.erase_customer(call, id, ErasureReason::Retention, None).await {
                Ok(_) => erased += 1,
                Err(PrivacyError::CustomerErased(_) | PrivacyError::UnderLegalHold { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(erased)
    }
}
