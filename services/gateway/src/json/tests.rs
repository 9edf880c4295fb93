use kexiang_proto::rpc::BadRequest;
use kexiang_rpc::refusal::detail;
use prost::Message as _;
use prost_reflect::DescriptorPool;
use serde_json::json;

use super::*;

fn accept_case() -> MessageDescriptor {
    let pool = DescriptorPool::decode(kexiang_proto::DESCRIPTOR_SET).unwrap();
    pool.get_message_by_name("kexiang.intake.v1.AcceptCaseRequest").unwrap()
}

fn refused(value: &Value) -> Vec<(String, String)> {
    let failure = decode(&accept_case(), value).unwrap_err();
    let bad = detail::<BadRequest>(&failure.status).unwrap();
    bad.field_violations.into_iter().map(|violation| (violation.field, violation.reason)).collect()
}

#[test]
fn json_and_message_are_two_forms_of_one_thing() {
    let value = json!({
        "contact": {"site": "sites/main", "registerNumber": "7", "contactTime": "2026-11-22T03:04:05.000006Z",
            "channel": "CHANNEL_HOTLINE", "ringDuration": "3.500s", "phone_declined": null,
            "caller": {"displayName": "李", "phoneDeclined": true}},
        "case": {"kind": "KIND_FAULT", "reopenCount": 2}
    });

    let message = decode(&accept_case(), &without(&value, "phone_declined")).unwrap();
    let text = encode(&accept_case(), message.encode_to_vec().into()).unwrap();

    let again: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(again, without(&value, "phone_declined"));
}

fn without(value: &Value, key: &str) -> Value {
    let mut value = value.clone();
    value["contact"].as_object_mut().unwrap().remove(key);
    value
}

#[test]
fn proto_names_are_read_too() {
    let message =
        decode(&accept_case(), &json!({"request_id": "a", "case": {"external_reference": "b"}})).unwrap();

    assert_eq!(message.get_field_by_name("request_id").unwrap().as_str(), Some("a"));
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let value = json!({
        "contact": {"channel": "CHANNEL_PIGEON", "contactTime": "yesterday", "caller": "李", "registerNumber": "7"},
        "case": {"title": 7, "reopenCount": 1.5, "colour": "red"},
        "extra": {}
    });

    let malformed = |field: &str| (field.to_owned(), "MALFORMED".to_owned());
    let unknown = |field: &str| (field.to_owned(), "UNKNOWN_FIELD".to_owned());
    assert_eq!(
        refused(&value),
        [
            malformed("contact.channel"),
            malformed("contact.contact_time"),
            malformed("contact.caller"),
            malformed("case.title"),
            malformed("case.reopen_count"),
            unknown("case.colour"),
            unknown("extra"),
        ]
    );
}

#[test]
fn the_answer_does_not_grow_with_the_nonsense() {
    let nonsense: Map<String, Value> =
        (0..10_000).map(|n| (format!("{n}{}", "x".repeat(300)), json!(1))).collect();

    let refused = refused(&Value::Object(nonsense));

    assert_eq!(refused.len(), MAX_VIOLATIONS);
    assert!(refused.iter().all(|(field, _)| field.len() <= MAX_DESCRIPTION_CHARS));
}
