//! Deadlines, load, panics: each a typed refusal, and the next call goes on.

use std::time::Duration;

use kexiang_proto::{
    intake_v1::{GetCaseRequest, intake_service_client::IntakeServiceClient},
    rpc::RetryInfo,
};
use kexiang_rpc::{
    refusal::{detail, reason},
    server::Limits,
};
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::center::{Center, HANG, OPEN, PANIC, QUICK, asking};

#[tokio::test]
async fn a_call_ends_at_the_services_limit_whatever_its_caller_wants() {
    let limits = Limits { call_timeout_seconds: 0, ..Limits::default() };
    let center = Center::open(limits).await;

    let refused = center.client().stream_events(asking(HANG)).await.unwrap_err();

    assert_eq!(reason(&refused), "DEADLINE_PASSED");
}

#[tokio::test]
async fn more_calls_than_places_are_refused_at_once_and_told_when_to_come_back() {
    let limits = Limits { max_concurrent_streams: 1, ..Limits::default() };
    let center = Center::open(limits).await;
    let mut first = center.client();
    let occupant = tokio::spawn(async move { first.stream_events(asking(HANG)).await });
    center.obedient.entered.notified().await;

    let refused = center.client().stream_events(asking(QUICK)).await.unwrap_err();
    occupant.abort();

    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::ResourceExhausted, "OVERLOADED"));
    assert!(detail::<RetryInfo>(&refused).is_some_and(|retry| retry.retry_delay.is_some()));
    becomes_free(&center).await;
}

/// Once the server has noticed that the occupant left.
async fn becomes_free(center: &Center) {
    for _ in 0..1_000 {
        if center.client().stream_events(asking(QUICK)).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the place never became free");
}

#[tokio::test]
async fn a_stream_holds_its_place_while_it_is_open_and_leaves_calls_alone() {
    let limits = Limits { max_concurrent_calls: 1, max_concurrent_streams: 1, ..Limits::default() };
    let center = Center::open(limits).await;

    let open = center.client().stream_events(asking(OPEN)).await.unwrap();

    let refused = center.client().stream_events(asking(OPEN)).await.unwrap_err();
    assert_eq!(reason(&refused), "OVERLOADED");
    let health = HealthClient::new(center.channel()).watch(HealthCheckRequest::default()).await;
    assert!(health.is_ok());
    drop(open);
    becomes_free(&center).await;
}

#[tokio::test]
async fn a_method_of_another_service_is_unknown_here() {
    let center = Center::open(Limits::default()).await;
    let mut intake = IntakeServiceClient::with_interceptor(center.channel(), center.bearer());

    let refused = intake.get_case(GetCaseRequest::default()).await.unwrap_err();

    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unimplemented, "METHOD_UNKNOWN"));
}

#[tokio::test]
async fn a_compression_that_is_not_taken_is_not_said_to_be_an_unknown_method() {
    let center = Center::open(Limits::default()).await;
    let mut compressed = asking(QUICK);
    compressed.metadata_mut().insert("grpc-encoding", "gzip".parse().unwrap());

    let refused = center.client().stream_events(compressed).await.unwrap_err();

    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unimplemented, "MESSAGE_MALFORMED"));
    assert_eq!(refused.metadata().get("grpc-accept-encoding").unwrap(), "identity");
}

#[tokio::test]
async fn a_panic_is_a_defect_of_one_call_and_tells_nothing_of_its_inside() {
    let center = Center::open(Limits::default()).await;

    let refused = center.client().stream_events(asking(PANIC)).await.unwrap_err();
    let next = center.client().stream_events(asking(QUICK)).await;

    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Internal, "INTERNAL"));
    assert_eq!(refused.message(), "internal error");
    assert!(next.is_ok());
}
