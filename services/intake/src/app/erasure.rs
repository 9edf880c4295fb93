//! Following an erasure of customer records (CU-14), in the transaction that moves the cursor: what is personal in the customer's
//! contacts and cases is blanked, and an event answers. Killed before the commit nothing is blanked and the event comes again.

use kexiang_core::{Call, CaseId, ContactId, CustomerId, ErasureId, EventId};
use kexiang_events::Draft;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::{App, AppError};
use crate::store;

/// What customer records told.
#[derive(Debug, Clone)]
pub enum CustomerNews {
    /// Nothing may be kept of this customer.
    Erased {
        /// The event that told it.
        event: EventId,
        /// W3C trace context.
        traceparent: Option<String>,
        /// Which erasure.
        erasure: ErasureId,
        /// Whom.
        customer: CustomerId,
        /// Contacts of theirs, whether we know it yet or not.
        contacts: Vec<ContactId>,
    },
    /// A contact is of this customer.
    Identified {
        /// Which contact.
        contact: ContactId,
        /// Whose.
        customer: CustomerId,
    },
}

/// Data of `customer_data.erased`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerDataFacts {
    /// Which erasure.
    pub erasure: ErasureId,
    /// Whom.
    pub customer: CustomerId,
    /// Their cases.
    pub cases: Vec<CaseId>,
}

impl App {
    /// Follows erasures. A contact that turns out to be an erased customer's later is blanked as well.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.follow_erasures", skip_all)]
    pub async fn follow_erasures(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        news: Vec<CustomerNews>,
    ) -> Result<(), AppError> {
        let now = self.clock.now();
        for news in news {
            match news {
                CustomerNews::Erased { event, traceparent, erasure, customer, contacts } => {
                    store::erasure::insert(connection, customer, erasure, now).await?;
                    let cases = store::erasure::blank(connection, customer, &contacts, now).await?;
                    let facts = CustomerDataFacts { erasure, customer, cases };
                    let told = Draft::new("customer_data.erased", customer.name(), now, &facts)?
                        .by(&call.caused_by(event, traceparent));
                    self.log.append(connection, call, now, &[told]).await?;
                }
                CustomerNews::Identified { contact, customer } => {
                    if !store::erasure::find(connection, &[customer]).await?.is_empty() {
                        store::erasure::blank(connection, customer, &[contact], now).await?;
                    }
                }
            }
        }
        Ok(())
    }
}
