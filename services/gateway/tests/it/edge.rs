//! What the gateway answers by itself: the signpost, OpenAPI, probes, CORS.

use std::time::Duration;

use serde_json::json;

use crate::{
    fake::Fake,
    world::{World, send, serve, uri},
};

#[tokio::test]
async fn the_openapi_document_needs_no_token() {
    let world = World::start().await;

    let answer = send(world.request("GET", "/openapi.json").body(vec![]).unwrap()).await;

    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.json()["openapi"], "3.1.0");
    assert!(answer.json()["paths"]["/v1/cases/{case}:resolve"]["post"].is_object());
}

#[tokio::test]
async fn the_bare_address_shows_the_way() {
    let world = World::start().await;

    let answer = send(world.request("GET", "/").body(vec![]).unwrap()).await;

    assert_eq!((answer.status, &answer.json()["openapi"]), (200, &json!("/openapi.json")));
}

#[tokio::test]
async fn the_gateways_own_pages_are_for_reading() {
    let world = World::start().await;

    let answer = world.call("DELETE", "/openapi.json", "").await;

    assert_eq!((answer.status, answer.header("allow")), (405, "GET"));
    assert_eq!(answer.reason().0, "METHOD_UNKNOWN");
}

#[tokio::test]
async fn the_process_is_alive_but_not_ready_while_a_service_is_dead() {
    let world = World::start().await;

    let (alive, ready) = (world.get("/healthz").await, world.get("/readyz").await);

    assert_eq!((alive.status, ready.status), (200, 503));
    assert_eq!(
        ready.json(),
        json!({"intake": "SERVING", "dispatch": "NOT_SERVING", "customer-records": "SERVING", "reporting": "SERVING"})
    );
}

#[tokio::test]
async fn the_gateway_is_ready_when_all_services_are() {
    let dispatch = uri(serve(Fake::default()).await);
    let world = World::with(|config| config.backends.dispatch = dispatch).await;

    assert_eq!(world.get("/readyz").await.status, 200);
}

async fn preflight(world: &World, origin: &str) -> String {
    let request = world
        .request("OPTIONS", "/v1/cases")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type");
    send(request.body(vec![]).unwrap()).await.header("access-control-allow-origin").to_owned()
}

#[tokio::test]
async fn pages_of_other_origins_are_let_in_by_name_alone() {
    let closed = World::start().await;
    let open =
        World::with(|config| config.cors_origins = vec!["https://desk.example.org".parse().unwrap()]).await;

    assert_eq!(preflight(&closed, "https://desk.example.org").await, "");
    assert_eq!(preflight(&open, "https://desk.example.org").await, "https://desk.example.org");
    assert_eq!(preflight(&open, "https://evil.example.org").await, "");
}

#[tokio::test]
async fn refusals_can_be_read_by_pages_that_are_let_in() {
    let world =
        World::with(|config| config.cors_origins = vec!["https://desk.example.org".parse().unwrap()]).await;
    let request = world.request("GET", "/v1/nothing").header("origin", "https://desk.example.org");

    let answer = send(request.body(vec![]).unwrap()).await;

    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (404, "https://desk.example.org")
    );
}

#[tokio::test]
async fn shutdown_finishes_what_was_accepted() {
    let world = World::start().await;
    let stop = async {
        world.fake.asked.cancelled().await;
        world.shutdown.cancel();
        world.fake.may_answer.cancel();
    };

    let (answer, ()) = tokio::join!(world.get("/v1/cases/unhurried"), stop);

    assert_eq!((answer.status, &answer.json()["name"]), (200, &json!("cases/unhurried")));
    assert!(world.gateway.await.unwrap().is_ok());
}

#[tokio::test]
async fn shutdown_does_not_wait_forever() {
    let world = World::with(|config| config.drain_seconds = 1).await;
    let stop = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        world.shutdown.cancel();
    };
    let call = tokio::time::timeout(Duration::from_millis(300), world.get("/v1/cases/slow"));

    let (answer, ()) = tokio::join!(call, stop);

    assert!(answer.is_err(), "the call was still under way");
    let ended = tokio::time::timeout(Duration::from_secs(5), world.gateway).await;
    assert!(ended.unwrap().unwrap().is_ok());
}
