//! One span and one measurement per call: rate, errors and duration by method.

use std::time::Instant;

use axum::{
    body::Body,
    extract::State,
    http::{Request, Response},
    middleware::Next,
};
use kexiang_telemetry::{KeyValue, instruments};
use tonic::Code;
use tracing::Instrument;

use crate::{caller::Domain, refusal::code_name};

/// The service whose calls are observed.
#[derive(Clone, Copy)]
pub(crate) struct Observed {
    pub(crate) service: &'static str,
    pub(crate) domain: &'static str,
}

/// Opens the call's span under the caller's trace, and measures the call. Bodies and headers are never recorded.
pub(crate) async fn observe(
    State(of): State<Observed>,
    mut request: Request<Body>,
    next: Next,
) -> Response<Body> {
    let method = request.uri().path().trim_start_matches('/').to_owned();
    let span = tracing::info_span!(
        "rpc", otel.name = %method, otel.kind = "server", service = of.service,
        rpc.system = "grpc", rpc.method = %method, rpc.grpc.status_code = tracing::field::Empty,
        trace_id = tracing::field::Empty,
    );
    kexiang_telemetry::set_parent_from_headers(&span, request.headers());
    if let Some(trace_id) = kexiang_telemetry::trace_id(&span) {
        span.record("trace_id", trace_id);
    }
    request.extensions_mut().insert(Domain(of.domain));

    let start = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let code = code_of(&response);
    span.record("rpc.grpc.status_code", code as i32);
    instruments::rpc_duration().record(
        start.elapsed().as_secs_f64(),
        &[
            KeyValue::new(instruments::SERVICE, of.service),
            KeyValue::new(instruments::METHOD, known(method)),
            KeyValue::new(instruments::CODE, code_name(code)),
        ],
    );
    response
}

/// The status of a response: refused calls carry it in the headers, others answer OK (a stream that breaks later is the
/// stream's own affair).
pub(crate) fn code_of<B>(response: &Response<B>) -> Code {
    response.headers().get("grpc-status").map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes()))
}

/// Methods that do not exist share one label, so that nobody can fill the metrics with names.
fn known(method: String) -> String {
    if crate::policy::access(&format!("/{method}")).is_some() { method } else { "unknown".to_owned() }
}
