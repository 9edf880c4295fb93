//! Takes in the events of work orders, tasks and agents.

use kexiang_events::{Handler, HandlerError, Received};
use kexiang_proto::event_v1::Event;
use sqlx::PgConnection;

use super::facts;
use crate::app::{App, projection::DispatchFacts};

/// All events that carry the facts of a work order, a task or an agent.
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
    "agent.signed_in",
    "agent.signed_out",
];

/// Projects work orders, tasks and agents.
pub struct DispatchEvents {
    /// What they change.
    pub app: App,
}

impl Handler for DispatchEvents {
    type Input = DispatchFacts;

    async fn prepare(&self, events: Vec<Event>) -> Result<Self::Input, HandlerError> {
        let mut told = DispatchFacts::default();
        for event in &events {
            tell(event, &mut told)?;
        }
        Ok(told)
    }

    async fn apply(&self, connection: &mut PgConnection, input: Self::Input) -> Result<(), HandlerError> {
        Ok(self.app.project_dispatch(connection, input).await?)
    }

    fn committed(&self) {
        self.app.projected();
    }
}

/// Adds what one event tells.
fn tell(event: &Event, told: &mut DispatchFacts) -> Result<(), HandlerError> {
    let event = Received(event);
    match event.0.r#type.split_once('.').map_or("", |(aggregate, _)| aggregate) {
        "work_order" => told.work_orders.push(event.read(facts::work_order(&event.facts()?))?),
        "task" => told.tasks.push(event.read(facts::task(&event.facts()?))?),
        "agent" => told.agents.push(event.read(facts::agent(&event.facts()?))?),
        // The feed sends only the types that were asked for.
        _ => return Err(event.malformed("not a type of the subscription")),
    }
    Ok(())
}
