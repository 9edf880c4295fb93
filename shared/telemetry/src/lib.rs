//! Logs, traces and metrics of a Kexiang process.
//!
//! | room | what it holds |
//! |---|---|
//! | `init` | the one-time set-up and the guard whose shutdown flushes |
//! | `context` | the W3C trace context: from headers, into headers, as text |
//! | [`instruments`] | every metric of the project, defined once |
//! | [`metrics`] | the Prometheus page with their values |
//!
//! **No personal data.** A log line, a span field or a metric attribute never holds a name, a phone number,
//! an address, a message body, a token or free text of a customer or an agent. Name people, cases and orders
//! by id (`case.id`), errors by reason. Nothing here logs a request, a response, a header or a SQL argument,
//! and no caller may. Write `#[tracing::instrument(skip_all, ...)]` and list the fields wanted; what reaches
//! a log also reaches the trace, because events travel on spans.
//!
//! **Whose span.** `kexiang up` runs five services in one process, so the resource attribute `service.name`
//! tells only the process. The outermost span of a call or a job carries the field `service`, and every
//! instrument has an attribute of that name.
//!
//! **Without set-up** (tests, tools) everything here works and does nothing visible: no log lines, no trace
//! context, metrics counted but not served. At kill -9 the spans of the last few seconds are lost and nothing
//! else.

mod context;
mod init;
pub mod instruments;
pub mod metrics;

pub use context::{
    current_trace_id, current_traceparent, inject, set_parent, set_parent_from_headers, set_parents, trace_id,
};
pub use init::{LogFormat, Settings, Telemetry, TelemetryError, init};
pub use metrics::serve_metrics;
pub use opentelemetry::KeyValue;
