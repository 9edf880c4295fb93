//! One span and one measurement per HTTP request, under the caller's trace: rate, errors and duration by RPC.
//!
//! The path is never a label (there are as many as cases), and neither query, headers nor bodies are recorded: they
//! hold phones and names.

use std::{sync::Arc, time::Instant};

use axum::{extract::Request, middleware::Next, response::Response};
use kexiang_rpc::refusal::code_name;
use kexiang_telemetry::{KeyValue, instruments};
use tonic::Code;
use tracing::{Instrument, field::Empty};

use crate::{SERVICE, routes::Route};

/// The RPC that a request was for, as `package.Service/Method`; put into the extensions of its response.
#[derive(Clone, Debug)]
pub struct RpcName(Arc<str>);

impl RpcName {
    /// From the path on the wire, which starts with a slash.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        Self(path.trim_start_matches('/').into())
    }

    /// That of a route.
    #[must_use]
    pub fn of(route: &Route) -> Self {
        Self::of_path(route.grpc_path.path())
    }
}

/// Opens the request's span and measures it. Streams are measured to their first headers.
pub async fn observe(request: Request, next: Next) -> Response {
    let span = tracing::info_span!(
        "http", otel.name = %request.method(), otel.kind = "server", service = SERVICE,
        http.request.method = %request.method(), http.response.status_code = Empty, rpc.method = Empty, trace_id = Empty,
    );
    kexiang_telemetry::set_parent_from_headers(&span, request.headers());
    if let Some(trace_id) = kexiang_telemetry::trace_id(&span) {
        span.record("trace_id", trace_id);
    }
    let (start, method) = (Instant::now(), request.method().clone());
    let response = next.run(request).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    let Some(RpcName(name)) = response.extensions().get::<RpcName>() else { return response };
    span.record("rpc.method", &**name);
    span.record("otel.name", format!("{method} {name}"));
    instruments::rpc_duration().record(
        start.elapsed().as_secs_f64(),
        &[
            KeyValue::new(instruments::SERVICE, SERVICE),
            KeyValue::new(instruments::METHOD, name.clone()),
            KeyValue::new(instruments::CODE, code_name(code_of(&response))),
        ],
    );
    response
}

/// The code of a failure of the JSON face, or that of a gRPC response which failed at once.
fn code_of(response: &Response) -> Code {
    let of_grpc = || response.headers().get("grpc-status").map(|code| Code::from_bytes(code.as_bytes()));
    response.extensions().get::<Code>().copied().or_else(of_grpc).unwrap_or(Code::Ok)
}
