//! Server streams as server-sent events.

use std::{io::BufRead, time::Duration};

use serde_json::{Value, json};

use crate::world::World;

/// The lines of a stream until it ends, or `count` of them.
async fn lines(world: &World, site: &str, count: usize) -> Vec<String> {
    let path = format!("/v1/wallboard:watch?site=sites/{site}");
    let events = tokio::task::block_in_place(|| world.events(&path));
    tokio::task::spawn_blocking(move || events.lines().take(count).map(Result::unwrap).collect())
        .await
        .unwrap()
}

fn data(line: &str) -> Value {
    serde_json::from_str(line.strip_prefix("data: ").unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_is_an_event() {
    let world = World::start().await;

    let lines = lines(&world, "main", usize::MAX).await;

    assert_eq!(lines.len(), 4, "{lines:?}");
    assert_eq!(data(&lines[0]), json!({"site": "sites/main", "agentsSignedIn": "1"}));
    assert_eq!(data(&lines[2]), json!({"site": "sites/main", "agentsSignedIn": "2"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_fails_ends_with_the_status() {
    let world = World::start().await;

    let lines = lines(&world, "failing", usize::MAX).await;

    assert_eq!(lines[4], "event: error");
    let status = data(&lines[5]);
    assert_eq!(
        (&status["code"], &status["details"][0]["reason"]),
        (&json!(14), &json!("TEMPORARILY_UNAVAILABLE"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_never_begins_is_an_ordinary_error() {
    let world = World::start().await;

    let answer = world.get("/v1/wallboard:watch?site=sites/forbidden").await;

    assert_eq!((answer.status, answer.header("content-type")), (403, "application/json"));
    assert_eq!(answer.reason().0, "ROLE_NOT_ALLOWED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_cancels_the_call() {
    let world = World::start().await;

    // The reader is dropped with its connection after the first messages.
    lines(&world, "quiet", 4).await;

    tokio::time::timeout(Duration::from_secs(10), world.fake.left.cancelled()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_ends_the_streams_and_the_gateway() {
    let world = World::start().await;
    let events = tokio::task::block_in_place(|| world.events("/v1/wallboard:watch?site=sites/quiet"));
    let reader = tokio::task::spawn_blocking(move || events.lines().map_while(Result::ok).count());
    tokio::time::sleep(Duration::from_millis(100)).await;

    world.shutdown.cancel();

    let ended = tokio::time::timeout(Duration::from_secs(5), world.gateway).await;
    assert!(ended.unwrap().unwrap().is_ok());
    assert_eq!(reader.await.unwrap(), 4);
}
