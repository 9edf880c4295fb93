//! Seeing what is masked, and the list of who did.

use kexiang_core::{Call, CustomerId, Timestamp, UnmaskingId};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::PrivacyError;
use crate::{
    app::{App, AppError, IDEMPOTENCY},
    domain::{
        customer::Customer,
        privacy::{PersonalField, UnmaskPurpose, Unmasking, sight},
    },
    store::{customers, privacy},
};

impl App {
    /// Gives the customer in clear and keeps that these fields were seen. The same request again sees them again, as one
    /// unmasking.
    ///
    /// # Errors
    /// [`PrivacyError::PurposeNotAllowed`], [`PrivacyError::CustomerErased`], [`AppError::CustomerNotFound`].
    #[tracing::instrument(name = "app.unmask_customer", skip_all)]
    pub async fn unmask_customer(
        &self,
        call: &Call,
        id: CustomerId,
        purpose: UnmaskPurpose,
        fields: Vec<PersonalField>,
    ) -> Result<(Customer, Unmasking), PrivacyError> {
        self.require_sealed().await?;
        if !sight::may_unmask(call.roles, purpose) {
            return Err(PrivacyError::PurposeNotAllowed(purpose));
        }
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let claim = IDEMPOTENCY.claim(&mut tx, call, now).await?;
        let customer = self.known_customer(&mut tx, id).await?;
        if let Claim::Replay(unmasking) = claim {
            return Ok((customer, unmasking));
        }
        let unmasking = self.note_unmasking(&mut tx, call, id, purpose, fields, now).await?;
        IDEMPOTENCY.save(&mut tx, call, &unmasking).await?;
        tx.commit().await?;
        self.log.wake();
        Ok((customer, unmasking))
    }

    /// Keeps and tells that fields were seen.
    pub(super) async fn note_unmasking(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        customer_id: CustomerId,
        purpose: UnmaskPurpose,
        fields: Vec<PersonalField>,
        now: Timestamp,
    ) -> Result<Unmasking, PrivacyError> {
        let unmasking = Unmasking {
            unmasking_id: UnmaskingId::at(now),
            customer_id,
            actor: call.actor.clone(),
            purpose,
            fields,
            unmasked_at: now,
        };
        privacy::insert_unmasking(conn, &unmasking).await?;
        let told = Draft::new("customer.unmasked", unmasking.unmasking_id.name(), now, &unmasking)?;
        self.log.append(conn, call, now, &[told]).await?;
        Ok(unmasking)
    }

    /// The customer, unless erased.
    pub(super) async fn known_customer(
        &self,
        conn: &mut PgConnection,
        id: CustomerId,
    ) -> Result<Customer, PrivacyError> {
        let customer = customers::find_for_update(conn, &self.keys, id).await?;
        let customer = customer.ok_or(AppError::CustomerNotFound(id))?;
        if customer.erased_at.is_some() { Err(PrivacyError::CustomerErased(id)) } else { Ok(customer) }
    }

    /// Who saw what, of one customer or all, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_unmaskings", skip_all)]
    pub async fn list_unmaskings(
        &self,
        customer: Option<CustomerId>,
        after: Option<UnmaskingId>,
        limit: i64,
    ) -> Result<Vec<Unmasking>, PrivacyError> {
        let mut conn = self.pool.acquire().await?;
        Ok(privacy::list_unmaskings(&mut conn, customer, after, limit).await?)
    }
}
