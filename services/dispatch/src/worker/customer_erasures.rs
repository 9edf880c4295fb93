//! The consumer `dispatch.erasures`: intake has erased a customer's data, so the words about their cases go here too (CU-14).

use kexiang_core::{Call, CaseId};
use kexiang_events::{Handler, HandlerError, Received};
use kexiang_proto::{event_v1::Event, intake_v1::CustomerDataFacts};
use kexiang_rpc::field;
use sqlx::PgConnection;

use crate::app::{
    App,
    erasure::{CustomerWordsFacts, Erased},
};

/// The name of the consumer and of its cursor.
pub const CONSUMER: &str = "dispatch.erasures";
/// What it follows.
pub const TYPES: &[&str] = &["customer_data.erased"];

/// Takes them in.
pub struct CustomerErasures {
    /// The use cases.
    pub app: App,
    /// The service as the one who does it.
    pub call: Call,
}

impl Handler for CustomerErasures {
    type Input = Vec<Erased>;

    async fn prepare(&self, events: Vec<Event>) -> Result<Vec<Erased>, HandlerError> {
        events.iter().map(|event| read(Received(event))).collect()
    }

    async fn apply(&self, connection: &mut PgConnection, erasures: Vec<Erased>) -> Result<(), HandlerError> {
        self.app.follow_erasures(connection, &self.call, erasures).await.map_err(HandlerError::other)
    }

    fn committed(&self) {
        self.app.followed();
    }
}

fn read(event: Received<'_>) -> Result<Erased, HandlerError> {
    let facts: CustomerDataFacts = event.facts()?;
    let cases: Result<Vec<CaseId>, _> =
        facts.cases.iter().map(|case| event.read(field::name(case))).collect();
    Ok(Erased {
        event: event.id()?,
        traceparent: event.traceparent(),
        facts: CustomerWordsFacts {
            erasure: event.name(&facts.erasure)?,
            customer: event.name(&facts.customer)?,
        },
        cases: cases?,
    })
}
