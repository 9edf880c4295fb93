//! A service whose one method does what the test says.

use std::{pin::Pin, time::Duration};

use futures::Stream;
use kexiang_core::{Clock, Role};
use kexiang_proto::event_v1::{
    StreamEventsRequest, StreamEventsResponse,
    event_feed_service_client::EventFeedServiceClient,
    event_feed_service_server::{EventFeedService, EventFeedServiceServer},
};
use kexiang_rpc::{
    server::{Limits, Server},
    token::Issuer,
    trust::Verifier,
};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Response, Status,
    service::interceptor::InterceptedService,
    transport::{Channel, Endpoint},
};

/// What the next calls do, by the position that they ask for.
pub const PANIC: &str = "panic";
pub const HANG: &str = "hang";
pub const QUICK: &str = "quick";
/// A stream that begins and never goes on.
pub const OPEN: &str = "open";

/// The service.
#[derive(Clone, Default)]
pub struct Obedient {
    pub entered: std::sync::Arc<Notify>,
}

#[tonic::async_trait]
impl EventFeedService for Obedient {
    type StreamEventsStream = Pin<Box<dyn Stream<Item = Result<StreamEventsResponse, Status>> + Send>>;

    async fn stream_events(
        &self,
        request: Request<StreamEventsRequest>,
    ) -> Result<Response<Self::StreamEventsStream>, Status> {
        self.entered.notify_one();
        let stream: Self::StreamEventsStream = match request.get_ref().position.as_str() {
            PANIC => panic!("as asked"),
            HANG => std::future::pending().await,
            OPEN => Box::pin(futures::stream::pending()),
            _ => Box::pin(futures::stream::empty()),
        };
        Ok(Response::new(stream))
    }
}

/// It, served.
pub struct Center {
    pub obedient: Obedient,
    pub shutdown: CancellationToken,
    pub served: JoinHandle<std::io::Result<()>>,
    address: String,
    issuer: Issuer,
    clock: Clock,
}

pub type Client = EventFeedServiceClient<InterceptedService<Channel, Bearer>>;

/// Adds a token to every call.
#[derive(Clone)]
pub struct Bearer(String);

impl tonic::service::Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.0).parse().unwrap());
        Ok(request)
    }
}

impl Center {
    pub async fn open(limits: Limits) -> Self {
        let issuer = Issuer::from_pem(&Issuer::generate_pem()).unwrap();
        let verifier = Verifier::of_issuer(&issuer, Clock::system());
        Self::open_with(limits, issuer, Clock::system(), verifier).await
    }

    pub async fn open_with(limits: Limits, issuer: Issuer, clock: Clock, verifier: Verifier) -> Self {
        let obedient = Obedient::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let server = Server::new("test", "test.kexiang", verifier, limits)
            .add(EventFeedServiceServer::new(obedient.clone()));
        let served = tokio::spawn(server.serve(listener, || async { true }, shutdown.clone()));
        Self { obedient, shutdown, served, address, issuer, clock }
    }

    pub fn channel(&self) -> Channel {
        Endpoint::from_shared(self.address.clone()).unwrap().connect_lazy()
    }

    pub fn bearer(&self) -> Bearer {
        let token = self.issuer.issue("reader", &[Role::Service], Duration::from_hours(1), self.clock.now());
        Bearer(token.unwrap())
    }

    pub fn client(&self) -> Client {
        EventFeedServiceClient::with_interceptor(self.channel(), self.bearer())
    }

    pub fn client_with(&self, token: String) -> Client {
        EventFeedServiceClient::with_interceptor(self.channel(), Bearer(token))
    }
}

impl Drop for Center {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

pub fn asking(position: &str) -> Request<StreamEventsRequest> {
    Request::new(StreamEventsRequest { position: position.to_owned(), types: Vec::new() })
}
