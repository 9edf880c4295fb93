//! What the gateway can be told. Read once, by the binary.

use std::time::Duration;

use http::{HeaderValue, Uri};

/// Settings of the gateway.
#[derive(Clone, Debug, clap::Args)]
pub struct Config {
    /// Where the services are.
    #[command(flatten)]
    pub backends: Backends,

    /// Largest request body in bytes; larger ones are answered 413.
    #[arg(long, env = "KEXIANG_MAX_BODY_BYTES", default_value_t = 4 * 1024 * 1024, value_name = "BYTES")]
    pub max_body_bytes: usize,

    /// Calls that are under way at once; more are refused with OVERLOADED.
    #[arg(long, env = "KEXIANG_MAX_CONCURRENT_CALLS", default_value_t = 1024, value_name = "COUNT")]
    pub max_concurrent_calls: usize,

    /// Server streams that are open at once, besides the calls; more are refused with OVERLOADED.
    #[arg(long, env = "KEXIANG_MAX_CONCURRENT_STREAMS", default_value_t = 256, value_name = "COUNT")]
    pub max_concurrent_streams: usize,

    /// Seconds that a JSON call may take when the caller sends no `grpc-timeout`. Streams have no limit.
    #[arg(long, env = "KEXIANG_CALL_TIMEOUT_SECONDS", default_value_t = 30, value_name = "SECONDS")]
    pub call_timeout_seconds: u64,

    /// Seconds that calls and streams under way get to finish at shutdown; then their connections are cut.
    #[arg(long, env = "KEXIANG_DRAIN_SECONDS", default_value_t = 30, value_name = "SECONDS")]
    pub drain_seconds: u64,

    /// Origins whose pages may call the gateway from a browser, such as `https://desk.example.org`; repeat for more. None by
    /// default: then only pages of the gateway's own origin may.
    #[arg(long = "cors-origin", env = "KEXIANG_CORS_ORIGINS", value_delimiter = ',', value_name = "ORIGIN")]
    pub cors_origins: Vec<HeaderValue>,
}

/// Addresses of the services, such as `http://127.0.0.1:7001`.
#[derive(Clone, Debug, clap::Args)]
pub struct Backends {
    /// Address of intake.
    #[arg(
        long = "intake-address",
        env = "KEXIANG_INTAKE_ADDRESS",
        default_value = "http://127.0.0.1:7001",
        value_name = "URL"
    )]
    pub intake: Uri,

    /// Address of dispatch.
    #[arg(
        long = "dispatch-address",
        env = "KEXIANG_DISPATCH_ADDRESS",
        default_value = "http://127.0.0.1:7002",
        value_name = "URL"
    )]
    pub dispatch: Uri,

    /// Address of customer records.
    #[arg(
        long = "customer-records-address",
        env = "KEXIANG_CUSTOMER_RECORDS_ADDRESS",
        default_value = "http://127.0.0.1:7003",
        value_name = "URL"
    )]
    pub customer_records: Uri,

    /// Address of reporting.
    #[arg(
        long = "reporting-address",
        env = "KEXIANG_REPORTING_ADDRESS",
        default_value = "http://127.0.0.1:7004",
        value_name = "URL"
    )]
    pub reporting: Uri,
}

impl Config {
    /// The defaults, for services at these addresses.
    #[must_use]
    pub fn new(backends: Backends) -> Self {
        Self {
            backends,
            max_body_bytes: 4 * 1024 * 1024,
            max_concurrent_calls: 1024,
            max_concurrent_streams: 256,
            call_timeout_seconds: 30,
            drain_seconds: 30,
            cors_origins: Vec::new(),
        }
    }

    pub(crate) fn call_timeout(&self) -> Duration {
        Duration::from_secs(self.call_timeout_seconds)
    }

    pub(crate) fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}
