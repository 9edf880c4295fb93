//! The W3C trace context: what ties a call, the events it writes and the work of other services to one trace.
//!
//! A `traceparent` reads `00-<trace id, 32 hex digits>-<span id, 16>-<flags>`. What comes from outside is
//! never trusted to be well formed: a malformed one is as good as none. Without [`crate::init()`] there is no
//! context, and every function here answers `None` or does nothing.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

const TRACEPARENT: &str = "traceparent";

/// The current span as a `traceparent`, for an event or a stored job.
pub fn current_traceparent() -> Option<String> {
    let mut headers = HeaderMap::new();
    inject(&mut headers);
    headers.get(TRACEPARENT)?.to_str().ok().map(str::to_owned)
}

/// The trace the current span belongs to, 32 hex digits: what an error message shows and an operator looks
/// up.
pub fn current_trace_id() -> Option<String> {
    trace_id(&Span::current())
}

/// The trace `span` belongs to, 32 hex digits. It starts the span: set the parent before.
pub fn trace_id(span: &Span) -> Option<String> {
    let context = span.context();
    let span_context = context.span().span_context().clone();
    span_context.is_valid().then(|| span_context.trace_id().to_string())
}

/// Writes the current span into the headers of an outgoing call.
pub fn inject(headers: &mut HeaderMap) {
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut Outgoing(headers));
}

/// Makes `span` a child of the span in the headers of an incoming call. Call it before the span is entered;
/// afterwards it has no effect.
pub fn set_parent_from_headers(span: &Span, headers: &HeaderMap) {
    adopt(span, &Incoming(headers));
}

/// Makes `span` a child of a stored `traceparent`, such as the one of the event it handles. Call it before
/// the span is entered; afterwards it has no effect.
pub fn set_parent(span: &Span, traceparent: &str) {
    adopt(span, &Stored(traceparent));
}

/// Makes `span` a child of the first of these stored `traceparent`s, and links it to the others: work that is done for
/// several calls at once. Call it before the span is entered.
pub fn set_parents(span: &Span, traceparents: &[&str]) {
    let Some((first, others)) = traceparents.split_first() else { return };
    set_parent(span, first);
    for other in others {
        let linked = TraceContextPropagator::new().extract_with_context(&Context::new(), &Stored(other));
        let linked = linked.span().span_context().clone();
        if linked.is_valid() {
            span.add_link(linked);
        }
    }
}

fn adopt(span: &Span, source: &dyn Extractor) {
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), source);
    if parent.span().span_context().is_valid() {
        // Refused when the span is filtered out, already started, or nothing traces here: a trace less, no
        // failure.
        let _ = span.set_parent(parent);
    }
}

struct Incoming<'a>(&'a HeaderMap);

impl Extractor for Incoming<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct Stored<'a>(&'a str);

impl Extractor for Stored<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACEPARENT).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

struct Outgoing<'a>(&'a mut HeaderMap);

impl Injector for Outgoing<'_> {
    fn set(&mut self, key: &str, value: String) {
        // An empty `tracestate` says nothing and is left out.
        if value.is_empty() {
            return;
        }
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing::info_span;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    fn traced<T>(test: impl FnOnce() -> T) -> T {
        let provider = SdkTracerProvider::builder().build();
        let subscriber = tracing_subscriber::registry().with(crate::init::trace_layer(&provider));
        tracing::subscriber::with_default(subscriber, test)
    }

    #[test]
    fn a_call_continues_the_trace_of_its_caller() {
        traced(|| {
            let caller = info_span!("caller");
            let mut headers = HeaderMap::new();
            let sent = caller.in_scope(|| {
                inject(&mut headers);
                current_traceparent()
            });
            let callee = info_span!("callee");

            set_parent_from_headers(&callee, &headers);

            assert_eq!(headers[TRACEPARENT].to_str().ok(), sent.as_deref());
            assert!(!headers.contains_key("tracestate"));
            assert!(trace_id(&caller).is_some());
            assert_eq!(trace_id(&callee), trace_id(&caller));
            assert_ne!(callee.in_scope(current_traceparent), sent, "same trace, another span");
        });
    }

    #[test]
    fn a_stored_traceparent_becomes_the_parent() {
        traced(|| {
            let span = info_span!("consumer");

            set_parent(&span, &format!("00-{TRACE}-b7ad6b7169203331-01"));

            assert_eq!(span.in_scope(current_trace_id).as_deref(), Some(TRACE));
        });
    }

    #[test]
    fn a_malformed_traceparent_is_ignored() {
        traced(|| {
            let zeros = format!("00-{}-b7ad6b7169203331-01", "0".repeat(32));
            for malformed in ["", "-", "nonsense", "00-xyz-1-01", "é", &zeros, &format!("00-{TRACE}")] {
                let span = info_span!("call");

                set_parent(&span, malformed);

                let own = trace_id(&span);
                assert!(own.is_some_and(|id| id != TRACE && id.len() == 32), "{malformed:?}");
            }
        });
    }

    #[test]
    fn without_set_up_there_is_no_context() {
        tracing::subscriber::with_default(tracing::subscriber::NoSubscriber::new(), || {
            let mut headers = HeaderMap::new();

            set_parent(&info_span!("call"), &format!("00-{TRACE}-b7ad6b7169203331-01"));
            inject(&mut headers);

            assert!(headers.is_empty());
            assert_eq!((current_traceparent(), current_trace_id()), (None, None));
        });
    }
}
