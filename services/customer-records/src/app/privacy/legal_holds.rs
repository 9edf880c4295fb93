//! Holds that keep customers from being erased.

use kexiang_core::{Call, CustomerId, LegalHoldId};
use kexiang_events::Draft;
use kexiang_pg::Claim;

use super::PrivacyError;
use crate::{
    app::{App, IDEMPOTENCY},
    domain::privacy::LegalHold,
    store::privacy,
};

impl App {
    /// Places a hold.
    ///
    /// # Errors
    /// [`PrivacyError::CustomerErased`]; `CustomerNotFound`.
    #[tracing::instrument(name = "app.place_legal_hold", skip_all)]
    pub async fn place_legal_hold(
        &self,
        call: &Call,
        customer_id: CustomerId,
        reference: String,
    ) -> Result<LegalHold, PrivacyError> {
        self.require_sealed().await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(hold) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(hold);
        }
        self.known_customer(&mut tx, customer_id).await?;
        let hold = LegalHold {
            legal_hold_id: LegalHoldId::at(now),
            customer_id,
            reference,
            placed_by: call.actor.clone(),
            placed_at: now,
            released: None,
            version: 1,
        };
        privacy::save_hold(&mut tx, &hold).await?;
        let told = Draft::new("legal_hold.placed", hold.legal_hold_id.name(), now, &hold.facts())?;
        self.log.append(&mut tx, call, now, &[told]).await?;
        IDEMPOTENCY.save(&mut tx, call, &hold).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(hold)
    }

    /// Releases a hold.
    ///
    /// # Errors
    /// [`PrivacyError::HoldNotFound`], [`PrivacyError::HoldReleased`], [`PrivacyError::HoldEtagMismatch`].
    #[tracing::instrument(name = "app.release_legal_hold", skip_all)]
    pub async fn release_legal_hold(
        &self,
        call: &Call,
        id: LegalHoldId,
        etag: Option<i64>,
    ) -> Result<LegalHold, PrivacyError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(hold) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(hold);
        }
        let hold = privacy::find_hold_for_update(&mut tx, id).await?.ok_or(PrivacyError::HoldNotFound(id))?;
        if etag.is_some_and(|version| version != hold.version) {
            return Err(PrivacyError::HoldEtagMismatch(id));
        }
        if hold.released.is_some() {
            return Err(PrivacyError::HoldReleased(id));
        }
        let hold = LegalHold { released: Some((call.actor.clone(), now)), version: hold.version + 1, ..hold };
        privacy::save_hold(&mut tx, &hold).await?;
        let told = Draft::new("legal_hold.released", id.name(), now, &hold.facts())?;
        self.log.append(&mut tx, call, now, &[told]).await?;
        IDEMPOTENCY.save(&mut tx, call, &hold).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(hold)
    }

    /// Holds of a customer, also released ones, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_legal_holds", skip_all)]
    pub async fn list_legal_holds(
        &self,
        customer: CustomerId,
        after: Option<LegalHoldId>,
        limit: i64,
    ) -> Result<Vec<LegalHold>, PrivacyError> {
        let mut conn = self.pool.acquire().await?;
        Ok(privacy::list_holds(&mut conn, customer, after, limit).await?)
    }
}
