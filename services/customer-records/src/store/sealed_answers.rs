//! Answers kept for requests that come again: a customer as it was answered then, sealed by the customer's own key, so that
//! erasing the customer takes it along.

use base64::{Engine, engine::general_purpose::STANDARD};
use kexiang_core::CustomerId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;

use super::{
    inconsistent,
    subject_keys::{self, of},
};
use crate::domain::{
    customer::Customer,
    vault::{KeyRing, SubjectKey},
};

/// What the sealed text is; part of the seal.
const ANSWER: &str = "idempotency_keys.response";

/// An answer as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SealedAnswer {
    /// Whose key opens it.
    pub customer_id: CustomerId,
    /// In base64.
    sealed: String,
}

impl SealedAnswer {
    /// Seals the answer `customer`.
    ///
    /// # Errors
    /// Those of the database; [`sqlx::Error::RowNotFound`] when the customer has no key.
    pub async fn of(conn: &mut PgConnection, ring: &KeyRing, customer: &Customer) -> sqlx::Result<Self> {
        let keys = subject_keys::open(conn, ring, &[customer.customer_id]).await?;
        answer(of(&keys, customer.customer_id)?, customer)
    }

    /// The answer; `None` when the customer has been erased since.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn open(&self, conn: &mut PgConnection, ring: &KeyRing) -> sqlx::Result<Option<Customer>> {
        let keys = subject_keys::open(conn, ring, &[self.customer_id]).await?;
        let Some(key) = keys.get(&self.customer_id) else { return Ok(None) };
        let sealed = STANDARD.decode(&self.sealed).map_err(inconsistent)?;
        let plain = key.open(ANSWER, &sealed).map_err(inconsistent)?;
        serde_json::from_slice(&plain).map(Some).map_err(inconsistent)
    }
}

/// The same as it lies in the table.
pub(super) fn seal(key: &SubjectKey, customer: &Customer) -> sqlx::Result<Value> {
    serde_json::to_value(answer(key, customer)?).map_err(inconsistent)
}

fn answer(key: &SubjectKey, customer: &Customer) -> sqlx::Result<SealedAnswer> {
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(customer).map_err(inconsistent)?);
    let sealed = STANDARD.encode(key.seal(ANSWER, &plain).map_err(inconsistent)?);
    Ok(SealedAnswer { customer_id: customer.customer_id, sealed })
}
