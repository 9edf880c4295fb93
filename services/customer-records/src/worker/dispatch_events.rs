//! The consumer `customer_records.dispatch`: work orders and tasks on the timeline of their case.

use kexiang_events::{Handler, HandlerError, Received};
use kexiang_proto::{
    dispatch_v1::{CustomerWordsFacts, TaskFacts, WorkOrderFacts},
    event_v1::Event,
};
use sqlx::PgConnection;

use super::{entry::entry, failed};
use crate::{
    app::{App, DispatchNews},
    domain::timeline::{Owner, TimelineEntry},
};

/// Dispatch has followed an erasure.
const ERASED: &str = "customer_words.erased";

/// All events of dispatch that belong to a case.
pub const TYPES: &[&str] = &[
    "work_order.created",
    "work_order.routed",
    "work_order.assigned",
    "work_order.accepted",
    "work_order.started",
    "work_order.finished",
    "work_order.returned",
    "work_order.completed",
    "work_order.cancelled",
    "task.opened",
    "task.attempted",
    "task.done",
    "task.exhausted",
    "task.cancelled",
    ERASED,
];

/// Takes them in.
pub struct DispatchEvents {
    /// The use cases.
    pub app: App,
}

impl Handler for DispatchEvents {
    type Input = DispatchNews;

    async fn prepare(&self, events: Vec<Event>) -> Result<DispatchNews, HandlerError> {
        let mut news = DispatchNews::default();
        for event in events.iter().map(Received) {
            if event.0.r#type == ERASED {
                let facts: CustomerWordsFacts = event.facts()?;
                news.erased.push((event.name(&facts.erasure)?, event.time(event.0.time.as_ref())?));
            } else {
                news.timeline.push(read(event)?);
            }
        }
        Ok(news)
    }

    async fn apply(&self, connection: &mut PgConnection, news: DispatchNews) -> Result<(), HandlerError> {
        self.app.take_in_dispatch(connection, news).await.map_err(failed)
    }
}

fn read(event: Received<'_>) -> Result<TimelineEntry, HandlerError> {
    let (case, site) = if event.0.r#type.starts_with("task.") {
        let facts: TaskFacts = event.facts()?;
        (facts.case, facts.site)
    } else {
        let facts: WorkOrderFacts = event.facts()?;
        (facts.case, facts.site)
    };
    entry(event, Owner::Case(event.name(&case)?), &site)
}
