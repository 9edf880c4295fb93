//! The consumer `customer_records.case_kinds`: what the cases are that segments count (CU-15). Its own cursor begins at the
//! beginning, so that what was told before this version is there too.

use std::collections::BTreeMap;

use kexiang_core::CaseId;
use kexiang_events::{Handler, HandlerError, Received};
use kexiang_proto::{event_v1::Event, intake_v1::CaseFacts};
use sqlx::PgConnection;

use super::failed;
use crate::app::App;

/// Events that tell the kind of a case first, or may tell another one.
pub const TYPES: &[&str] = &[
    "case.accepted",
    "case.imported",
    "case.dispatch_requested",
    "case.dispatched",
    "case.resolved",
    "case.closed",
    "case.reopened",
    "case.handed_over",
];

/// Takes them in.
pub struct CaseKinds {
    /// The use cases.
    pub app: App,
}

impl Handler for CaseKinds {
    type Input = Vec<(CaseId, String)>;

    async fn prepare(&self, events: Vec<Event>) -> Result<Self::Input, HandlerError> {
        let mut kinds = BTreeMap::new();
        for event in &events {
            let event = Received(event);
            let facts: CaseFacts = event.facts()?;
            let kind = facts.kind().as_str_name().trim_start_matches("KIND_").to_owned();
            // Of several about one case the last counts.
            kinds.insert(event.name(&facts.case)?, kind);
        }
        Ok(kinds.into_iter().collect())
    }

    async fn apply(&self, connection: &mut PgConnection, kinds: Self::Input) -> Result<(), HandlerError> {
        self.app.take_in_case_kinds(connection, &kinds).await.map_err(failed)
    }
}
