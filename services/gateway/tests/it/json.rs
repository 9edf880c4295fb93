//! The JSON face: paths, queries and bodies in, canonical JSON out.

use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;

use crate::world::{BEARER, World, send, uri};

#[tokio::test]
async fn a_resource_is_read_by_its_name_as_canonical_json() {
    let world = World::start().await;

    let answer = world.get("/v1/cases/7").await;

    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let json = answer.json();
    assert_eq!(json["name"], "cases/7");
    assert_eq!(json["state"], "CASE_STATE_RECEIVED");
    assert_eq!(json["reopenCount"], 2);
    assert_eq!(json["acceptTime"], "2023-11-14T22:13:20.123Z");
    assert_eq!(json.get("resolution"), None, "defaults are left out");
}

#[tokio::test]
async fn numbers_of_64_bits_are_text() {
    let world = World::start().await;

    assert_eq!(world.get("/v1/contacts/7").await.json()["registerNumber"], "1152921504606846976");
}

#[tokio::test]
async fn a_whole_body_becomes_the_message() {
    let world = World::start().await;
    let body = json!({"contact": {"site": "sites/main"}, "case": {"title": "灯坏了", "kind": "KIND_FAULT"}, "requestId": "a"});

    let answer = world.call("POST", "/v1/cases", &body.to_string()).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({"title": "灯坏了", "kind": "KIND_FAULT", "etag": "a"}));
}

#[tokio::test]
async fn a_verb_takes_its_name_from_the_path() {
    let world = World::start().await;

    let answer = world.call("POST", "/v1/cases/7:resolve", r#"{"resolution": "done"}"#).await;

    assert_eq!(answer.json(), json!({"name": "cases/7", "resolution": "done"}));
}

#[tokio::test]
async fn a_body_field_is_joined_by_path_and_query() {
    let world = World::start().await;

    let updated =
        world.call("PATCH", "/v1/customers/7?updateMask=displayName,kind", r#"{"displayName": "李"}"#).await;
    let created = world.call("POST", "/v1/sites?siteId=main", r#"{"displayName": "Main"}"#).await;

    assert_eq!(
        updated.json(),
        json!({"name": "customers/7", "displayName": "李", "etag": "display_name+kind"})
    );
    assert_eq!(created.json(), json!({"name": "sites/main", "displayName": "Main"}));
}

#[tokio::test]
async fn queries_reach_nested_fields_and_enums() {
    let world = World::start().await;

    let customers = world
        .get("/v1/customers?contactPoint.kind=KIND_PHONE&contact_point.value=%2B86139&page_size=7")
        .await;
    let by_name = world.get("/v1/sites/main/breakdown?dimension=DIMENSION_UNIT").await;
    let by_number = world.get("/v1/sites/main/breakdown?dimension=4").await;

    assert_eq!(
        customers.json(),
        json!({"customers": [{"contactPoints": [{"kind": "KIND_PHONE", "value": "+86139"}]}], "nextPageToken": "7"})
    );
    assert_eq!(by_name.json()["breakdown"]["dimension"], "DIMENSION_UNIT");
    assert_eq!(by_number.json(), by_name.json());
}

#[tokio::test]
async fn two_variables_and_literal_verbs_find_their_method() {
    let world = World::start().await;

    let day = world.get("/v1/sites/main/dayReports/2026-11-22").await;
    let recognition = world.get("/v1/customers:recognise?phone=139").await;

    assert_eq!(day.json(), json!({"site": "sites/main", "date": "2026-11-22"}));
    assert_eq!((recognition.status, recognition.json()), (200, json!({})));
}

#[tokio::test]
async fn token_deadline_and_trace_are_forwarded() {
    let world = World::start().await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = world
        .request("GET", "/v1/cases/7")
        .header("authorization", BEARER)
        .header("grpc-timeout", "9S")
        .header("traceparent", trace);

    let json = send(request.body(vec![]).unwrap()).await.json();

    assert_eq!((&json["title"], &json["address"]), (&json!(BEARER), &json!(trace)));
    assert_eq!(json["description"], "9000000u");
}

#[tokio::test]
async fn a_call_without_a_deadline_gets_that_of_the_gateway() {
    let world = World::start().await;

    assert_eq!(world.get("/v1/cases/7").await.json()["description"], "30000000u");
}

#[tokio::test]
async fn json_is_served_over_http2_too() {
    let world = World::start().await;
    let channel = tonic::transport::Endpoint::new(uri(world.address)).unwrap().connect().await.unwrap();
    let request = world.request("GET", "/v1/cases/7").header("authorization", BEARER);

    let response = channel.oneshot(request.body(tonic::body::Body::empty()).unwrap()).await.unwrap();

    assert_eq!((response.status().as_u16(), response.version()), (200, http::Version::HTTP_2));
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&body).unwrap()["name"], "cases/7");
}
