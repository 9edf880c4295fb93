//! OP-2: one trace from the gateway through services, SQL and event consumers, against a collector made here; metrics; no
//! personal data in logs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use kexiang_core::Role;
use kexiang_telemetry::{LogFormat, Settings};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    trace::v1::Span,
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

use crate::center::{Center, case, contact};

/// A collector that keeps what it is sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Span>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let resources = request.into_inner().resource_spans;
        let spans =
            resources.into_iter().flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans);
        self.0.lock().unwrap().extend(spans);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    async fn serve() -> (Self, String) {
        let collector = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server =
            tonic::transport::Server::builder().add_service(TraceServiceServer::new(collector.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        (collector, address)
    }

    /// The spans of one trace so far, by name, with whether each has a parent in the trace.
    fn trace(&self, trace_id: &[u8]) -> BTreeMap<String, bool> {
        let spans = self.0.lock().unwrap();
        let own: Vec<_> = spans.iter().filter(|span| span.trace_id == trace_id).collect();
        let ids: BTreeSet<_> = own.iter().map(|span| span.span_id.clone()).collect();
        own.iter().map(|span| (span.name.clone(), ids.contains(&span.parent_span_id))).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_joins_gateway_services_sql_and_event_consumers() {
    let (collector, address) = Collector::serve().await;
    let settings = Settings {
        service: "stories".into(),
        otlp_endpoint: Some(address),
        trace_ratio: 1.0,
        log_format: LogFormat::Text,
        log_filter: "off".into(),
    };
    let telemetry = kexiang_telemetry::init(&settings).unwrap();
    let center = Center::open().await;
    center.set_up().await;
    let desk = center.person("li.na", Role::Agent);
    let trace_id = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128;
    let desk = desk.with_traceparent(format!("00-{trace_id:032x}-00f067aa0ba902b7-01"));

    let accepted =
        desk.post("/v1/cases", json!({"contact": contact("13888000001"), "case": case("KIND_FAULT")}));
    let name = accepted.await.ok()["name"].as_str().unwrap().to_owned();
    desk.until_state(&name, "CASE_STATE_DISPATCHED").await;

    // Accepted by intake, taken in by dispatch, told back to intake: all under the caller's trace.
    let awaited = [
        "kexiang.intake.v1.IntakeService/AcceptCase",
        "app.accept",
        "dispatch.intake",
        "customer_records.intake",
        "reporting.intake",
        "intake.dispatch",
        "db.write",
        "db.work_order.insert",
        "db.case.update",
    ];
    let mut seen = BTreeMap::new();
    for _ in 0..1_500 {
        seen = collector.trace(&trace_id.to_be_bytes());
        if awaited.iter().all(|name| seen.contains_key(*name)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for name in awaited {
        assert!(seen.contains_key(name), "{name} is missing in {:?}", seen.keys());
    }
    assert!(
        seen["kexiang.intake.v1.IntakeService/AcceptCase"],
        "the service's span hangs under the gateway's: {seen:?}"
    );
    assert!(seen["db.write"] && seen["db.case.update"], "SQL hangs under what it is done for: {seen:?}");
    center.close().await;
    telemetry.shutdown().await;
}

#[tokio::test]
async fn metrics_tell_rate_errors_duration_by_method_event_lag_and_pool() {
    let center = Center::open().await;
    center.set_up().await;
    let desk = center.person("li.na", Role::Agent);
    desk.post("/v1/cases", json!({})).await;
    let accepted =
        desk.post("/v1/cases", json!({"contact": contact("13888000001"), "case": case("KIND_FAULT")}));
    let name = accepted.await.ok()["name"].as_str().unwrap().to_owned();
    desk.until_state(&name, "CASE_STATE_DISPATCHED").await;

    let metrics = kexiang_telemetry::metrics::render();

    let line = |parts: &[&str]| metrics.lines().any(|line| parts.iter().all(|part| line.contains(part)));
    let method = "method=\"kexiang.intake.v1.IntakeService/AcceptCase\"";
    assert!(
        line(&["rpc_server_duration_seconds_count", method, "service=\"intake\"", "code=\"OK\""]),
        "{metrics}"
    );
    assert!(line(&["rpc_server_duration_seconds_count", method, "code=\"INVALID_ARGUMENT\""]));
    assert!(line(&["event_lag_seconds", "consumer=\"dispatch.intake\""]));
    assert!(line(&["db_pool_connections", "service=\"intake\""]));
    center.close().await;
}
