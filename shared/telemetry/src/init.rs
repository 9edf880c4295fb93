//! One-time set-up of logs and traces for the process, and the guard which flushes them at the end.
//!
//! Spans always get ids, so that events and error messages can name their trace; they leave the process only
//! when a collector is configured. The log filter rules the log alone: `log_filter = "off"` does not end the
//! traces. A collector that is away never slows a call: spans queue, then drop, and the log says so.

use std::io::{IsTerminal, stderr};
use std::str::FromStr;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tonic::transport::ClientTlsConfig;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::NoSubscriber;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use crate::metrics;

/// What the process is told about its telemetry.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of the process: a service ("intake"), or "kexiang" when it runs several.
    pub service: String,
    /// Collector that takes OTLP over gRPC, such as `http://localhost:4317`. `None`: no span leaves the
    /// process.
    pub otlp_endpoint: Option<String>,
    /// Share of the traces begun here that are exported, 0.0 to 1.0. A trace begun elsewhere keeps its
    /// decision.
    pub trace_ratio: f64,
    /// Shape of a log line.
    pub log_format: LogFormat,
    /// Which lines are logged, in the syntax of `RUST_LOG`: `info,kexiang_intake=debug`.
    pub log_filter: String,
}

/// Shape of a log line: for machines or for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line, with the fields of every enclosing span.
    Json,
    /// One readable line; coloured on a terminal only.
    Text,
}

impl FromStr for LogFormat {
    type Err = TelemetryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            other => Err(TelemetryError::LogFormat(other.to_owned())),
        }
    }
}

/// Why telemetry could not be set up. All are mistakes of configuration or of the program; none passes by
/// waiting.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The text names no [`LogFormat`].
    #[error("log format must be json or text, not {0:?}")]
    LogFormat(String),
    /// The log filter cannot be read.
    #[error("log filter: {0}")]
    LogFilter(#[from] tracing_subscriber::filter::ParseError),
    /// The address of the collector cannot be used.
    #[error("OTLP endpoint: {0}")]
    Exporter(#[from] ExporterBuildError),
    /// The exporter needs a tokio runtime, and [`init`] was called outside one.
    #[error("an OTLP endpoint needs a tokio runtime: {0}")]
    NoRuntime(#[from] tokio::runtime::TryCurrentError),
    /// The process has its subscriber already; the first one stays.
    #[error("telemetry is already initialised in this process")]
    AlreadyInitialised,
}

/// Keeps telemetry alive; ends with [`Telemetry::shutdown`]. Dropping it instead may lose the last spans.
#[derive(Debug)]
#[must_use = "call shutdown().await at the end, or the last spans are lost"]
pub struct Telemetry {
    tracer_provider: SdkTracerProvider,
}

impl Telemetry {
    /// Sends the spans still queued, waiting five seconds at most. A failure is logged: nobody can mend it
    /// now.
    pub async fn shutdown(self) {
        let flushed = tokio::task::spawn_blocking(move || self.tracer_provider.shutdown()).await;
        match flushed {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last spans were not exported"),
            Err(error) => tracing::warn!(%error, "the flush of spans did not finish"),
        }
    }
}

/// Sets up logs, traces and metrics for the whole process. Call it once, in a binary, inside the tokio
/// runtime.
///
/// # Errors
/// See [`TelemetryError`]. After an error nothing global has changed.
pub fn init(settings: &Settings) -> Result<Telemetry, TelemetryError> {
    let log = log_layer(settings.log_format).with_filter(EnvFilter::try_new(&settings.log_filter)?);
    let tracer_provider = tracer_provider(settings)?;
    tracing_subscriber::registry()
        .with(trace_layer(&tracer_provider))
        .with(log)
        .try_init()
        .map_err(|_| TelemetryError::AlreadyInitialised)?;

    // Our own code asks neither of these two globals; libraries which bring OpenTelemetry along do.
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    // Unheard: the library logs an INFO line about it, the first thing a newcomer would read.
    tracing::subscriber::with_default(NoSubscriber::new(), || {
        opentelemetry::global::set_meter_provider(metrics::provider());
    });
    Ok(Telemetry { tracer_provider })
}

/// Lines on stderr: stdout belongs to what a command answers.
fn log_layer<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let lines = fmt::layer().with_writer(stderr);
    match format {
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(true).boxed()
        }
        LogFormat::Text => lines.with_ansi(stderr().is_terminal()).boxed(),
    }
}

/// Turns spans of level INFO and above into OpenTelemetry spans. Finer ones (h2, sqlx) would drown the trace.
pub(crate) fn trace_layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("kexiang"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(LevelFilter::INFO)
}

fn tracer_provider(settings: &Settings) -> Result<SdkTracerProvider, TelemetryError> {
    let root = Sampler::TraceIdRatioBased(settings.trace_ratio);
    let builder = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name(settings.service.clone()).build())
        .with_sampler(Sampler::ParentBased(Box::new(root)));
    let Some(endpoint) = &settings.otlp_endpoint else { return Ok(builder.build()) };

    tokio::runtime::Handle::try_current()?;
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .with_tls_config(ClientTlsConfig::new().with_enabled_roots())
        .build()?;
    Ok(builder.with_batch_exporter(exporter).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            service: "test".to_owned(),
            otlp_endpoint: None,
            trace_ratio: 1.0,
            log_format: LogFormat::Text,
            log_filter: "off".to_owned(),
        }
    }

    #[tokio::test]
    async fn the_second_set_up_is_refused_and_the_first_lives_on() {
        let first = init(&settings()).unwrap();

        let second = init(&settings());

        assert!(matches!(second, Err(TelemetryError::AlreadyInitialised)));
        let span = tracing::info_span!("work");
        assert!(crate::trace_id(&span).is_some(), "ids exist with the log off and no collector");
        first.shutdown().await;
    }

    #[tokio::test]
    async fn collectors_may_speak_plain_or_tls() {
        for endpoint in [
            "http://localhost:4317",
            "http://[::1]:4317",
            "http://otel_collector:4317",
            "https://otel.example",
        ] {
            let settings = Settings { otlp_endpoint: Some(endpoint.to_owned()), ..settings() };

            let provider = tracer_provider(&settings);

            assert!(provider.is_ok(), "{endpoint}: {provider:?}");
        }
    }

    #[test]
    fn mistakes_of_configuration_are_named() {
        let filter = Settings { log_filter: "kexiang=loud".to_owned(), ..settings() };
        let endpoint = Settings { otlp_endpoint: Some("http://localhost:4317".to_owned()), ..settings() };

        assert!(matches!(init(&filter), Err(TelemetryError::LogFilter(_))));
        assert!(matches!(init(&endpoint), Err(TelemetryError::NoRuntime(_))));
        assert!(matches!("xml".parse::<LogFormat>(), Err(TelemetryError::LogFormat(_))));
    }
}
