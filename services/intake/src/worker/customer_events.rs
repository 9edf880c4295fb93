//! Customer records' events: whose contact it is.

use kexiang_core::Call;
use kexiang_events::{Handler, HandlerError, Received};
use kexiang_proto::{customers_v1::IdentificationFacts, event_v1::Event};
use sqlx::PgConnection;

use crate::app::{App, effects::Identification};

/// The types that concern a contact.
pub const TYPES: &[&str] = &["customer.identified"];

/// Takes them in.
pub struct CustomerEvents {
    /// The use cases.
    pub app: App,
    /// Intake itself.
    pub call: Call,
}

impl Handler for CustomerEvents {
    type Input = Vec<Identification>;

    async fn prepare(&self, events: Vec<Event>) -> Result<Self::Input, HandlerError> {
        events.iter().map(read).collect()
    }

    async fn apply(&self, connection: &mut PgConnection, input: Self::Input) -> Result<(), HandlerError> {
        self.app.take_in_identifications(connection, &self.call, &input).await.map_err(HandlerError::other)
    }

    fn committed(&self) {
        self.app.log().wake();
    }
}

fn read(event: &Event) -> Result<Identification, HandlerError> {
    let event = Received(event);
    let facts: IdentificationFacts = event.facts()?;
    Ok(Identification {
        event: event.id()?,
        traceparent: event.traceparent(),
        contact: event.name(&facts.contact)?,
        customer: event.name(&facts.customer)?,
    })
}
