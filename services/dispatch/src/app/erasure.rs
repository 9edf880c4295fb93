//! Following an erasure of customer records (CU-14), as intake tells of it with the customer's cases, in the transaction that
//! moves the cursor. An event answers.

use kexiang_core::{Call, CaseId, CustomerId, ErasureId, EventId};
use kexiang_events::Draft;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::{App, AppError};
use crate::store;

/// What intake told.
#[derive(Debug, Clone)]
pub struct Erased {
    /// The event that told it.
    pub event: EventId,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// Which erasure, of whom.
    pub facts: CustomerWordsFacts,
    /// The customer's cases.
    pub cases: Vec<CaseId>,
}

/// Data of `customer_words.erased`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerWordsFacts {
    /// Which erasure.
    pub erasure: ErasureId,
    /// Whom.
    pub customer: CustomerId,
}

impl App {
    /// Blanks the words about erased customers.
    ///
    /// # Errors
    /// Those of the store.
    #[tracing::instrument(name = "app.follow_erasures", skip_all)]
    pub async fn follow_erasures(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        erasures: Vec<Erased>,
    ) -> Result<(), AppError> {
        let now = self.clock.now();
        for Erased { event, traceparent, facts, cases } in erasures {
            store::erasure::blank(connection, &cases).await?;
            let told = Draft::new("customer_words.erased", facts.customer.name(), now, &facts)?
                .by(&call.caused_by(event, traceparent));
            self.log.append(connection, call, now, &[told]).await?;
        }
        Ok(())
    }

    /// After the commit: wakes the feed.
    pub fn followed(&self) {
        self.log.wake();
    }
}
