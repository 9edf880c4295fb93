//! IN-19 over HTTP, with everything there is: a photo at a case, and a link that somebody without a token opens.

use base64::{Engine, engine::general_purpose::STANDARD};
use kexiang_core::Role;
use serde_json::json;

use crate::center::{Answer, Center, Person, case, contact};

/// What a plain HTTP client got.
struct Got {
    code: u16,
    headers: http::HeaderMap,
    bytes: Vec<u8>,
}

/// Without a token and without any header of ours.
async fn get(uri: &str) -> Got {
    let uri = uri.to_owned();
    let call = move || {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let mut answer = ureq::Agent::new_with_config(config).get(uri).call().unwrap();
        let bytes = answer.body_mut().read_to_vec().unwrap();
        Got { code: answer.status().as_u16(), headers: answer.headers().clone(), bytes }
    };
    tokio::task::spawn_blocking(call).await.unwrap()
}

impl Got {
    fn refused(&self) -> (u16, String) {
        let answer = Answer { code: self.code, body: serde_json::from_slice(&self.bytes).unwrap() };
        (self.code, answer.reason().to_owned())
    }
}

fn photo() -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xe0".to_vec();
    bytes.extend((0..1_300_000_u32).map(|at| u8::try_from(at % 251).unwrap()));
    bytes
}

/// Attaches by JSON: begin, chunk after chunk, finish.
async fn attach(person: &Person, parent: &str, bytes: &[u8]) -> String {
    let evidence = json!({"parent": parent, "fileName": "入户 现场.jpg", "mediaType": "image/jpeg"});
    let begun = person.post("/v1/evidence:beginUpload", json!({"evidence": evidence})).await.ok();
    let name = begun["name"].as_str().unwrap().to_owned();
    for (nr, chunk) in bytes.chunks(1 << 20).enumerate() {
        let data = STANDARD.encode(chunk);
        let chunk = json!({"offset": nr << 20, "data": data});
        person.post(&format!("/v1/{name}:appendChunk"), chunk).await.ok();
    }
    let stored = person.post(&format!("/v1/{name}:finishUpload"), json!({})).await.ok();
    assert_eq!(stored["state"], "EVIDENCE_STATE_STORED");
    assert_eq!(stored["sizeBytes"], bytes.len().to_string());
    name
}

#[tokio::test]
async fn a_photo_at_a_case_is_opened_by_a_link_without_a_token_until_it_expires_or_is_touched() {
    let center = Center::open().await;
    center.set_up().await;
    let agent = center.person("li.na", Role::Agent);
    let accepted = json!({"contact": contact("0871-63512345"), "case": case("KIND_FAULT")});
    let case = agent.post("/v1/cases", accepted).await.ok()["name"].as_str().unwrap().to_owned();
    let name = attach(&agent, &case, &photo()).await;

    let link = agent.post(&format!("/v1/{name}:createLink"), json!({"ttl": "60s"})).await.ok();
    let uri = link["uri"].as_str().unwrap();
    let got = get(uri).await;
    let tampered = get(&uri.replace("expires=1", "expires=2")).await;
    let unsigned = get(uri.split_once('?').unwrap().0).await;
    let listed = agent.get(&format!("/v1/evidence?parent={case}")).await.ok();
    center.advance(2);
    let expired = get(uri).await;

    assert!(uri.starts_with(&center.endpoints().gateway), "{uri}");
    assert_eq!((got.code, got.bytes == photo()), (200, true));
    assert_eq!(got.headers["content-type"], "image/jpeg");
    assert_eq!(got.headers["x-content-type-options"], "nosniff");
    let disposition = got.headers["content-disposition"].to_str().unwrap();
    assert_eq!(disposition, "attachment; filename*=UTF-8''%E5%85%A5%E6%88%B7%20%E7%8E%B0%E5%9C%BA.jpg");
    assert_eq!(tampered.refused(), (403, "LINK_INVALID".to_owned()));
    assert_eq!(unsigned.refused(), (400, "INVALID_FIELDS".to_owned()));
    assert_eq!(expired.refused(), (403, "LINK_EXPIRED".to_owned()));
    assert_eq!(listed["evidence"][0]["name"], name);
    center.close().await;
}

#[tokio::test]
async fn evidence_outlives_a_restart_and_its_links_too() {
    let center = Center::open().await;
    center.set_up().await;
    let technician = center.person("wang.wu", Role::Technician);
    let step = "workOrders/01a20183-2fbc-7697-8c9b-5f1430678ae6";
    let name = attach(&technician, step, &photo()).await;
    let link = technician.post(&format!("/v1/{name}:createLink"), json!({})).await.ok();
    let path = link["uri"].as_str().unwrap().split_once("/v1/").unwrap().1.to_owned();

    let center = center.restart().await;

    let got = get(&format!("{}/v1/{path}", center.endpoints().gateway)).await;
    assert_eq!((got.code, got.bytes == photo()), (200, true));
    center.close().await;
}

#[tokio::test]
async fn only_supervisors_and_administrators_delete_and_what_is_deleted_is_gone_for_links() {
    let center = Center::open().await;
    center.set_up().await;
    let technician = center.person("wang.wu", Role::Technician);
    let supervisor = center.person("chen.hui", Role::Supervisor);
    let step = "workOrders/01a20183-2fbc-7697-8c9b-5f1430678ae6";
    let name = attach(&technician, step, &photo()).await;
    let link = technician.post(&format!("/v1/{name}:createLink"), json!({})).await.ok();

    let denied = technician.post(&format!("/v1/{name}:delete"), json!({"reason": "a mistake"})).await;
    let deleted = supervisor.post(&format!("/v1/{name}:delete"), json!({"reason": "a mistake"})).await.ok();
    let gone = get(link["uri"].as_str().unwrap()).await;

    assert_eq!((denied.code, denied.reason()), (403, "ROLE_NOT_ALLOWED"));
    assert_eq!(deleted["state"], "EVIDENCE_STATE_DELETED");
    assert_eq!(gone.refused(), (404, "NOT_FOUND".to_owned()));
    center.close().await;
}
