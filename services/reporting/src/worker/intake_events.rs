//! Takes in the events of cases and contacts.

use kexiang_events::{Handler, HandlerError, Received};
use kexiang_proto::{event_v1::Event, intake_v1};
use sqlx::PgConnection;

use super::facts;
use crate::app::{App, projection::IntakeFacts};

/// All events that carry the facts of a case or a contact.
pub const TYPES: &[&str] = &[
    "case.accepted",
    "case.imported",
    "case.identified",
    "case.dispatch_requested",
    "case.dispatched",
    "case.resolved",
    "case.informed",
    "case.visited",
    "case.closed",
    "case.archived",
    "case.withdrawn",
    "case.reopened",
    "case.held",
    "case.resumed",
    "case.handed_over",
    "contact.registered",
    "contact.identified",
    "case.joined",
    "case.lead_changed",
    "case.left",
];

/// Projects cases and contacts.
pub struct IntakeEvents {
    /// What they change.
    pub app: App,
}

impl Handler for IntakeEvents {
    type Input = IntakeFacts;

    async fn prepare(&self, events: Vec<Event>) -> Result<Self::Input, HandlerError> {
        let mut told = IntakeFacts::default();
        for event in &events {
            tell(event, &mut told)?;
        }
        Ok(told)
    }

    async fn apply(&self, connection: &mut PgConnection, input: Self::Input) -> Result<(), HandlerError> {
        Ok(self.app.project_intake(connection, input).await?)
    }

    fn committed(&self) {
        self.app.projected();
    }
}

/// Adds what one event tells.
fn tell(event: &Event, told: &mut IntakeFacts) -> Result<(), HandlerError> {
    let event = Received(event);
    if event.0.r#type.starts_with("contact.") {
        let wire: intake_v1::ContactFacts = event.facts()?;
        told.contacts.extend(event.read(facts::contact(&wire))?);
        return Ok(());
    }
    let wire: intake_v1::CaseFacts = event.facts()?;
    told.cases.push(event.read(facts::case(&wire))?);
    told.desk_resolutions.extend(event.read(facts::desk_resolution(&wire))?);
    told.reopenings.extend(event.read(facts::reopening(&wire, event.0.time.as_ref()))?);
    Ok(())
}
