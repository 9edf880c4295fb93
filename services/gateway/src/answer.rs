//! Failures as HTTP: the `google.rpc.Status` in canonical JSON, with the headers that belong to its HTTP status.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use kexiang_proto::rpc::Status;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use prost_types::Any;
use serde_json::json;

use crate::failure::Failure;

/// The failure as an HTTP response. Its code goes along in the extensions, for metrics.
#[must_use]
pub fn response(failure: &Failure, pool: &DescriptorPool) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if failure.http == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = failure.retry_after_seconds() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    let allowed = failure.allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
    if let Some(allowed) = HeaderValue::from_str(&allowed).ok().filter(|value| !value.is_empty()) {
        headers.insert(header::ALLOW, allowed);
    }
    let mut response = (failure.http, headers, status_json(failure, pool)).into_response();
    response.extensions_mut().insert(failure.status.code());
    response
}

/// The failure as `google.rpc.Status` JSON. Details of types outside the contract are left out: nobody could read them.
#[must_use]
pub fn status_json(failure: &Failure, pool: &DescriptorPool) -> String {
    let details = kexiang_rpc::refusal::details(&failure.status);
    let status = Status {
        code: failure.status.code() as i32,
        message: failure.status.message().to_owned(),
        details: details.into_iter().filter_map(|detail| readable(detail, pool)).collect(),
    };
    pool.get_message_by_name("google.rpc.Status")
        .and_then(|message| DynamicMessage::decode(message, status.encode_to_vec().as_slice()).ok())
        .and_then(|message| serde_json::to_string(&message).ok())
        .unwrap_or_else(|| json!({"code": status.code, "message": status.message}).to_string())
}

/// The detail under the canonical type URL, when it is what it says.
fn readable(detail: Any, pool: &DescriptorPool) -> Option<Any> {
    let name = detail.type_url.rsplit('/').next()?;
    DynamicMessage::decode(pool.get_message_by_name(name)?, detail.value.as_slice()).ok()?;
    Some(Any { type_url: format!("type.googleapis.com/{name}"), value: detail.value })
}

#[cfg(test)]
mod tests {
    use kexiang_rpc::Refusal;
    use serde_json::Value;

    use super::*;

    fn pool() -> DescriptorPool {
        DescriptorPool::decode(kexiang_proto::DESCRIPTOR_SET).unwrap()
    }

    #[test]
    fn a_status_is_canonical_json_with_typed_details() {
        let failure = Failure::from(Refusal::unavailable("intake.kexiang"));

        let json: Value = serde_json::from_str(&status_json(&failure, &pool())).unwrap();

        assert_eq!(
            json,
            json!({"code": 14, "message": "temporarily unavailable", "details": [
                {"@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": "TEMPORARILY_UNAVAILABLE", "domain": "intake.kexiang"},
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"},
            ]})
        );
    }

    #[test]
    fn details_that_nobody_can_read_are_left_out() {
        let detail = |name: &str, value| Any { type_url: format!("type.googleapis.com/{name}"), value };

        assert_eq!(readable(detail("google.rpc.DebugInfo", vec![]), &pool()), None);
        assert_eq!(readable(detail("google.rpc.RetryInfo", vec![7]), &pool()), None);
        assert!(readable(detail("google.rpc.RetryInfo", vec![]), &pool()).is_some());
    }

    #[test]
    fn headers_belong_to_the_status() {
        let header = |failure: &Failure, name| {
            let response = response(failure, &pool());
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
        };

        assert_eq!(header(&Failure::token_missing(), header::WWW_AUTHENTICATE).as_deref(), Some("Bearer"));
        let unavailable = Failure::from(Refusal::unavailable("intake.kexiang"));
        assert_eq!(header(&unavailable, header::RETRY_AFTER).as_deref(), Some("1"));
        let not_allowed = Failure::method_not_allowed("/v1/cases", vec![Method::GET, Method::POST]);
        assert_eq!(header(&not_allowed, header::ALLOW).as_deref(), Some("GET, POST"));
        assert_eq!(header(&Failure::method_unknown("/v1/x"), header::ALLOW), None);
    }
}
