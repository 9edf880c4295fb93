//! Deadlines: the caller's `grpc-timeout`, at most the service's own limit. For streams it limits the wait for the head.

use std::time::Duration;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, Request, Response},
    middleware::Next,
};

use super::refuse;
use crate::refusal::Refusal;

/// The limit of one service.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) domain: &'static str,
    pub(crate) longest: Duration,
}

/// Stops waiting at the deadline. Work under way is dropped with its transaction, which rolls back, unless it had been
/// handed to a writer already: then repeating with the same `request_id` tells.
pub(crate) async fn deadline(
    State(limit): State<Limit>,
    request: Request<Body>,
    next: Next,
) -> Response<Body> {
    let wait = asked(request.headers()).map_or(limit.longest, |asked| asked.min(limit.longest));
    match tokio::time::timeout(wait, next.run(request)).await {
        Ok(response) => response,
        Err(_) => refuse(Refusal::deadline_passed(limit.domain)),
    }
}

/// Reads `grpc-timeout`: at most 8 digits and a unit. What can't be read counts as not given.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let amount: u64 = if digits.len() <= 8 { digits.parse().ok()? } else { return None };
    match unit {
        "H" => Some(Duration::from_secs(amount * 3600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, middleware::from_fn_with_state, routing::get};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_call_ends_at_its_callers_deadline_with_a_reason() {
        let limit = Limit { domain: "test.kexiang", longest: Duration::from_secs(30) };
        let hanging = get(std::future::pending::<()>);
        let router = Router::new().route("/", hanging).layer(from_fn_with_state(limit, deadline));
        let request = Request::builder().uri("/").header("grpc-timeout", "20m").body(Body::empty()).unwrap();

        let response = router.oneshot(request).await.unwrap();

        let status = tonic::Status::from_header_map(response.headers()).unwrap();
        assert_eq!(crate::refusal::reason(&status), "DEADLINE_PASSED");
    }

    #[test]
    fn a_timeout_reads_with_its_unit() {
        for (text, expected) in [
            ("20S", Some(Duration::from_secs(20))),
            ("5m", Some(Duration::from_millis(5))),
            ("x", None),
            ("é", None),
        ] {
            let headers = HeaderMap::from_iter([("grpc-timeout".parse().unwrap(), text.parse().unwrap())]);
            assert_eq!(asked(&headers), expected, "{text}");
        }
    }
}
