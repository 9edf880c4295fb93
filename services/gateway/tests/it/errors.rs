//! What is wrong comes back as google.rpc.Status JSON with a reason, never as INTERNAL and never as a panic.

use serde_json::json;

use crate::world::{Answer, BEARER, World, send};

fn reason(reason: &str, domain: &str) -> (String, String) {
    (reason.to_owned(), format!("{domain}.kexiang"))
}

async fn post_as(world: &World, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    let request = world
        .request("POST", "/v1/cases")
        .header("authorization", BEARER)
        .header("content-type", content_type);
    send(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn an_unknown_path_is_404() {
    let world = World::start().await;

    for path in ["/v1/nothing", "/v1/cases/7:explode", "/v1/cases/", "/nothing"] {
        let answer = world.get(path).await;

        assert_eq!((answer.status, answer.reason()), (404, reason("METHOD_UNKNOWN", "gateway")), "{path}");
    }
}

#[tokio::test]
async fn a_known_path_with_another_method_is_405_and_says_which() {
    let world = World::start().await;

    let answer = world.call("DELETE", "/v1/cases", "").await;

    assert_eq!((answer.status, answer.header("allow")), (405, "POST, GET"));
    assert_eq!(answer.reason(), reason("METHOD_UNKNOWN", "gateway"));
}

#[tokio::test]
async fn a_call_without_a_token_is_401_at_the_edge() {
    let world = World::start().await;
    let without = send(world.request("GET", "/v1/cases/7").body(vec![]).unwrap()).await;
    let basic = world.request("GET", "/v1/cases/7").header("authorization", "Basic eDp5");

    let basic = send(basic.body(vec![]).unwrap()).await;

    for answer in [without, basic] {
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"));
        assert_eq!(answer.reason(), reason("TOKEN_MISSING", "gateway"));
    }
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let world = World::start().await;
    let body =
        json!({"contact": {"channel": "PIGEON", "contactTime": 5}, "case": {"title": [], "colour": "red"}});

    let posted = world.call("POST", "/v1/cases", &body.to_string()).await;
    let queried = world.get("/v1/cases?colour=red&state=BLUE&pageSize=many").await;

    assert_eq!((posted.status, posted.reason()), (400, reason("INVALID_FIELDS", "gateway")));
    assert_eq!(posted.fields(), ["contact.channel", "contact.contact_time", "case.title", "case.colour"]);
    assert_eq!(queried.status, 400);
    assert_eq!(queried.fields(), ["colour", "state", "page_size"]);
}

#[tokio::test]
async fn what_is_no_json_is_malformed() {
    let world = World::start().await;
    let bodies: [&[u8]; 6] =
        [b"{", b"[]", b"nonsense", b"{\"requestId\": \"\xff\"}", b"{\"requestId\": \"\\ud800\"}", b"{}{}"];

    for body in bodies {
        let answer = post_as(&world, "application/json", body).await;

        assert_eq!((answer.status, answer.reason()), (400, reason("MESSAGE_MALFORMED", "gateway")));
    }
    assert_eq!(post_as(&world, "application/json", "[".repeat(100_000)).await.status, 400);
}

#[tokio::test]
async fn names_in_the_path_that_are_not_utf8_are_named() {
    let world = World::start().await;

    let answer = world.get("/v1/cases/%ff").await;

    assert_eq!((answer.status, answer.fields()), (400, vec!["name".to_owned()]));
}

#[tokio::test]
async fn a_body_in_another_form_is_415() {
    let world = World::start().await;

    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        let answer = post_as(&world, content_type, "{}").await;

        assert_eq!((answer.status, answer.reason()), (415, reason("MESSAGE_MALFORMED", "gateway")));
    }
    assert_eq!(post_as(&world, "Application/JSON; charset=utf-8", "{}").await.status, 200);
}

#[tokio::test]
async fn a_body_over_the_limit_is_413() {
    let world = World::start().await;
    let text = |length: usize| format!("{{\"requestId\":\"{}\"}}", "x".repeat(length));

    let under = post_as(&world, "application/json", text(4 * 1024 * 1024 - 100)).await;
    let over = post_as(&world, "application/json", text(4 * 1024 * 1024)).await;
    let far_over = post_as(&world, "application/json", text(12 * 1024 * 1024)).await;

    assert_eq!(under.status, 200);
    assert_eq!((over.status, over.reason()), (413, reason("MESSAGE_TOO_LARGE", "gateway")));
    assert_eq!(far_over.status, 413);
}

#[tokio::test]
async fn a_malformed_deadline_is_refused_and_a_passed_one_is_504() {
    let world = World::start().await;
    let with = |timeout| {
        let request = world
            .request("GET", "/v1/cases/slow")
            .header("authorization", BEARER)
            .header("grpc-timeout", timeout);
        send(request.body(vec![]).unwrap())
    };

    let (malformed, passed) = (with("soon").await, with("50m").await);

    assert_eq!((malformed.status, malformed.reason()), (400, reason("MESSAGE_MALFORMED", "gateway")));
    assert_eq!(passed.status, 504);
    assert_eq!(passed.reason().0, "DEADLINE_PASSED");
}

#[tokio::test]
async fn errors_of_services_arrive_with_their_details() {
    let world = World::start().await;

    let missing = world.get("/v1/cases/missing").await;
    let stale = world.get("/v1/cases/stale").await;
    let busy = world.get("/v1/cases/busy").await;

    assert_eq!((missing.status, missing.reason()), (404, reason("NOT_FOUND", "intake")));
    assert_eq!(missing.json()["code"], 5);
    assert_eq!(missing.json()["details"][1]["@type"], "type.googleapis.com/google.rpc.ResourceInfo");
    assert_eq!(missing.json()["details"][1]["resourceName"], "cases/missing");
    assert_eq!((stale.status, stale.reason()), (409, reason("ETAG_MISMATCH", "intake")));
    assert_eq!((busy.status, busy.header("retry-after")), (429, "1"));
}

#[tokio::test]
async fn a_defect_of_a_service_tells_nothing_of_its_inside() {
    let world = World::start().await;

    let answer = world.get("/v1/cases/broken").await;

    assert_eq!((answer.status, answer.reason().0.as_str()), (500, "INTERNAL"));
    assert!(!String::from_utf8_lossy(&answer.body).contains("relation"));
}

#[tokio::test]
async fn a_dead_service_is_503_with_a_time_to_come_back() {
    let world = World::start().await;

    let answer = world.get("/v1/units").await;

    assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
    assert_eq!(answer.reason(), reason("TEMPORARILY_UNAVAILABLE", "gateway"));
    assert_eq!(answer.json()["details"][1]["@type"], "type.googleapis.com/google.rpc.RetryInfo");
    assert!(!String::from_utf8_lossy(&answer.body).contains("refused"));
}
