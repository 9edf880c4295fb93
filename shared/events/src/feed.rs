//! Serving the log to other services.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures::Stream;
use kexiang_proto::event_v1::{
    ErrorReason, Event, StreamEventsRequest, StreamEventsResponse,
    event_feed_service_server::EventFeedService,
};
use kexiang_rpc::{Refusal, time};
use prost_types::Any;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status};

use crate::{
    log::{EventLog, StoredEvent},
    window::{InvalidPosition, Position, Reader, Window, is_known},
};

/// How often the log is asked when nothing wakes the feed: the events of other processes are found so.
const POLL: Duration = Duration::from_millis(100);
/// How often a reader that has caught up is told so.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Writes the facts of an event as the message that its type documents.
pub type ToAny = fn(&StoredEvent) -> Result<Any, serde_json::Error>;

/// The feed of one service's log.
#[derive(Clone)]
pub struct FeedService {
    pool: PgPool,
    log: EventLog,
    source: &'static str,
    domain: &'static str,
    to_any: ToAny,
    shutdown: CancellationToken,
}

impl FeedService {
    /// The feed of `log`, told as `source` (such as `intake`), refusing in `domain`; its streams end with `shutdown`.
    #[must_use]
    pub fn new(
        pool: PgPool,
        log: EventLog,
        source: &'static str,
        domain: &'static str,
        to_any: ToAny,
        shutdown: CancellationToken,
    ) -> Self {
        Self { pool, log, source, domain, to_any, shutdown }
    }

    fn to_wire(&self, event: &StoredEvent) -> Result<Event, Status> {
        let data =
            (self.to_any)(event).map_err(|error| Status::from(Refusal::internal(self.domain, &error)))?;
        Ok(Event {
            id: event.id.to_string(),
            source: self.source.to_owned(),
            r#type: event.event_type.clone(),
            subject: event.subject.clone(),
            time: Some(time::to_wire(event.occurred_at)),
            record_time: Some(time::to_wire(event.recorded_at)),
            actor: event.actor.clone(),
            cause: event.cause.map(|id| id.to_string()).unwrap_or_default(),
            traceparent: event.traceparent.clone().unwrap_or_default(),
            data: Some(data),
        })
    }

    fn response(&self, window: &Window, types: &[String]) -> Result<StreamEventsResponse, Status> {
        let wanted = |event: &&StoredEvent| types.is_empty() || types.contains(&event.event_type);
        let events =
            window.events.iter().filter(wanted).map(|event| self.to_wire(event)).collect::<Result<_, _>>()?;
        Ok(StreamEventsResponse { events, position: window.end.to_string(), caught_up: window.caught_up })
    }

    async fn read(&self, position: Position) -> Result<Window, Status> {
        let read = async {
            let mut connection = self.pool.acquire().await?;
            Reader::new(self.log.schema()).next(&mut connection, position).await
        };
        read.await.map_err(|error| Refusal::database(self.domain, &error).into())
    }

    /// Refuses a position of another server, such as the one that this database was dumped from: reading on from it would
    /// wait in silence for ever.
    async fn check(&self, position: Position) -> Result<(), Status> {
        let known = async { is_known(&mut *self.pool.acquire().await?, position).await };
        match known.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.invalid_position(&InvalidPosition)),
            Err(error) => Err(Refusal::database(self.domain, &error).into()),
        }
    }

    fn invalid_position(&self, error: &InvalidPosition) -> Status {
        let reason = ErrorReason::InvalidPosition.as_str_name();
        Refusal::new(Code::InvalidArgument, self.domain, reason, format!("position {error}")).into()
    }

    fn stream(
        self: Arc<Self>,
        mut position: Position,
        types: Vec<String>,
    ) -> impl Stream<Item = Result<StreamEventsResponse, Status>> {
        async_stream::try_stream! {
            let mut appended = self.log.watch();
            let mut idle = HEARTBEAT;
            loop {
                let window = self.read(position).await?;
                position = window.end;
                let response = self.response(&window, &types)?;
                if !response.events.is_empty() || idle >= HEARTBEAT {
                    idle = Duration::ZERO;
                    yield response;
                }
                if window.caught_up && !self.wait(&mut appended).await {
                    return;
                }
                idle += POLL;
            }
        }
    }

    /// Waits for news; false when the service stops.
    async fn wait(&self, appended: &mut watch::Receiver<()>) -> bool {
        tokio::select! {
            () = self.shutdown.cancelled() => false,
            _ = appended.changed() => true,
            () = tokio::time::sleep(POLL) => true,
        }
    }
}

#[tonic::async_trait]
impl EventFeedService for FeedService {
    type StreamEventsStream = Pin<Box<dyn Stream<Item = Result<StreamEventsResponse, Status>> + Send>>;

    async fn stream_events(
        &self,
        request: Request<StreamEventsRequest>,
    ) -> Result<Response<Self::StreamEventsStream>, Status> {
        let StreamEventsRequest { position, types } = request.into_inner();
        let position = Position::parse(&position).map_err(|error| self.invalid_position(&error))?;
        self.check(position).await?;
        Ok(Response::new(Box::pin(Arc::new(self.clone()).stream(position, types))))
    }
}
