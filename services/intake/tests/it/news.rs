//! What dispatch tells intake in these stories, what intake has taken in, and what it told itself.

use std::time::Duration;

use kexiang_core::WorkOrderId;
use kexiang_proto::{
    dispatch_v1::{TaskFacts, WorkOrderFacts},
    event_v1::{Event, StreamEventsRequest, event_feed_service_client::EventFeedServiceClient},
    type_v1::Satisfaction,
};
use kexiang_rpc::time;
use tokio::time::timeout;

use crate::{
    desk::{AGENT, Desk, PATIENCE, START},
    feed::event,
    wire::MAIN,
};

impl Desk {
    /// Dispatch tells that the case's work order of that attempt is with the unit `lines`.
    pub async fn dispatched(&self, case: &str, attempt: i32) -> Event {
        self.tell_order("work_order.routed", case, attempt).await
    }

    /// Dispatch tells that the case's work order of that attempt is completed.
    pub async fn completed(&self, case: &str, attempt: i32) -> Event {
        self.tell_order("work_order.completed", case, attempt).await
    }

    /// Dispatch tells that the return visit is over; `None` when nobody could be reached.
    pub async fn visited(&self, case: &str, attempt: i32, answer: Option<Satisfaction>) -> Event {
        let event_type = if answer.is_some() { "task.done" } else { "task.exhausted" };
        let satisfaction = answer.unwrap_or_default().into();
        let facts = TaskFacts { case: case.to_owned(), attempt, satisfaction, ..TaskFacts::default() };
        self.tell(event(event_type, "tasks/1", START, &facts)).await
    }

    async fn tell_order(&self, event_type: &str, case: &str, attempt: i32) -> Event {
        let work_order = WorkOrderId::at(START).name();
        let facts = WorkOrderFacts {
            work_order: work_order.clone(),
            case: case.to_owned(),
            attempt,
            site: MAIN.to_owned(),
            unit: "units/lines".to_owned(),
            complete_time: Some(time::to_wire(START)),
            ..WorkOrderFacts::default()
        };
        self.tell(event(event_type, &work_order, START, &facts)).await
    }

    async fn tell(&self, event: Event) -> Event {
        self.dispatch.tell(vec![event.clone()]);
        self.all_taken_in().await;
        event
    }

    /// Waits until both cursors stand at the ends of their logs.
    pub async fn all_taken_in(&self) {
        let reached = async {
            while self.position("intake.dispatch").await != self.dispatch.end()
                || self.position("intake.customer_records").await != self.customer_records.end()
                || self.position("intake.erasures").await != self.customer_records.end()
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, reached).await.expect("all events are taken in");
    }

    /// The cursor of a consumer; `0` before it has taken in anything.
    async fn position(&self, consumer: &str) -> String {
        let position = sqlx::query_scalar("select position from intake.consumer_cursors where consumer = $1");
        let position: Option<String> = position.bind(consumer).fetch_optional(self.pool()).await.unwrap();
        position.unwrap_or_else(|| "0".to_owned())
    }

    /// What intake told so far.
    pub async fn told(&self) -> Vec<Event> {
        let written =
            sqlx::query_scalar("select count(*) from intake.event_log").fetch_one(self.pool()).await;
        let written = usize::try_from(written.map(|count: i64| count).unwrap()).unwrap();
        let mut client = EventFeedServiceClient::with_interceptor(self.channel.clone(), self.bearer(AGENT));
        let mut feed = client.stream_events(StreamEventsRequest::default()).await.unwrap().into_inner();
        let mut events = Vec::new();
        while events.len() < written {
            let batch = timeout(PATIENCE, feed.message()).await.expect("the feed goes on");
            events.extend(batch.unwrap().unwrap().events);
        }
        events
    }
}
