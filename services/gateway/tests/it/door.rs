//! Who comes in: load and tokens, before anything is read.

use std::time::Duration;

use kexiang_core::{Clock, Role};
use kexiang_proto::{
    intake_v1::{GetCaseRequest, intake_service_client::IntakeServiceClient},
    reporting_v1::{WatchWallboardRequest, reporting_service_client::ReportingServiceClient},
};
use kexiang_rpc::{refusal::reason, token::Issuer, trust::Verifier};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::{Code, Request, transport::Endpoint};

use crate::world::{Answer, World, send, uri};

fn overloaded() -> (String, String) {
    ("OVERLOADED".to_owned(), "gateway.kexiang".to_owned())
}

/// A gateway that knows whom to trust, and that one.
async fn guarded() -> (World, Issuer) {
    let issuer = Issuer::from_pem(&Issuer::generate_pem()).unwrap();
    let verifier = Verifier::of_issuer(&issuer, Clock::system());
    (World::guarded(Some(verifier), |_| {}).await, issuer)
}

fn bearer(issuer: &Issuer) -> String {
    let token = issuer.issue("li.na", &[Role::Agent], Duration::from_hours(1), Clock::system().now());
    format!("Bearer {}", token.unwrap())
}

async fn get_as(world: &World, bearer: &str) -> Answer {
    let request = world.request("GET", "/v1/cases/7").header("authorization", bearer);
    send(request.body(vec![]).unwrap()).await
}

#[tokio::test]
async fn more_calls_than_places_are_refused_at_once_and_told_when_to_come_back() {
    let world = World::with(|config| config.max_concurrent_calls = 1).await;
    let channel = Endpoint::new(uri(world.address)).unwrap().connect().await.unwrap();
    let slow = GetCaseRequest { name: "cases/slow".to_owned() };
    let mut first = IntakeServiceClient::new(channel.clone());
    // Whoever asks meanwhile may have the place for a moment; the occupant comes back until it has it.
    let occupant = tokio::spawn(async move { while first.get_case(slow.clone()).await.is_err() {} });
    let busy = async {
        loop {
            let answer = world.get("/v1/cases/7").await;
            if answer.status != 200 {
                return answer;
            }
        }
    };

    let by_json = tokio::time::timeout(Duration::from_secs(5), busy).await.unwrap();
    let by_grpc = IntakeServiceClient::new(channel).get_case(GetCaseRequest::default()).await.unwrap_err();

    assert_eq!((by_json.status, by_json.header("retry-after")), (429, "1"));
    assert_eq!(by_json.reason(), overloaded());
    assert_eq!((by_grpc.code(), reason(&by_grpc).as_str()), (Code::ResourceExhausted, "OVERLOADED"));
    assert_eq!(world.get("/healthz").await.status, 200);
    occupant.abort();
}

#[tokio::test]
async fn a_stream_holds_its_place_while_it_is_open_and_leaves_calls_alone() {
    let world = World::with(|config| config.max_concurrent_streams = 1).await;
    let channel = Endpoint::new(uri(world.address)).unwrap().connect().await.unwrap();
    let quiet = || WatchWallboardRequest { site: "sites/quiet".to_owned() };
    let open = ReportingServiceClient::new(channel).watch_wallboard(quiet()).await.unwrap();

    let refused = world.get("/v1/wallboard:watch?site=sites/main").await;
    let call = world.get("/v1/cases/7").await;
    drop(open);

    assert_eq!((refused.status, refused.reason()), (429, overloaded()));
    assert_eq!(call.status, 200);
    let free = async { while world.get("/v1/wallboard:watch?site=sites/main").await.status != 200 {} };
    tokio::time::timeout(Duration::from_secs(5), free).await.unwrap();
}

#[tokio::test]
async fn strangers_come_no_further_than_the_gateway() {
    let (world, issuer) = guarded().await;
    let stranger = Issuer::from_pem(&Issuer::generate_pem()).unwrap();
    let channel = Endpoint::new(uri(world.address)).unwrap().connect().await.unwrap();
    let by_grpc = async |token: Option<String>| {
        let mut request = Request::new(GetCaseRequest { name: "cases/7".to_owned() });
        if let Some(token) = token {
            request.metadata_mut().insert("authorization", token.parse().unwrap());
        }
        IntakeServiceClient::new(channel.clone()).get_case(request).await
    };

    let by_json = get_as(&world, &bearer(&stranger)).await;
    let forged = by_grpc(Some(bearer(&stranger))).await.unwrap_err();
    let missing = by_grpc(None).await.unwrap_err();

    assert_eq!((by_json.status, by_json.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(by_json.reason(), ("TOKEN_INVALID".to_owned(), "gateway.kexiang".to_owned()));
    assert_eq!((forged.code(), reason(&forged).as_str()), (Code::Unauthenticated, "TOKEN_INVALID"));
    assert_eq!((missing.code(), reason(&missing).as_str()), (Code::Unauthenticated, "TOKEN_MISSING"));
    assert_eq!(get_as(&world, &bearer(&issuer)).await.status, 200);
    assert!(by_grpc(Some(bearer(&issuer))).await.is_ok());
}

#[tokio::test]
async fn a_strangers_body_is_not_waited_for() {
    let (world, _) = guarded().await;
    let stranger = Issuer::from_pem(&Issuer::generate_pem()).unwrap();
    let mut connection = TcpStream::connect(world.address).await.unwrap();
    let head = format!(
        "POST /v1/cases HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\ncontent-type: application/json\r\n\
         content-length: 1000000\r\n\r\n",
        bearer(&stranger)
    );

    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    let read = connection.read_exact(&mut answer);
    tokio::time::timeout(Duration::from_secs(5), read).await.unwrap().unwrap();

    assert_eq!(&answer, b"HTTP/1.1 401");
}
