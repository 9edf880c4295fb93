//! Appending to the log.

use std::sync::Arc;

use jiff_sqlx::ToSqlx;
use kexiang_core::{Call, EventId, Timestamp};
use kexiang_pg::Statement;
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;
use tokio::sync::watch;

/// The log of one schema. Cheap to clone.
#[derive(Clone)]
pub struct EventLog {
    schema: &'static str,
    appended: Arc<watch::Sender<()>>,
}

/// An event to be appended.
#[derive(Debug, Clone)]
pub struct Draft {
    /// `<aggregate>.<past participle>`, such as `case.accepted`.
    pub event_type: &'static str,
    /// The resource name of the aggregate that changed. It must be locked by the transaction, or new.
    pub subject: String,
    /// When it happened in the world.
    pub occurred_at: Timestamp,
    /// The facts of the aggregate after the change; no personal data.
    pub data: Value,
    /// The call that did it, where one append tells of several calls.
    origin: Option<Call>,
}

/// An event of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    /// Unique over all services.
    pub id: EventId,
    /// `<aggregate>.<past participle>`.
    pub event_type: String,
    /// The resource name of the aggregate that changed.
    pub subject: String,
    /// When it happened in the world.
    pub occurred_at: Timestamp,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// The event that caused it.
    pub cause: Option<EventId>,
    /// W3C trace context of the call that did it.
    pub traceparent: Option<String>,
    /// The facts.
    pub data: Value,
}

impl Draft {
    /// An event with these facts.
    ///
    /// # Errors
    /// When the facts can't be written as JSON, which is a defect of their type.
    pub fn new(
        event_type: &'static str,
        subject: String,
        occurred_at: Timestamp,
        facts: &impl Serialize,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self { event_type, subject, occurred_at, data: serde_json::to_value(facts)?, origin: None })
    }

    fn origin_or<'a>(&'a self, call: &'a Call) -> &'a Call {
        self.origin.as_ref().unwrap_or(call)
    }

    /// Told as done by this call, whichever call appends it.
    #[must_use]
    pub fn by(mut self, call: &Call) -> Self {
        self.origin = Some(call.clone());
        self
    }
}

impl EventLog {
    /// The log of this schema.
    #[must_use]
    pub fn new(schema: &'static str) -> Self {
        Self { schema, appended: Arc::new(watch::Sender::new(())) }
    }

    /// The schema.
    #[must_use]
    pub fn schema(&self) -> &'static str {
        self.schema
    }

    /// Appends events in the transaction of the change they tell, in this order.
    ///
    /// # Errors
    /// Those of PostgreSQL.
    #[tracing::instrument(name = "db.event.append", skip_all, fields(events = drafts.len()))]
    pub async fn append(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        now: Timestamp,
        drafts: &[Draft],
    ) -> sqlx::Result<()> {
        if drafts.is_empty() {
            return Ok(());
        }
        let mut statement = Statement::default();
        self.append_to(&mut statement, call, now, drafts);
        statement.execute(connection, "select").await
    }

    /// Adds the same to a statement that writes what they tell.
    pub fn append_to(&self, statement: &mut Statement, call: &Call, now: Timestamp, drafts: &[Draft]) {
        statement
            .insert(format!("{}.event_log", self.schema), drafts)
            .column("event_id", "uuid", |_| EventId::at(now).uuid())
            .column("event_type", "text", |draft| draft.event_type)
            .column("subject", "text", |draft| draft.subject.as_str())
            .column("occurred_at", "timestamptz", |draft| draft.occurred_at.to_sqlx())
            .column("recorded_at", "timestamptz", |_| now.to_sqlx())
            .column("actor", "text", |draft| draft.origin_or(call).actor.to_string())
            .column("cause", "uuid", |draft| draft.origin_or(call).cause.map(EventId::uuid))
            .column("traceparent", "text", |draft| draft.origin_or(call).traceparent.clone())
            .column("data", "jsonb", |draft| &draft.data)
            .add_in_order();
    }

    /// Wakes the feed of this process after a commit. Feeds of other processes find new events by their poll.
    pub fn wake(&self) {
        self.appended.send_replace(());
    }

    /// Is told of each [`EventLog::wake`] of this process: for streams of what is committed together with events.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<()> {
        self.appended.subscribe()
    }
}
