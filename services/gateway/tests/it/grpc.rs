//! gRPC and gRPC-Web on the same port.

use kexiang_proto::{
    event_v1::{StreamEventsRequest, event_feed_service_client::EventFeedServiceClient},
    intake_v1::{GetCaseRequest, ImportCasesRequest, intake_service_client::IntakeServiceClient},
    reporting_v1::{
        GetWallboardRequest, Wallboard, WatchWallboardRequest,
        reporting_service_client::ReportingServiceClient,
    },
};
use prost::Message;
use tonic::{Code, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::world::{Answer, World, send, uri};

async fn channel(world: &World) -> Channel {
    tonic::transport::Endpoint::new(uri(world.address)).unwrap().connect().await.unwrap()
}

#[tokio::test]
async fn calls_and_streams_pass_unchanged() {
    let world = World::start().await;
    let channel = channel(&world).await;

    let case = IntakeServiceClient::new(channel.clone())
        .get_case(GetCaseRequest { name: "cases/7".to_owned() })
        .await;
    let watch = WatchWallboardRequest { site: "sites/main".to_owned() };
    let mut watch = ReportingServiceClient::new(channel).watch_wallboard(watch).await.unwrap().into_inner();

    assert_eq!(case.unwrap().into_inner().name, "cases/7");
    assert_eq!(watch.message().await.unwrap().map(|wallboard| wallboard.agents_signed_in), Some(1));
    assert_eq!(watch.message().await.unwrap().map(|wallboard| wallboard.agents_signed_in), Some(2));
    assert_eq!(watch.message().await.unwrap(), None);
}

#[tokio::test]
async fn streams_in_both_directions_pass_while_they_are_open() {
    let world = World::start().await;
    let (sender, items) = tokio::sync::mpsc::channel(1);
    let mut client = IntakeServiceClient::new(channel(&world).await);
    sender.send(ImportCasesRequest { item: 1, ..ImportCasesRequest::default() }).await.unwrap();
    let items = tokio_stream::wrappers::ReceiverStream::new(items);

    let mut results = client.import_cases(items).await.unwrap().into_inner();

    assert_eq!(results.message().await.unwrap().unwrap().item, 1);
    sender.send(ImportCasesRequest { item: 2, ..ImportCasesRequest::default() }).await.unwrap();
    assert_eq!(results.message().await.unwrap().unwrap().item, 2);
    drop(sender);
    assert_eq!(results.message().await.unwrap(), None);
}

#[tokio::test]
async fn errors_pass_with_their_details() {
    let world = World::start().await;
    let mut client = IntakeServiceClient::new(channel(&world).await);

    let status = client.get_case(GetCaseRequest { name: "cases/missing".to_owned() }).await.unwrap_err();

    assert_eq!(
        (status.code(), kexiang_rpc::refusal::reason(&status).as_str()),
        (Code::NotFound, "NOT_FOUND")
    );
}

#[tokio::test]
async fn event_feeds_and_foreign_services_are_not_served_to_the_outside() {
    let world = World::start().await;
    let channel = channel(&world).await;

    let feed =
        EventFeedServiceClient::new(channel.clone()).stream_events(StreamEventsRequest::default()).await;
    let health = HealthClient::new(channel).check(HealthCheckRequest::default()).await;

    for status in [feed.unwrap_err(), health.unwrap_err()] {
        assert_eq!(status.code(), Code::Unimplemented);
        assert_eq!(kexiang_rpc::refusal::reason(&status), "METHOD_UNKNOWN");
    }
}

#[tokio::test]
async fn a_dead_service_is_unavailable() {
    use kexiang_proto::dispatch_v1::{ListUnitsRequest, dispatch_service_client::DispatchServiceClient};
    let world = World::start().await;

    let units =
        DispatchServiceClient::new(channel(&world).await).list_units(ListUnitsRequest::default()).await;

    let status = units.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(kexiang_rpc::refusal::reason(&status), "TEMPORARILY_UNAVAILABLE");
}

/// One message in a gRPC frame.
fn frame(message: &impl Message) -> Vec<u8> {
    let body = message.encode_to_vec();
    let mut frame = vec![0];
    frame.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
    frame.extend(body);
    frame
}

async fn grpc_web(world: &World, path: &str, message: &impl Message) -> Answer {
    let request = world.request("POST", path).header("content-type", "application/grpc-web+proto");
    send(request.body(frame(message)).unwrap()).await
}

#[tokio::test]
async fn browsers_call_by_grpc_web_over_http1() {
    let world = World::start().await;
    let path = "/kexiang.reporting.v1.ReportingService/GetWallboard";

    let answer = grpc_web(&world, path, &GetWallboardRequest { site: "sites/main".to_owned() }).await;

    assert_eq!((answer.status, answer.header("content-type")), (200, "application/grpc-web+proto"));
    let length = u32::from_be_bytes(answer.body[1..5].try_into().unwrap()) as usize;
    let wallboard = Wallboard::decode(&answer.body[5..5 + length]).unwrap();
    assert_eq!((wallboard.site.as_str(), wallboard.agents_signed_in), ("sites/main", 7));
    let trailers = &answer.body[5 + length..];
    assert_eq!(trailers[0], 0x80, "the trailers' frame");
    assert!(String::from_utf8_lossy(&trailers[5..]).contains("grpc-status:0"));
}

#[tokio::test]
async fn errors_reach_browsers_with_their_details() {
    let world = World::start().await;
    let path = "/kexiang.intake.v1.IntakeService/GetCase";

    let answer = grpc_web(&world, path, &GetCaseRequest { name: "cases/missing".to_owned() }).await;

    assert_eq!((answer.status, answer.header("grpc-status")), (200, "5"));
    assert!(!answer.header("grpc-status-details-bin").is_empty());
}
