//! Dispatch's events: a case is dispatched, its work is done, its return visit is over.
//!
//! Events carry no free text; what was done is asked of dispatch before the transaction. When dispatch can't tell, the batch
//! comes again.

use futures::{StreamExt, TryStreamExt, stream};
use kexiang_core::Call;
use kexiang_events::{Handler, HandlerError, Received};
use kexiang_proto::{
    dispatch_v1::{
        GetWorkOrderRequest, TaskFacts, WorkOrderFacts, dispatch_service_client::DispatchServiceClient,
    },
    event_v1::Event,
    type_v1 as words,
};
use kexiang_rpc::{Peer, field};
use sqlx::PgConnection;

use crate::app::{
    App,
    effects::{DispatchEffect, DispatchNews},
};

/// The types that concern a case.
pub const TYPES: &[&str] =
    &["work_order.created", "work_order.routed", "work_order.completed", "task.done", "task.exhausted"];

/// So many orders are asked of dispatch at once.
const ASKED_AT_ONCE: usize = 16;

/// Takes them in.
pub struct DispatchEvents {
    app: App,
    call: Call,
    dispatch: DispatchServiceClient<Peer>,
}

impl DispatchEvents {
    /// Asks `dispatch` what was done and hands the news to `app`; `call` is intake's own.
    #[must_use]
    pub fn new(app: App, call: Call, dispatch: Peer) -> Self {
        Self { app, call, dispatch: DispatchServiceClient::new(dispatch) }
    }

    async fn read(&self, event: &Event) -> Result<DispatchEffect, HandlerError> {
        let event = Received(event);
        let (case, attempt, news) = if event.0.r#type.starts_with("task.") {
            let facts: TaskFacts = event.facts()?;
            (facts.case.clone(), facts.attempt, visited(event, &facts)?)
        } else {
            let facts: WorkOrderFacts = event.facts()?;
            let news = match event.0.r#type.as_str() {
                "work_order.completed" => self.completed(event, &facts).await?,
                _ => DispatchNews::Dispatched {
                    unit: event.read(field::optional(&facts.unit, field::slug_name))?,
                },
            };
            (facts.case, facts.attempt, news)
        };
        let (event, traceparent, case) = (event.id()?, event.traceparent(), event.name(&case)?);
        Ok(DispatchEffect { event, traceparent, case, attempt, news })
    }

    async fn completed(
        &self,
        event: Received<'_>,
        facts: &WorkOrderFacts,
    ) -> Result<DispatchNews, HandlerError> {
        let at = event.time(facts.complete_time.as_ref())?;
        let request = GetWorkOrderRequest { name: facts.work_order.clone() };
        let order = self.dispatch.clone().get_work_order(request).await?.into_inner();
        let proof = order.proof.ok_or_else(|| event.malformed("its order has no proof"))?;
        Ok(DispatchNews::Completed { report: proof.report, at })
    }
}

impl Handler for DispatchEvents {
    type Input = Vec<DispatchEffect>;

    async fn prepare(&self, events: Vec<Event>) -> Result<Self::Input, HandlerError> {
        let effects: Vec<_> = events.iter().map(|event| self.read(event)).collect();
        stream::iter(effects).buffered(ASKED_AT_ONCE).try_collect().await
    }

    async fn apply(&self, connection: &mut PgConnection, effects: Self::Input) -> Result<(), HandlerError> {
        self.app.take_in_dispatch(connection, &self.call, &effects).await.map_err(HandlerError::other)
    }

    fn committed(&self) {
        self.app.log().wake();
    }
}

fn visited(event: Received<'_>, facts: &TaskFacts) -> Result<DispatchNews, HandlerError> {
    let name = words::Satisfaction::as_str_name;
    let satisfaction = event.read(field::optional_word(facts.satisfaction, "SATISFACTION_", name))?;
    Ok(DispatchNews::Visited { satisfaction })
}
