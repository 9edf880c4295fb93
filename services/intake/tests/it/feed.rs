//! A log of dispatch or customer records that a test writes by hand and serves as they do.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
};

use futures::Stream;
use kexiang_core::{EventId, Timestamp};
use kexiang_proto::event_v1::{
    Event, StreamEventsRequest, StreamEventsResponse,
    event_feed_service_server::{EventFeedService, EventFeedServiceServer},
};
use kexiang_rpc::time::to_wire;
use prost::Name;
use prost_types::Any;
use tokio::{net::TcpListener, sync::watch};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, transport::Server};

use crate::{recognitions::Recognitions, reports::Reports};

/// A log; clones write the same one. A position is the number of batches sent.
#[derive(Clone, Default)]
pub struct FakeFeed {
    batches: Arc<Mutex<Vec<Vec<Event>>>>,
    news: watch::Sender<()>,
    /// Ends all streams when the log goes down; another one begins when it comes back.
    line: Arc<Mutex<CancellationToken>>,
    /// Asked when the log is dispatch's.
    pub reports: Reports,
    /// Asked when the log is customer records'.
    pub recognitions: Recognitions,
}

impl FakeFeed {
    /// Serves an empty log; gives the log and its address.
    pub async fn serve() -> (Self, String) {
        let feed = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = Server::builder()
            .add_service(EventFeedServiceServer::new(feed.clone()))
            .add_service(feed.reports.clone())
            .add_service(feed.recognitions.clone())
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server);
        (feed, address)
    }

    /// Tells these events in one batch.
    pub fn tell(&self, events: Vec<Event>) {
        self.batches().push(events);
        self.news.send_replace(());
    }

    /// Ends all streams and refuses new ones until [`FakeFeed::come_back`].
    pub fn go_down(&self) {
        self.line().cancel();
    }

    /// Serves again; readers come with their cursors.
    pub fn come_back(&self) {
        *self.line.lock().unwrap() = CancellationToken::new();
    }

    /// The position after all that was told.
    pub fn end(&self) -> String {
        self.batches().len().to_string()
    }

    fn batches(&self) -> MutexGuard<'_, Vec<Vec<Event>>> {
        self.batches.lock().unwrap()
    }

    fn line(&self) -> CancellationToken {
        self.line.lock().unwrap().clone()
    }
}

/// An event as a service tells it.
pub fn event<M: Name>(event_type: &str, subject: &str, at: Timestamp, facts: &M) -> Event {
    Event {
        id: EventId::at(at).to_string(),
        r#type: event_type.to_owned(),
        subject: subject.to_owned(),
        time: Some(to_wire(at)),
        record_time: Some(to_wire(at)),
        actor: "agents/wang.fang".to_owned(),
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        data: Some(Any::from_msg(facts).unwrap()),
        ..Event::default()
    }
}

#[tonic::async_trait]
impl EventFeedService for FakeFeed {
    type StreamEventsStream = Pin<Box<dyn Stream<Item = Result<StreamEventsResponse, Status>> + Send>>;

    async fn stream_events(
        &self,
        request: Request<StreamEventsRequest>,
    ) -> Result<Response<Self::StreamEventsStream>, Status> {
        let line = self.line();
        if line.is_cancelled() {
            return Err(Status::unavailable("down"));
        }
        let StreamEventsRequest { position, types } = request.into_inner();
        let mut sent: usize = position.parse().unwrap_or_default();
        let feed = self.clone();
        let mut news = self.news.subscribe();
        Ok(Response::new(Box::pin(async_stream::stream! {
            loop {
                let unsent = feed.batches()[sent..].to_vec();
                for mut events in unsent {
                    events.retain(|event| types.contains(&event.r#type));
                    sent += 1;
                    yield Ok(StreamEventsResponse { events, position: sent.to_string(), caught_up: false });
                }
                tokio::select! {
                    _ = news.changed() => {}
                    () = line.cancelled() => return,
                }
            }
        })))
    }
}
