//! The consumer `intake.erasures`: customer records erased somebody, so intake forgets them too (CU-14).

use kexiang_core::{Call, ContactId};
use kexiang_events::{Handler, HandlerError, Received};
use kexiang_proto::{
    customers_v1::{ErasureFacts, IdentificationFacts},
    event_v1::Event,
};
use kexiang_rpc::field;
use sqlx::PgConnection;

use crate::app::{App, erasure::CustomerNews};

const ERASED: &str = "customer.erased";

/// Erasures, and contacts that turn out to be an erased customer's later.
pub const TYPES: &[&str] = &[ERASED, "customer.identified"];

/// Takes them in.
pub struct CustomerErasures {
    /// The use cases.
    pub app: App,
    /// Intake itself.
    pub call: Call,
}

impl Handler for CustomerErasures {
    type Input = Vec<CustomerNews>;

    async fn prepare(&self, events: Vec<Event>) -> Result<Self::Input, HandlerError> {
        events.iter().map(|event| read(Received(event))).collect()
    }

    async fn apply(&self, connection: &mut PgConnection, news: Self::Input) -> Result<(), HandlerError> {
        self.app.follow_erasures(connection, &self.call, news).await.map_err(HandlerError::other)
    }

    fn committed(&self) {
        self.app.log().wake();
    }
}

fn read(event: Received<'_>) -> Result<CustomerNews, HandlerError> {
    if event.0.r#type == ERASED {
        let facts: ErasureFacts = event.facts()?;
        let contacts: Result<Vec<ContactId>, _> =
            facts.contacts.iter().map(|contact| event.read(field::name(contact))).collect();
        return Ok(CustomerNews::Erased {
            event: event.id()?,
            traceparent: event.traceparent(),
            erasure: event.name(&facts.erasure)?,
            customer: event.name(&facts.customer)?,
            contacts: contacts?,
        });
    }
    let facts: IdentificationFacts = event.facts()?;
    let (contact, customer) = (event.name(&facts.contact)?, event.name(&facts.customer)?);
    Ok(CustomerNews::Identified { contact, customer })
}
