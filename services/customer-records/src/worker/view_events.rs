//! The consumers `customer_records.view.dispatch` and `customer_records.view.intake`: orders, visits and promises for the view of
//! a customer (CU-16). Their own cursors begin at the beginning, so that what was told before this version is there too.

use kexiang_core::Timestamp;
use kexiang_events::{Handler, HandlerError, Received};
use kexiang_proto::{
    dispatch_v1::{TaskFacts, WorkOrderFacts},
    event_v1::Event,
    intake_v1::PromiseFacts,
};
use kexiang_rpc::time;
use sqlx::PgConnection;

use super::failed;
use crate::{
    app::App,
    domain::view::{ViewNews, ViewedOrder, ViewedPromise, ViewedVisit},
};

/// Events of promises.
pub const PROMISES: &[&str] = &[
    "promise.made",
    "promise.reassigned",
    "promise.rescheduled",
    "promise.due_soon",
    "promise.missed",
    "promise.kept",
    "promise.withdrawn",
];

/// Takes them in.
pub struct ViewEvents {
    /// The use cases.
    pub app: App,
}

impl Handler for ViewEvents {
    type Input = ViewNews;

    async fn prepare(&self, events: Vec<Event>) -> Result<ViewNews, HandlerError> {
        let mut news = ViewNews::default();
        for event in &events {
            let event = Received(event);
            match event.0.r#type.split_once('.').map(|(subject, _)| subject) {
                Some("promise") => news.promises.push(promise(event)?),
                Some("task") => news.visits.push(visit(event)?),
                Some("work_order") => news.orders.push(order(event)?),
                // What dispatch has erased is no matter of the view.
                _ => {}
            }
        }
        Ok(news)
    }

    async fn apply(&self, connection: &mut PgConnection, news: ViewNews) -> Result<(), HandlerError> {
        self.app.take_in_view(connection, news).await.map_err(failed)
    }
}

fn order(event: Received<'_>) -> Result<ViewedOrder, HandlerError> {
    let facts: WorkOrderFacts = event.facts()?;
    Ok(ViewedOrder {
        id: event.name(&facts.work_order)?,
        case_id: event.name(&facts.case)?,
        attempt: facts.attempt,
        state: word(facts.state().as_str_name(), "WORK_ORDER_STATE_"),
        rework_count: facts.rework_count,
        created_at: optional(event, facts.create_time.as_ref())?,
        completed_at: optional(event, facts.complete_time.as_ref())?,
        unit: facts.unit,
        agent: facts.agent,
    })
}

fn visit(event: Received<'_>) -> Result<ViewedVisit, HandlerError> {
    let facts: TaskFacts = event.facts()?;
    Ok(ViewedVisit {
        id: event.name(&facts.task)?,
        case_id: event.name(&facts.case)?,
        kind: word(facts.kind().as_str_name(), "TASK_KIND_"),
        state: word(facts.state().as_str_name(), "TASK_STATE_"),
        due_at: optional(event, facts.due_time.as_ref())?,
        failed_attempts: facts.failed_attempts,
        satisfaction: word(facts.satisfaction().as_str_name(), "SATISFACTION_"),
        completed_at: optional(event, facts.complete_time.as_ref())?,
    })
}

fn promise(event: Received<'_>) -> Result<ViewedPromise, HandlerError> {
    let facts: PromiseFacts = event.facts()?;
    Ok(ViewedPromise {
        id: event.name(&facts.promise)?,
        case_id: event.name(&facts.case)?,
        kind: word(facts.kind().as_str_name(), "PROMISE_KIND_"),
        state: word(facts.state().as_str_name(), "PROMISE_STATE_"),
        due_at: optional(event, facts.due_time.as_ref())?,
        kept_at: optional(event, facts.keep_time.as_ref())?,
        owner: facts.owner,
    })
}

/// The word without its prefix; empty for unspecified.
fn word(name: &str, prefix: &str) -> String {
    let word = name.strip_prefix(prefix).unwrap_or(name);
    if word == "UNSPECIFIED" { String::new() } else { word.to_owned() }
}

fn optional(
    event: Received<'_>,
    wire: Option<&prost_types::Timestamp>,
) -> Result<Option<Timestamp>, HandlerError> {
    event.read(time::optional_timestamp(wire))
}
