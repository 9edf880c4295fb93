//! Takes in the events of cases.

use kexiang_events::{Handler, HandlerError, Received};
use kexiang_proto::{event_v1::Event, intake_v1};
use sqlx::PgConnection;

use super::facts;
use crate::{app::App, domain::facts::CaseFacts};

/// All events that carry the facts of a case.
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
    "case.joined",
    "case.lead_changed",
    "case.left",
];

/// Projects cases.
pub struct IntakeEvents {
    /// What they change.
    pub app: App,
}

impl Handler for IntakeEvents {
    type Input = Vec<CaseFacts>;

    async fn prepare(&self, events: Vec<Event>) -> Result<Self::Input, HandlerError> {
        events.iter().map(case_facts).collect()
    }

    async fn apply(&self, connection: &mut PgConnection, input: Self::Input) -> Result<(), HandlerError> {
        Ok(self.app.project_cases(connection, input).await?)
    }

    fn committed(&self) {
        self.app.projected();
    }
}

fn case_facts(event: &Event) -> Result<CaseFacts, HandlerError> {
    let wire: intake_v1::CaseFacts = Received(event).facts()?;
    Received(event).read(facts::case(&wire))
}
