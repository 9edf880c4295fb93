//! The feed over the wire.

use std::time::Duration;

use futures::StreamExt;
use kexiang_core::Clock;
use kexiang_events::FeedService;
use kexiang_proto::event_v1::{
    StreamEventsRequest, event_feed_service_client::EventFeedServiceClient,
    event_feed_service_server::EventFeedServiceServer,
};
use kexiang_rpc::{
    Peer,
    refusal::reason,
    server::{Limits, Server},
    token::{Issuer, TokenSource},
    trust::Verifier,
};
use prost_types::Any;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tonic::Code;

use crate::foundation::{Ground, ROLE, append};

/// A served log.
pub struct Served {
    pub ground: Ground,
    pub peer: Peer,
    pub clock: Clock,
    pub shutdown: CancellationToken,
    server: JoinHandle<()>,
}

impl Served {
    pub async fn start() -> Self {
        let ground = Ground::lay().await;
        let clock = Clock::system();
        let issuer = Issuer::from_pem(&Issuer::generate_pem()).unwrap();
        let shutdown = CancellationToken::new();
        let pool = ground.database.pool(ROLE).await;
        let to_any =
            |_: &_| Any::from_msg(&prost_types::Timestamp::default()).map_err(serde::ser::Error::custom);
        let feed =
            FeedService::new(pool, ground.log.clone(), "test", "test.kexiang", to_any, shutdown.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let verifier = Verifier::of_issuer(&issuer, clock.clone());
        let server = Server::new("test", "test.kexiang", verifier, Limits::default())
            .add(EventFeedServiceServer::new(feed));
        let serving = server.serve(listener, || async { true }, shutdown.clone());
        let server = tokio::spawn(async move { serving.await.unwrap() });
        let peer =
            Peer::connect_lazy(&address, TokenSource::issued(issuer, clock.clone(), "reader")).unwrap();
        Self { ground, peer, clock, shutdown, server }
    }

    pub fn client(&self) -> EventFeedServiceClient<Peer> {
        EventFeedServiceClient::new(self.peer.clone())
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        self.server.await.unwrap();
    }
}

#[tokio::test]
async fn a_reader_goes_on_from_its_position_and_hears_of_new_events() {
    let served = Served::start().await;
    let mut connection = served.ground.connect().await;
    append(&served.ground.log, &mut connection, "things/a", 1).await;

    let mut stream =
        served.client().stream_events(StreamEventsRequest::default()).await.unwrap().into_inner();
    let mut first = stream.next().await.unwrap().unwrap();
    while first.events.is_empty() {
        first = stream.next().await.unwrap().unwrap();
    }
    drop(stream);
    append(&served.ground.log, &mut connection, "things/b", 2).await;
    let request = StreamEventsRequest { position: first.position, types: Vec::new() };
    let mut stream = served.client().stream_events(request).await.unwrap().into_inner();
    let mut subjects = Vec::new();
    while subjects.is_empty() {
        subjects.extend(stream.next().await.unwrap().unwrap().events.into_iter().map(|event| event.subject));
    }

    assert_eq!(first.events.iter().map(|event| event.subject.as_str()).collect::<Vec<_>>(), ["things/a"]);
    assert_eq!(first.events[0].actor, "agents/li.na");
    assert_eq!(subjects, ["things/b"]);
    served.stop().await;
}

#[tokio::test]
async fn a_foreign_position_is_refused_with_its_reason() {
    let served = Served::start().await;

    // The last one could be of a server from which this database was dumped.
    for position in ["yesterday", "-1", "4611686018427387904"] {
        let request = StreamEventsRequest { position: position.into(), types: Vec::new() };
        let refused = served.client().stream_events(request).await.unwrap_err();

        let refused = (refused.code(), reason(&refused));
        assert_eq!(refused, (Code::InvalidArgument, "INVALID_POSITION".to_owned()), "{position}");
    }
    served.stop().await;
}

#[tokio::test]
async fn streams_end_when_the_service_stops() {
    let served = Served::start().await;
    let stream = served.client().stream_events(StreamEventsRequest::default()).await.unwrap().into_inner();

    let shutdown = served.shutdown.clone();
    let rest = tokio::spawn(stream.collect::<Vec<_>>());
    shutdown.cancel();

    tokio::time::timeout(Duration::from_secs(20), served.stop()).await.expect("the service stops");
    rest.await.unwrap();
}
