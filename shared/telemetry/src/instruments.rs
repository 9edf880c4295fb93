//! Every metric of the project, defined once: name, unit, attributes, and what it is good for.
//!
//! An attribute takes few values (a method, a state), never an id: each combination is a time series that a
//! Prometheus keeps. Instruments count from the first use on, whether or not anybody serves them.

use std::sync::LazyLock;

use opentelemetry::metrics::{Gauge, Histogram, Meter, MeterProvider};

use crate::metrics;

/// Attribute: the service which measures, "intake".
pub const SERVICE: &str = "service";
/// Attribute: the method called with its service, "kexiang.intake.v1.IntakeService/AcceptCase"; one that does not exist is
/// "unknown".
pub const METHOD: &str = "method";
/// Attribute: the gRPC status in capitals, "OK", "FAILED_PRECONDITION".
pub const CODE: &str = "code";
/// Attribute: the consumer of events, "dispatch.intake".
pub const CONSUMER: &str = "consumer";
/// Attribute: what a pooled connection does, "idle" or "used".
pub const STATE: &str = "state";

/// Upper bounds in seconds: fine where a local call lies, coarse up to the longest deadline.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// `rpc_server_duration_seconds`: from the arrival of a call to its answer; of a stream, to its first
/// headers. Attributes [`SERVICE`], [`METHOD`], [`CODE`]. Its count is the call rate, by code the error rate.
pub fn rpc_duration() -> &'static Histogram<f64> {
    static INSTRUMENT: LazyLock<Histogram<f64>> = LazyLock::new(|| {
        meter()
            .f64_histogram("rpc.server.duration")
            .with_unit("s")
            .with_description("Time from the arrival of a call to its answer")
            .with_boundaries(SECONDS.to_vec())
            .build()
    });
    &INSTRUMENT
}

/// `event_lag_seconds`: age of the last event a consumer applied, when it applied it; 0 once it has caught
/// up. Attributes [`SERVICE`], [`CONSUMER`]. It grows under load or when a long transaction holds the feed
/// back; a consumer cut off from its source leaves the last value.
pub fn event_lag() -> &'static Gauge<f64> {
    static INSTRUMENT: LazyLock<Gauge<f64>> = LazyLock::new(|| {
        meter()
            .f64_gauge("event.lag")
            .with_unit("s")
            .with_description("How far a consumer is behind the event log it reads")
            .build()
    });
    &INSTRUMENT
}

/// `db_pool_connections`: open connections of a service's pool. Attributes [`SERVICE`], [`STATE`].
pub fn pool_connections() -> &'static Gauge<u64> {
    static INSTRUMENT: LazyLock<Gauge<u64>> = LazyLock::new(|| {
        meter()
            .u64_gauge("db.pool.connections")
            .with_unit("{connection}")
            .with_description("Connections of a service's database pool")
            .build()
    });
    &INSTRUMENT
}

fn meter() -> Meter {
    metrics::provider().meter("kexiang")
}
