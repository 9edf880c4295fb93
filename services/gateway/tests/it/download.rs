//! Methods that answer with `google.api.HttpBody` are downloads, and a signed link needs no token (IN-19).

use kexiang_core::Clock;
use kexiang_rpc::{token::Issuer, trust::Verifier};
use serde_json::json;

use crate::{
    fake_evidence::BYTES,
    world::{Answer, World, send},
};

const LINK: &str = "expires=1&key=k&signature=AA";

/// A plain GET without any header of ours.
async fn get(world: &World, name: &str) -> Answer {
    let path = format!("/v1/evidence/{name}:download?{LINK}");
    send(world.request("GET", &path).body(Vec::new()).unwrap()).await
}

#[tokio::test]
async fn a_download_is_the_bytes_as_they_are_and_is_never_shown() {
    let world = World::start().await;

    let answer = get(&world, "photo").await;

    assert_eq!((answer.status, answer.body.as_slice()), (200, BYTES));
    assert_eq!(answer.header("content-type"), "image/jpeg");
    assert_eq!(answer.header("content-disposition"), "attachment; filename*=UTF-8''a%20photo.jpg");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(answer.header("content-security-policy").contains("sandbox"));
    assert_eq!(answer.header("cache-control"), "private, no-store");
}

#[tokio::test]
async fn a_download_without_a_type_is_bytes_and_what_is_to_be_shown_is_saved_all_the_same() {
    let world = World::start().await;

    let answer = get(&world, "plain").await;

    assert_eq!(answer.header("content-type"), "application/octet-stream");
    assert_eq!(answer.header("content-disposition"), "attachment");
}

#[tokio::test]
async fn a_download_that_never_begins_is_an_ordinary_error() {
    let world = World::start().await;

    let answer = get(&world, "refused").await;

    assert_eq!((answer.status, answer.header("content-type")), (403, "application/json"));
    assert_eq!(answer.reason(), ("LINK_EXPIRED".to_owned(), "intake.kexiang".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_breaks_off_does_not_look_whole() {
    let world = World::start().await;
    let url = world.url(&format!("/v1/evidence/broken:download?{LINK}"));

    // It may break off before or after its head is sent; it never ends as a whole file does.
    let read = tokio::task::spawn_blocking(move || ureq::get(url).call()?.body_mut().read_to_vec());

    assert!(read.await.unwrap().is_err());
}

#[tokio::test]
async fn a_strict_door_lets_links_in_and_nothing_else_without_a_token() {
    let issuer = Issuer::from_pem(&Issuer::generate_pem()).unwrap();
    let verifier = Verifier::of_issuer(&issuer, Clock::system());
    let world = World::guarded(Some(verifier), |_| {}).await;

    let download = get(&world, "photo").await;
    let particulars = world.request("GET", "/v1/evidence/photo").body(Vec::new()).unwrap();

    assert_eq!(download.status, 200);
    assert_eq!(send(particulars).await.status, 401);
}

#[tokio::test]
async fn the_document_tells_that_a_download_is_bytes_and_needs_no_token() {
    let world = World::start().await;

    let document = world.get("/openapi.json").await.json();

    let download = &document["paths"]["/v1/evidence/{evidence}:download"]["get"];
    assert_eq!(download["security"], json!([]));
    let schema = &download["responses"]["200"]["content"]["*/*"]["schema"];
    assert_eq!(schema, &json!({"type": "string", "format": "binary"}));
    assert!(document["paths"]["/v1/evidence/{evidence}"]["get"]["security"].is_null());
}
