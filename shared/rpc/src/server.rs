//! One server assembly for every service: the layers and their order, health, reflection, limits, graceful shutdown.
//!
//! On shutdown the service says NOT_SERVING first, takes no new connections, finishes the calls it accepted, and ends its
//! streams through the same token; what goes on after [`Limits::drain_seconds`] is cut off.

use std::{convert::Infallible, future::Future, time::Duration};

use axum::{Router, middleware::from_fn_with_state};
use kexiang_proto::DESCRIPTOR_SET;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{body::Body, server::NamedService, service::Routes};
use tonic_health::server::HealthReporter;
use tower::Service;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    layer::{
        admit::admit,
        authorise::{Guard, authorise},
        deadline::{Limit, deadline},
        observe::{Observed, observe},
        refuse,
        typed::typed,
    },
    places::Places,
    refusal::Refusal,
    serve::serve,
    trust::Verifier,
};

/// The largest message a service takes, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// How often readiness is asked.
const HEALTH_INTERVAL: Duration = Duration::from_secs(1);
/// A service that does not know whether it is ready after this long is not.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// Limits of one service.
#[derive(Debug, Clone, clap::Args)]
pub struct Limits {
    /// Calls that are worked on at once; more are refused with OVERLOADED.
    #[arg(long, env = "KEXIANG_MAX_CONCURRENT_CALLS", default_value_t = 1024)]
    pub max_concurrent_calls: usize,
    /// Server streams that are open at once, besides the calls; more are refused with OVERLOADED.
    #[arg(long, env = "KEXIANG_MAX_CONCURRENT_STREAMS", default_value_t = 256)]
    pub max_concurrent_streams: usize,
    /// Seconds that a call may take at most, whatever deadline its caller set.
    #[arg(long, env = "KEXIANG_CALL_TIMEOUT_SECONDS", default_value_t = 30)]
    pub call_timeout_seconds: u64,
    /// Seconds that calls and streams under way get to finish at shutdown; then their connections are cut.
    #[arg(long, env = "KEXIANG_DRAIN_SECONDS", default_value_t = 30)]
    pub drain_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_concurrent_calls: 1024,
            max_concurrent_streams: 256,
            call_timeout_seconds: 30,
            drain_seconds: 30,
        }
    }
}

/// A service in the making.
pub struct Server {
    service: &'static str,
    domain: &'static str,
    verifier: Verifier,
    limits: Limits,
    routes: Routes,
    health: HealthReporter,
    names: Vec<&'static str>,
}

impl Server {
    /// A server of `service` (such as `intake`), whose refusals are of `domain` (such as `intake.kexiang`).
    #[must_use]
    pub fn new(service: &'static str, domain: &'static str, verifier: Verifier, limits: Limits) -> Self {
        let (health, health_service) = tonic_health::server::health_reporter();
        let routes = with_reflection(Routes::new(health_service));
        Self { service, domain, verifier, limits, routes, health, names: Vec::new() }
    }

    /// Adds a gRPC service.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "adds a service, as builders do")]
    pub fn add<S>(mut self, service: S) -> Self
    where
        S: Service<http::Request<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
        S::Response: axum::response::IntoResponse,
        S::Future: Send + 'static,
    {
        self.names.push(S::NAME);
        self.routes = self.routes.add_service(service);
        self
    }

    /// Serves until `shutdown`. `ready` tells every second whether the service can work (its database answers, its
    /// migrations are applied); health says so to probes. Without an answer within 2 s the service is not ready.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve<R, F>(
        self,
        listener: TcpListener,
        ready: R,
        shutdown: CancellationToken,
    ) -> std::io::Result<()>
    where
        R: Fn() -> F + Send + 'static,
        F: Future<Output = bool> + Send + 'static,
    {
        let probe =
            tokio::spawn(report_health(self.health.clone(), self.names.clone(), ready, shutdown.clone()));
        let drain = Duration::from_secs(self.limits.drain_seconds);
        // Served by axum: tonic's own server answers deadlines before our layer can say why.
        let served = serve(listener, self.layered(), drain, shutdown).await;
        probe.abort();
        served
    }

    /// The layers, the innermost first: a call meets them from the last line to the first.
    fn layered(self) -> Router {
        let Self { service, domain, verifier, limits, routes, .. } = self;
        let longest = Duration::from_secs(limits.call_timeout_seconds);
        let places = Places::new(domain, limits.max_concurrent_calls, limits.max_concurrent_streams);
        routes
            .prepare()
            .into_axum_router()
            // A deadline binds what handlers do, not the checks before.
            .layer(from_fn_with_state(Limit { domain, longest }, deadline))
            // Nobody unknown reaches a handler.
            .layer(from_fn_with_state(Guard { domain, verifier }, authorise))
            // Load is shed before tokens cost anything.
            .layer(from_fn_with_state(places, admit))
            // A panic of anything inside is a defect of one call, not of the service.
            .layer(CatchPanicLayer::custom(move |_| panicked(domain)))
            // All errors, also of the layers inside, leave with a reason.
            .layer(from_fn_with_state(domain, typed))
            // All calls, also refused ones, are seen and measured.
            .layer(from_fn_with_state(Observed { service, domain }, observe))
    }
}

fn panicked(domain: &'static str) -> http::Response<axum::body::Body> {
    tracing::error!(domain, "a call panicked");
    refuse(Refusal::defect(domain))
}

/// Reflection in both versions: older tools ask for v1alpha.
fn with_reflection(routes: Routes) -> Routes {
    let builder = || {
        tonic_reflection::server::Builder::configure().register_encoded_file_descriptor_set(DESCRIPTOR_SET)
    };
    match (builder().build_v1(), builder().build_v1alpha()) {
        (Ok(v1), Ok(v1alpha)) => routes.add_service(v1).add_service(v1alpha),
        (Err(error), _) | (_, Err(error)) => {
            tracing::error!(%error, "no reflection: the descriptor set is not usable");
            routes
        }
    }
}

async fn report_health<R, F>(
    health: HealthReporter,
    names: Vec<&'static str>,
    ready: R,
    shutdown: CancellationToken,
) where
    R: Fn() -> F,
    F: Future<Output = bool>,
{
    use tonic_health::ServingStatus::{NotServing, Serving};
    // Until the first answer nothing is known; the library would say that all is well.
    health.set_service_status("", NotServing).await;
    loop {
        let is_ready =
            !shutdown.is_cancelled() && tokio::time::timeout(HEALTH_TIMEOUT, ready()).await.unwrap_or(false);
        let status = if is_ready { Serving } else { NotServing };
        // The empty name stands for the whole process.
        for name in names.iter().copied().chain([""]) {
            health.set_service_status(name, status).await;
        }
        if shutdown.is_cancelled() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(HEALTH_INTERVAL) => {}
            () = shutdown.cancelled() => {}
        }
    }
}
