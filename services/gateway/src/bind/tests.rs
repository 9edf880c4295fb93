use http::Method;
use kexiang_proto::rpc::BadRequest;
use kexiang_rpc::refusal::detail;
use prost_reflect::DescriptorPool;
use serde_json::json;

use super::*;
use crate::routes::Routes;

fn bound(method: &Method, uri: &str, body: &str) -> Result<Value, Failure> {
    let routes = Routes::of(&DescriptorPool::decode(kexiang_proto::DESCRIPTOR_SET).unwrap()).unwrap();
    let (path, query) = uri.split_once('?').map_or((uri, None), |(path, query)| (path, Some(query)));
    let path = RequestPath::parse(path);
    let route = routes.find(method, &path).unwrap();
    let headers =
        HeaderMap::from_iter([(header::CONTENT_TYPE, "application/json; charset=utf-8".parse().unwrap())]);
    bind(route, &path, query, &headers, body.as_bytes())
        .map(|message| serde_json::to_value(&message).unwrap())
}

fn wrong_fields(failure: &Failure) -> Vec<String> {
    let bad = detail::<BadRequest>(&failure.status).unwrap();
    bad.field_violations.into_iter().map(|violation| violation.field).collect()
}

#[test]
fn a_whole_body_is_joined_by_the_path() {
    let value = bound(&Method::POST, "/v1/cases/7:resolve", r#"{"resolution": "done", "requestId": "a"}"#);

    assert_eq!(value.unwrap(), json!({"name": "cases/7", "resolution": "done", "requestId": "a"}));
}

#[test]
fn a_body_field_is_joined_by_path_and_query() {
    let uri = "/v1/customers/7?updateMask=displayName&request_id=a";

    let value = bound(&Method::PATCH, uri, r#"{"displayName": "李"}"#);

    assert_eq!(
        value.unwrap(),
        json!({"customer": {"name": "customers/7", "displayName": "李"}, "updateMask": "displayName", "requestId": "a"})
    );
}

#[test]
fn no_body_is_an_empty_one() {
    assert_eq!(bound(&Method::POST, "/v1/cases/7:close", "").unwrap(), json!({"name": "cases/7"}));
    assert_eq!(bound(&Method::POST, "/v1/sites?siteId=main", "").unwrap(), json!({"siteId": "main"}));
}

#[test]
fn the_body_may_repeat_the_path_but_not_contradict_it() {
    let same = bound(&Method::POST, "/v1/cases/7:close", r#"{"name": "cases/7"}"#);
    let other = bound(&Method::PATCH, "/v1/customers/7", r#"{"name": "customers/8"}"#);

    assert_eq!(same.unwrap(), json!({"name": "cases/7"}));
    assert_eq!(wrong_fields(&other.unwrap_err()), ["customer.name"]);
}

#[test]
fn what_the_body_holds_is_no_query_parameter() {
    let whole = bound(&Method::POST, "/v1/cases/7:resolve?resolution=done", "{}");
    let field = bound(&Method::PATCH, "/v1/customers/7?customer.displayName=x", "{}");

    assert_eq!(wrong_fields(&whole.unwrap_err()), ["resolution"]);
    assert_eq!(wrong_fields(&field.unwrap_err()), ["customer.display_name"]);
}

#[test]
fn a_body_that_is_no_json_object_is_malformed() {
    for body in ["{", "[]", "null", "7", "{\"a\": 1,}", "\"\\ud800\"", "{} {}"] {
        let failure = bound(&Method::POST, "/v1/cases", body).unwrap_err();

        assert_eq!(failure.http.as_u16(), 400, "{body}");
    }
}

#[test]
fn a_method_without_a_body_refuses_one() {
    assert_eq!(
        bound(&Method::GET, "/v1/cases", "{}").unwrap_err().status.message(),
        "this method takes no body"
    );
}
