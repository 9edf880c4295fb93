//! Everything that is kept about a customer, for the customer.

use kexiang_core::{Call, CustomerId};
use kexiang_pg::Claim;
use serde_json::{Value, json};

use super::PrivacyError;
use crate::{
    app::{App, IDEMPOTENCY},
    domain::{
        customer::Customer,
        privacy::{PersonalField, UnmaskPurpose},
    },
    store::export,
};

impl App {
    /// All rows about a customer, each with its kind; kept as an unmasking of all fields.
    ///
    /// # Errors
    /// [`PrivacyError::CustomerErased`]; `CustomerNotFound`.
    #[tracing::instrument(name = "app.export_customer_data", skip_all)]
    pub async fn export_customer_data(
        &self,
        call: &Call,
        id: CustomerId,
    ) -> Result<Vec<(&'static str, Value)>, PrivacyError> {
        self.require_sealed().await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let claim: Claim<()> = IDEMPOTENCY.claim(&mut tx, call, now).await?;
        let customer = self.known_customer(&mut tx, id).await?;
        if claim == Claim::New {
            let (purpose, fields) = (UnmaskPurpose::SubjectRequest, PersonalField::ALL.to_vec());
            self.note_unmasking(&mut tx, call, id, purpose, fields, now).await?;
            IDEMPOTENCY.save(&mut tx, call, &()).await?;
        }
        let mut rows = opened(&customer);
        rows.extend(export::rows(&mut tx, id).await?);
        tx.commit().await?;
        self.log.wake();
        Ok(rows)
    }
}

/// What lies sealed.
fn opened(customer: &Customer) -> Vec<(&'static str, Value)> {
    let whole = json!({
        "customer": customer.customer_id.name(), "kind": customer.kind, "display_name": customer.display_name,
        "created_at": customer.created_at, "updated_at": customer.updated_at,
    });
    let points = customer
        .contact_points
        .iter()
        .map(|point| ("contact_point", json!({ "kind": point.kind().as_str(), "value": point.value() })));
    [("customer", whole)].into_iter().chain(points).collect()
}
