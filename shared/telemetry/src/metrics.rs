//! The values of all instruments as a Prometheus page.
//!
//! The meter provider belongs to the process and is made at first use, so instruments kept in statics count
//! no matter in which order a program starts. Reading the page changes nothing; the numbers die with the
//! process.

use std::io;
use std::sync::LazyLock;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus::{Registry, TextEncoder};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const TEXT_FORMAT: &str = "text/plain; version=0.0.4";

struct Metrics {
    registry: Registry,
    provider: SdkMeterProvider,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(|| {
    let registry = Registry::new();
    // Neither target_info nor the meter's name: who measured is the attribute `service` of each value.
    let exporter = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        .scope_info_enabled(false)
        .without_target_info()
        .build();
    let provider = SdkMeterProvider::builder();
    let provider = match exporter {
        Ok(exporter) => provider.with_reader(exporter).build(),
        Err(error) => {
            tracing::error!(%error, "metrics will not be shown");
            provider.build()
        }
    };
    Metrics { registry, provider }
});

pub(crate) fn provider() -> SdkMeterProvider {
    METRICS.provider.clone()
}

/// Every metric in the Prometheus text format, version 0.0.4. What cannot be written is logged and left out.
pub fn render() -> String {
    let mut page = String::new();
    if let Err(error) = TextEncoder::new().encode_utf8(&METRICS.registry.gather(), &mut page) {
        tracing::error!(%error, "metrics could not be written in full");
    }
    page
}

/// `GET /metrics`. It asks for no token: let it listen where only the monitoring reaches it.
pub fn router() -> Router {
    Router::new().route("/metrics", get(async || ([(CONTENT_TYPE, TEXT_FORMAT)], render())))
}

/// Serves [`router`] until `shutdown` is cancelled.
///
/// # Errors
/// When the listener fails.
pub async fn serve_metrics(listener: TcpListener, shutdown: CancellationToken) -> io::Result<()> {
    axum::serve(listener, router()).with_graceful_shutdown(shutdown.cancelled_owned()).await
}

#[cfg(test)]
mod tests {
    use opentelemetry::KeyValue;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::instruments::{self, CODE, METHOD, SERVICE};

    #[test]
    fn the_page_shows_a_recorded_duration() {
        let method = "kexiang.intake.v1.IntakeService/AcceptCase";
        let call = [KeyValue::new(SERVICE, "a"), KeyValue::new(METHOD, method), KeyValue::new(CODE, "OK")];

        instruments::rpc_duration().record(0.004, &call);

        let page = render();
        let labels = format!(r#"code="OK",method="{method}",service="a""#);
        assert!(page.contains("# TYPE rpc_server_duration_seconds histogram"), "{page}");
        assert!(
            page.contains(&format!("rpc_server_duration_seconds_bucket{{{labels},le=\"0.0025\"}} 0")),
            "{page}"
        );
        assert!(
            page.contains(&format!("rpc_server_duration_seconds_bucket{{{labels},le=\"0.005\"}} 1")),
            "{page}"
        );
    }

    #[test]
    fn gauges_show_their_last_value() {
        let consumer = [KeyValue::new(instruments::CONSUMER, "b.a")];

        instruments::event_lag().record(9.0, &consumer);
        instruments::event_lag().record(1.5, &consumer);
        instruments::pool_connections().record(3, &[KeyValue::new(instruments::STATE, "idle")]);

        let page = render();
        assert!(page.contains(r#"event_lag_seconds{consumer="b.a"} 1.5"#), "{page}");
        assert!(page.contains(r#"db_pool_connections{state="idle"} 3"#), "{page}");
    }

    #[tokio::test]
    async fn the_page_is_served_until_shutdown() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let server = tokio::spawn(serve_metrics(listener, shutdown.clone()));

        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        shutdown.cancel();

        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(answer.contains(TEXT_FORMAT), "{answer}");
        server.await.unwrap().unwrap();
    }
}
