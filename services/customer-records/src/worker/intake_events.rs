//! The consumer `customer_records.intake`: contacts become customers (CU-1, CU-2), cases are linked, and everything goes on
//! the timeline (CU-16).
//!
//! Events name people by id alone; who came is asked of intake before the transaction.

use std::collections::HashMap;

use kexiang_core::{Call, ContactId};
use kexiang_events::{Handler, HandlerError, Received};
use kexiang_proto::{
    event_v1::Event,
    intake_v1::{BatchGetContactsRequest, intake_service_client::IntakeServiceClient},
};
use kexiang_rpc::Peer;
use sqlx::PgConnection;

use super::{batch::Batch, caller, failed};
use crate::{
    app::{App, IntakeNews},
    domain::customer::CustomerProfile,
};

/// All events of intake about contacts and cases, and of sites and calls what ownership needs.
pub const TYPES: &[&str] = &[
    "site.created",
    "call.answered",
    "contact.registered",
    "contact.identified",
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
    super::batch::ERASED,
];

/// How many contacts intake gives at once.
const CONTACTS_PER_CALL: usize = 500;

/// So many contacts, each with the longest need in the widest script, stay below this.
const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// Takes them in.
pub struct IntakeEvents {
    app: App,
    call: Call,
    intake: IntakeServiceClient<Peer>,
}

impl IntakeEvents {
    /// Asks `intake` who came and hands the news to `app`; `call` is this service's own.
    #[must_use]
    pub fn new(app: App, call: Call, intake: Peer) -> Self {
        Self {
            app,
            call,
            intake: IntakeServiceClient::new(intake).max_decoding_message_size(MAX_ANSWER_BYTES),
        }
    }

    /// Who came, as they said, by contact. Contacts that intake does not know any more are left out.
    async fn callers(
        &self,
        contacts: &[ContactId],
    ) -> Result<HashMap<ContactId, CustomerProfile>, HandlerError> {
        let mut callers = HashMap::with_capacity(contacts.len());
        for chunk in contacts.chunks(CONTACTS_PER_CALL) {
            let names = chunk.iter().map(|contact| contact.name()).collect();
            let answer = self.intake.clone().batch_get_contacts(BatchGetContactsRequest { names }).await?;
            for contact in answer.into_inner().contacts {
                callers.extend(caller::read(&contact));
            }
        }
        Ok(callers)
    }
}

impl Handler for IntakeEvents {
    type Input = IntakeNews;

    async fn prepare(&self, events: Vec<Event>) -> Result<IntakeNews, HandlerError> {
        let mut batch = Batch::default();
        for event in &events {
            batch.read(Received(event))?;
        }
        let callers = self.callers(&batch.unidentified()).await?;
        Ok(batch.into_news(callers))
    }

    async fn apply(&self, connection: &mut PgConnection, news: IntakeNews) -> Result<(), HandlerError> {
        self.app.take_in_intake(connection, &self.call, news).await.map_err(failed)
    }

    fn committed(&self) {
        self.app.log().wake();
    }
}
