//! Taking in the events of another service, exactly once in effect.
//!
//! # Invariants and failure cases
//! - Effects and cursor commit together: killed before the commit, the batch comes again and nothing of it is there;
//!   killed after, it never comes again.
//! - Of any number of replicas one follows the feed: the one that holds the lease, an advisory lock of a session of its own.
//!   When it is killed its session ends, and another takes over within a second.
//! - The lease saves work; correctness rests on the cursor: its row is locked while a batch is applied, and the batch is
//!   dropped when the cursor has moved meanwhile.
//! - `prepare` runs outside the transaction, so that slow calls to other services hold back nobody's feed.
//! - A batch that fails is tried again after a growing wait, up to 5 s. Order matters more than progress: nothing is
//!   skipped. `event_lag_seconds` and the log tell what stands still.

use std::{future::Future, time::Duration};

use jiff_sqlx::ToSqlx;
use kexiang_core::{Clock, Timestamp};
use kexiang_proto::event_v1::{
    Event, StreamEventsRequest, StreamEventsResponse, event_feed_service_client::EventFeedServiceClient,
};
use kexiang_rpc::{Peer, time};
use kexiang_telemetry::{KeyValue, instruments};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How often a replica without the lease asks for it.
const STANDBY: Duration = Duration::from_secs(1);
/// A window may hold one large transaction of the source.
const MAX_BATCH_BYTES: usize = 64 * 1024 * 1024;

/// What a consumer does with events.
pub trait Handler: Send + Sync + 'static {
    /// What `prepare` makes of a batch.
    type Input: Send;

    /// Outside any transaction: reads the events from the wire, asks other services.
    fn prepare(&self, events: Vec<Event>) -> impl Future<Output = Result<Self::Input, HandlerError>> + Send;

    /// Inside the transaction that also moves the cursor: stores the effects.
    fn apply(
        &self,
        connection: &mut PgConnection,
        input: Self::Input,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;

    /// After the commit.
    fn committed(&self) {}
}

/// Why a batch was not taken in. It comes again.
#[derive(Debug, Error)]
pub enum HandlerError {
    /// The database.
    #[error("database: {0}")]
    Sql(#[from] sqlx::Error),
    /// A call to another service.
    #[error("another service: {}: {}", .0.code(), .0.message())]
    Call(#[from] tonic::Status),
    /// An event that can't be read.
    #[error("event {id} of type {event_type} can't be read: {why}")]
    Malformed {
        /// Which.
        id: String,
        /// Its type.
        event_type: String,
        /// Why.
        why: String,
    },
    /// Another replica follows this feed.
    #[error("another replica of this consumer has the lease, or has moved the cursor")]
    OtherReplica,
    /// A rule of the domain that the sender and we see differently, or a defect.
    #[error("{0}")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl HandlerError {
    /// An event that can't be read.
    #[must_use]
    pub fn malformed(event: &Event, why: impl std::fmt::Display) -> Self {
        Self::Malformed { id: event.id.clone(), event_type: event.r#type.clone(), why: why.to_string() }
    }

    /// Any other error.
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }
}

/// Which events go to which cursor.
#[derive(Clone)]
pub struct Subscription {
    /// The consumer's name, such as `dispatch.intake`: who takes in whose events.
    pub consumer: &'static str,
    /// The schema that has the cursor.
    pub schema: &'static str,
    /// The database of the consumer.
    pub pool: PgPool,
    /// The service whose log is read.
    pub source: Peer,
    /// Only these types; empty for all.
    pub types: &'static [&'static str],
    /// For the event lag.
    pub clock: Clock,
}

/// Takes in events until `shutdown`. Returns after the batch under way has committed or rolled back.
pub async fn consume<H: Handler>(subscription: Subscription, handler: H, shutdown: CancellationToken) {
    let mut wait = FIRST_WAIT;
    while !shutdown.is_cancelled() {
        match follow_alone(&subscription, &handler, &shutdown, &mut wait).await {
            Ok(()) => tracing::debug!(consumer = subscription.consumer, "the feed ended"),
            Err(HandlerError::OtherReplica) => wait = STANDBY,
            Err(error) => {
                tracing::warn!(%error, consumer = subscription.consumer, "events are not taken in yet");
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
        }
    }
}

/// Follows the feed while holding the lease.
async fn follow_alone<H: Handler>(
    subscription: &Subscription,
    handler: &H,
    shutdown: &CancellationToken,
    wait: &mut Duration,
) -> Result<(), HandlerError> {
    // A session of its own, never given back to the pool: it ends, and the lease with it, when this returns.
    let mut session = PgConnection::connect_with(&subscription.pool.connect_options()).await?;
    let leased: bool = sqlx::query_scalar("select pg_try_advisory_lock(hashtextextended($1, 0))")
        .bind(subscription.consumer)
        .fetch_one(&mut session)
        .await?;
    if !leased {
        return Err(HandlerError::OtherReplica);
    }
    let followed = follow(subscription, handler, shutdown, wait).await;
    session.close().await?;
    followed
}

/// Follows the feed from the cursor on until it ends or a batch fails.
async fn follow<H: Handler>(
    subscription: &Subscription,
    handler: &H,
    shutdown: &CancellationToken,
    wait: &mut Duration,
) -> Result<(), HandlerError> {
    let mut position = cursor(subscription).await?;
    let request = StreamEventsRequest {
        position: position.clone(),
        types: subscription.types.iter().map(ToString::to_string).collect(),
    };
    let mut client =
        EventFeedServiceClient::new(subscription.source.clone()).max_decoding_message_size(MAX_BATCH_BYTES);
    let mut batches = tokio::select! {
        batches = client.stream_events(request) => batches?.into_inner(),
        () = shutdown.cancelled() => return Ok(()),
    };
    loop {
        let batch = tokio::select! {
            batch = batches.message() => batch?,
            () = shutdown.cancelled() => return Ok(()),
        };
        let Some(batch) = batch else { return Ok(()) };
        let next = batch.position.clone();
        let caught_up = batch.caught_up;
        let oldest = batch.events.first().and_then(recorded_at);
        let last_recorded = match take_in(subscription, handler, &position, batch).await {
            Ok(last_recorded) => last_recorded,
            Err(error) => {
                // What stands still grows older, and is seen to.
                report_lag(subscription, oldest, false);
                return Err(error);
            }
        };
        report_lag(subscription, last_recorded, caught_up);
        position = next;
        *wait = FIRST_WAIT;
    }
}

/// Applies one batch and moves the cursor from `position` to the batch's, in one transaction.
async fn take_in<H: Handler>(
    subscription: &Subscription,
    handler: &H,
    position: &str,
    batch: StreamEventsResponse,
) -> Result<Option<Timestamp>, HandlerError> {
    let last_recorded = batch.events.last().and_then(recorded_at);
    if batch.events.is_empty() && batch.position == position {
        return Ok(last_recorded);
    }
    let span = tracing::info_span!(
        "consume",
        otel.name = subscription.consumer,
        otel.kind = "consumer",
        service = subscription.schema,
        events = batch.events.len(),
    );
    // A batch continues the trace of its first event and is linked to the others'; every event written because of another
    // names it as its cause and goes on in its trace.
    let mut traces: Vec<_> = batch.events.iter().map(|event| event.traceparent.as_str()).collect();
    traces.dedup();
    kexiang_telemetry::set_parents(&span, &traces);
    async {
        let has_events = !batch.events.is_empty();
        let input = if has_events { Some(handler.prepare(batch.events).await?) } else { None };
        let mut transaction = subscription.pool.begin().await?;
        lock_cursor(&mut transaction, subscription, position).await?;
        if let Some(input) = input {
            handler.apply(&mut transaction, input).await?;
        }
        move_cursor(&mut transaction, subscription, &batch.position, last_recorded).await?;
        transaction.commit().await?;
        if has_events {
            handler.committed();
        }
        Ok(last_recorded)
    }
    .instrument(span)
    .await
}

async fn cursor(subscription: &Subscription) -> sqlx::Result<String> {
    let sql = format!("select position from {}.consumer_cursors where consumer = $1", subscription.schema);
    let position = sqlx::query_scalar(AssertSqlSafe(sql)).bind(subscription.consumer);
    Ok(position.fetch_optional(&subscription.pool).await?.unwrap_or_default())
}

async fn lock_cursor(
    connection: &mut PgConnection,
    subscription: &Subscription,
    expected: &str,
) -> Result<(), HandlerError> {
    let sql = format!(
        "insert into {}.consumer_cursors (consumer) values ($1)
         on conflict (consumer) do update set position = consumer_cursors.position
         returning position",
        subscription.schema
    );
    let position: String =
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(subscription.consumer).fetch_one(connection).await?;
    if position == expected { Ok(()) } else { Err(HandlerError::OtherReplica) }
}

async fn move_cursor(
    connection: &mut PgConnection,
    subscription: &Subscription,
    position: &str,
    last_recorded: Option<Timestamp>,
) -> sqlx::Result<()> {
    let sql = format!(
        "update {}.consumer_cursors set position = $2, applied_at = coalesce($3, applied_at) where consumer = $1",
        subscription.schema
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(subscription.consumer)
        .bind(position)
        .bind(last_recorded.map(ToSqlx::to_sqlx))
        .execute(connection)
        .await?;
    Ok(())
}

fn recorded_at(event: &Event) -> Option<Timestamp> {
    event.record_time.as_ref().and_then(|wire| time::timestamp(wire).ok())
}

/// The age of the last event taken in, or of the one that is not; 0 when there is nothing more.
fn report_lag(subscription: &Subscription, last_recorded: Option<Timestamp>, caught_up: bool) {
    let lag = match last_recorded {
        Some(recorded_at) if !caught_up => subscription.clock.now().duration_since(recorded_at).as_secs_f64(),
        _ => 0.0,
    };
    let attributes = [
        KeyValue::new(instruments::SERVICE, subscription.schema),
        KeyValue::new(instruments::CONSUMER, subscription.consumer),
    ];
    instruments::event_lag().record(lag.max(0.0), &attributes);
}
