//! Intake's log, written by the test and served as intake does.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
};

use kexiang_proto::event_v1::{
    Event, StreamEventsRequest, StreamEventsResponse,
    event_feed_service_server::{EventFeedService, EventFeedServiceServer},
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
};
use tokio_stream::{
    Stream,
    wrappers::{ReceiverStream, TcpListenerStream},
};
use tonic::{Request, Response, Status, transport::Server};

/// A log of batches; a position is the number of batches sent. Clones write the same log.
#[derive(Clone, Default)]
pub struct FakeIntake {
    batches: Arc<Mutex<Vec<Vec<Event>>>>,
    told: watch::Sender<()>,
}

impl FakeIntake {
    /// Serves an empty log; gives the log and its address.
    pub async fn serve() -> (Self, String) {
        let log = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = Server::builder()
            .add_service(EventFeedServiceServer::new(log.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server);
        (log, address)
    }

    /// Tells these events in one batch.
    pub fn tell(&self, events: Vec<Event>) {
        self.batches().push(events);
        self.told.send_replace(());
    }

    /// The position after all that was told.
    pub fn end(&self) -> String {
        self.batches().len().to_string()
    }

    fn batches(&self) -> MutexGuard<'_, Vec<Vec<Event>>> {
        self.batches.lock().unwrap()
    }

    fn batch(&self, number: usize) -> Option<Vec<Event>> {
        self.batches().get(number).cloned()
    }
}

#[tonic::async_trait]
impl EventFeedService for FakeIntake {
    type StreamEventsStream = Pin<Box<dyn Stream<Item = Result<StreamEventsResponse, Status>> + Send>>;

    async fn stream_events(
        &self,
        request: Request<StreamEventsRequest>,
    ) -> Result<Response<Self::StreamEventsStream>, Status> {
        let StreamEventsRequest { position, types } = request.into_inner();
        let (log, mut told) = (self.clone(), self.told.subscribe());
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut sent: usize = position.parse().unwrap_or_default();
            loop {
                while let Some(mut events) = log.batch(sent) {
                    events.retain(|event| types.contains(&event.r#type));
                    sent += 1;
                    let response =
                        StreamEventsResponse { events, position: sent.to_string(), caught_up: false };
                    if sender.send(Ok(response)).await.is_err() {
                        return;
                    }
                }
                if told.changed().await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}
