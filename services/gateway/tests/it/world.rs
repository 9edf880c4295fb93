//! A gateway in front of the fake, both on ports of the system's choice, and HTTP calls to it.

use std::{io::BufReader, net::SocketAddr};

use http::Uri;
use kexiang_gateway::{Backends, Config};
use kexiang_proto::{
    customers_v1::customer_records_service_server::CustomerRecordsServiceServer,
    intake_v1::{evidence_service_server::EvidenceServiceServer, intake_service_server::IntakeServiceServer},
    reporting_v1::reporting_service_server::ReportingServiceServer,
};
use kexiang_rpc::trust::Verifier;
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;

use crate::fake::Fake;

/// What the tests send as token; the fake does not care.
pub const BEARER: &str = "Bearer test";

/// A running gateway. It stops with the test.
pub struct World {
    pub address: SocketAddr,
    pub fake: Fake,
    pub shutdown: CancellationToken,
    pub gateway: JoinHandle<anyhow::Result<()>>,
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// `reason` and `domain` of the ErrorInfo, which has to be there.
    pub fn reason(&self) -> (String, String) {
        let json = self.json();
        let info = &json["details"][0];
        assert_eq!(info["@type"], "type.googleapis.com/google.rpc.ErrorInfo", "{json}");
        (info["reason"].as_str().unwrap().to_owned(), info["domain"].as_str().unwrap().to_owned())
    }

    /// The paths of all field violations.
    pub fn fields(&self) -> Vec<String> {
        let json = self.json();
        let details = json["details"].as_array().unwrap();
        let bad =
            details.iter().find(|detail| detail["@type"] == "type.googleapis.com/google.rpc.BadRequest");
        let violations = bad.unwrap()["fieldViolations"].as_array().unwrap();
        violations.iter().map(|violation| violation["field"].as_str().unwrap().to_owned()).collect()
    }
}

impl World {
    /// Intake, customer records and reporting run; dispatch is dead.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with other settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::guarded(None, change).await
    }

    /// The same, letting in whom `verifier` knows.
    pub async fn guarded(verifier: Option<Verifier>, change: impl FnOnce(&mut Config)) -> Self {
        let fake = Fake::default();
        let live = uri(serve(fake.clone()).await);
        let dead = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            uri(listener.local_addr().unwrap())
        };
        let backends = Backends {
            intake: live.clone(),
            dispatch: dead,
            customer_records: live.clone(),
            reporting: live,
        };
        let mut config = Config::new(backends);
        change(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let gateway = tokio::spawn(kexiang_gateway::run(config, verifier, listener, shutdown.clone()));
        Self { address, fake, shutdown, gateway }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// With the token and, when there is a body, as JSON.
    pub async fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        let request = self.request(method, path).header("authorization", BEARER);
        let request =
            if body.is_empty() { request } else { request.header("content-type", "application/json") };
        send(request.body(body.as_bytes().to_vec()).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, "").await
    }

    pub fn request(&self, method: &str, path: &str) -> http::request::Builder {
        http::Request::builder().method(method).uri(self.url(path))
    }

    /// Starts to read a stream of events; blocking.
    pub fn events(&self, path: &str) -> BufReader<ureq::BodyReader<'static>> {
        let request = self.request("GET", path).header("authorization", BEARER).body(()).unwrap();
        let response = agent().run(request).unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        BufReader::new(response.into_body().into_reader())
    }
}

/// One HTTP/1.1 request.
pub async fn send(request: http::Request<Vec<u8>>) -> Answer {
    let blocking = move || {
        let has_body = !request.body().is_empty() || request.method() == http::Method::POST;
        let result = if has_body { agent().run(request) } else { agent().run(request.map(|_| ())) };
        let (parts, mut body) = result.unwrap().into_parts();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body: body.read_to_vec().unwrap() }
    };
    tokio::task::spawn_blocking(blocking).await.unwrap()
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

pub fn uri(address: SocketAddr) -> Uri {
    format!("http://{address}").parse().unwrap()
}

/// Serves the fake with health until the process ends.
pub async fn serve(fake: Fake) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (_, health) = tonic_health::server::health_reporter();
    let server = tonic::transport::Server::builder()
        .add_service(health)
        .add_service(IntakeServiceServer::new(fake.clone()))
        .add_service(EvidenceServiceServer::new(fake.clone()))
        .add_service(CustomerRecordsServiceServer::new(fake.clone()))
        .add_service(ReportingServiceServer::new(fake))
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(server);
    address
}
