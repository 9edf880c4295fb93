//! Events of calls: append-only.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{AgentId, CallId, Channel, PhoneNumber, SiteId, Timestamp};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use super::{optional_word, word};
use crate::domain::{CallEvent, call::CallEventKind};

const COLUMNS: &str = "event.call_id, event.source, event.event_id, event.kind, event.event_at, event.agent_id, \
     event.caller_phone, event.called_number, event.channel, event.language";

/// An event that was kept before, and of which call.
#[derive(Debug, Clone)]
pub struct KnownEvent {
    /// The event.
    pub event: CallEvent,
    /// Its call.
    pub call: CallId,
    /// The call's site.
    pub site: SiteId,
    /// The telephony system's id of the call.
    pub reference: String,
}

/// The place of an event in the order of its call.
pub type Place = (Timestamp, i16, String, String);

/// Those of a source's events with these ids that were kept before.
#[tracing::instrument(name = "db.call_event.find_known", skip_all, fields(events = ids.len()))]
pub async fn find_known(
    connection: &mut PgConnection,
    source: &str,
    ids: &[&str],
) -> sqlx::Result<Vec<KnownEvent>> {
    let sql = format!(
        "select {COLUMNS}, call.site_id, call.reference
         from intake.call_events as event join intake.calls as call using (call_id)
         where event.source = $1 and event.event_id = any($2)"
    );
    let rows = sqlx::query_as::<_, KnownRow>(AssertSqlSafe(sql)).bind(source).bind(ids);
    rows.fetch_all(connection).await?.into_iter().map(KnownEvent::try_from).collect()
}

/// Keeps events of calls; gives how many were not there yet.
#[tracing::instrument(name = "db.call_event.insert", skip_all, fields(events = events.len()))]
pub async fn insert(
    connection: &mut PgConnection,
    events: &[(CallId, &CallEvent)],
    now: Timestamp,
) -> sqlx::Result<u64> {
    let inserted = sqlx::query(
        "insert into intake.call_events (call_id, source, event_id, kind, kind_rank, event_at, agent_id, caller_phone,
                                         called_number, channel, language, recorded_at)
         select e.*, $12 from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::timestamptz[],
                                     $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
            as e (call_id, source, event_id, kind, kind_rank, event_at, agent_id, caller_phone, called_number, channel, language)
         order by e.source, e.event_id
         on conflict on constraint call_events_pkey do nothing",
    )
    .bind(events.iter().map(|(call, _)| call.uuid()).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, event)| event.source.as_str()).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, event)| event.event_id.as_str()).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, event)| event.kind.as_str()).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, event)| event.kind.rank()).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, event)| event.event_at.to_sqlx()).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, event)| event.agent.as_ref().map(AgentId::as_str)).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, event)| event.caller_phone.as_ref().map(PhoneNumber::as_str)).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, event)| event.called_number.as_deref()).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, event)| event.channel.map(Channel::as_str)).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, event)| event.language.as_deref()).collect::<Vec<_>>())
    .bind(now.to_sqlx())
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected())
}

/// All events of these calls.
#[tracing::instrument(name = "db.call_event.of_calls", skip_all, fields(calls = calls.len()))]
pub async fn of_calls(
    connection: &mut PgConnection,
    calls: &[CallId],
) -> sqlx::Result<Vec<(CallId, CallEvent)>> {
    let sql = format!("select {COLUMNS} from intake.call_events as event where event.call_id = any($1)");
    sqlx::query_as::<_, EventRow>(AssertSqlSafe(sql))
        .bind(calls.iter().map(|call| call.uuid()).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(EventRow::read)
        .collect()
}

/// A page of a call's events in the order in which they count.
#[tracing::instrument(name = "db.call_event.list", skip_all)]
pub async fn list(
    connection: &mut PgConnection,
    call: CallId,
    after: Option<Place>,
    limit: i64,
) -> sqlx::Result<Vec<CallEvent>> {
    let sql = format!(
        "select {COLUMNS} from intake.call_events as event
         where event.call_id = $1
           and ($2::timestamptz is null or (event.event_at, event.kind_rank, event.source, event.event_id) > ($2, $3, $4, $5))
         order by event.event_at, event.kind_rank, event.source, event.event_id limit $6"
    );
    let rows = sqlx::query_as::<_, EventRow>(AssertSqlSafe(sql))
        .bind(call.uuid())
        .bind(after.as_ref().map(|place| place.0.to_sqlx()))
        .bind(after.as_ref().map(|place| place.1))
        .bind(after.as_ref().map(|place| place.2.as_str()))
        .bind(after.as_ref().map(|place| place.3.as_str()))
        .bind(limit);
    rows.fetch_all(connection).await?.into_iter().map(|row| row.read().map(|(_, event)| event)).collect()
}

#[derive(FromRow)]
struct EventRow {
    call_id: Uuid,
    source: String,
    event_id: String,
    kind: String,
    event_at: SqlTimestamp,
    agent_id: Option<String>,
    caller_phone: Option<String>,
    called_number: Option<String>,
    channel: Option<String>,
    language: Option<String>,
}

impl EventRow {
    fn read(self) -> sqlx::Result<(CallId, CallEvent)> {
        let kind: CallEventKind = word("kind", &self.kind)?;
        let event = CallEvent {
            source: self.source,
            event_id: self.event_id,
            kind,
            event_at: self.event_at.to_jiff(),
            agent: optional_word("agent_id", self.agent_id)?,
            caller_phone: self.caller_phone.map(PhoneNumber::from_stored),
            called_number: self.called_number,
            channel: optional_word("channel", self.channel)?,
            language: self.language,
        };
        Ok((CallId::from_uuid(self.call_id), event))
    }
}

#[derive(FromRow)]
struct KnownRow {
    #[sqlx(flatten)]
    event: EventRow,
    site_id: String,
    reference: String,
}

impl TryFrom<KnownRow> for KnownEvent {
    type Error = sqlx::Error;
    fn try_from(row: KnownRow) -> Result<Self, Self::Error> {
        let (call, event) = row.event.read()?;
        Ok(Self { event, call, site: word("site_id", &row.site_id)?, reference: row.reference })
    }
}
