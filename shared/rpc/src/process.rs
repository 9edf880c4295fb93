//! One process of one service: settings, telemetry, trust, listener, signals. `kexiang serve` and the services' own binaries
//! start so; `kexiang up` and tests give the services what they need by hand.

use std::{future::Future, io, net::SocketAddr, path::PathBuf};

use kexiang_core::Clock;
use kexiang_telemetry::{LogFormat, TelemetryError};
use thiserror::Error;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use crate::{
    token::TokenSource,
    trust::{TrustError, TrustSettings, Verifier},
};

/// What every service is given besides its own settings.
#[derive(Clone)]
pub struct Deps {
    /// Time.
    pub clock: Clock,
    /// Whose tokens are taken.
    pub verifier: Verifier,
    /// The token to show to other services.
    pub tokens: TokenSource,
}

/// What every process can be told.
#[derive(Debug, Clone, clap::Args)]
pub struct ProcessSettings {
    /// Address to serve on; port 0 lets the system choose.
    #[arg(long, env = "KEXIANG_LISTEN")]
    pub listen: SocketAddr,
    /// Address of /metrics in Prometheus form; none when not given.
    #[arg(long, env = "KEXIANG_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
    /// Telemetry.
    #[command(flatten)]
    pub telemetry: TelemetrySettings,
}

/// Logs and traces.
#[derive(Debug, Clone, clap::Args)]
pub struct TelemetrySettings {
    /// OTLP collector for traces, such as http://collector:4317; none when not given.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
    /// Share of traces that are recorded, 0 to 1; a caller's decision goes first.
    #[arg(long, env = "KEXIANG_TRACE_RATIO", default_value_t = 1.0)]
    pub trace_ratio: f64,
    /// How log lines look: json or text.
    #[arg(long, env = "KEXIANG_LOG_FORMAT", default_value = "json")]
    pub log_format: LogFormat,
    /// Which log lines are written, such as info or kexiang_intake=debug,warn.
    #[arg(long, env = "KEXIANG_LOG", default_value = "info")]
    pub log_filter: String,
}

/// Whom a service trusts and how it shows itself.
#[derive(Debug, Clone, clap::Args)]
pub struct IdentitySettings {
    /// Trust.
    #[command(flatten)]
    pub trust: TrustSettings,
    /// File with the token that this service shows to others; read at every call, so renew it in place.
    #[arg(long, env = "KEXIANG_SERVICE_TOKEN_FILE")]
    pub service_token_file: PathBuf,
}

/// Why a process can't start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address can't be listened on.
    #[error("can't listen on {address}; is something else running there?")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Trust.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// Telemetry.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// Signals can't be heard.
    #[error("signals can't be heard")]
    Signals(#[source] io::Error),
}

impl TelemetrySettings {
    /// The settings of telemetry for `service`.
    #[must_use]
    pub fn of(&self, service: &str) -> kexiang_telemetry::Settings {
        kexiang_telemetry::Settings {
            service: service.to_owned(),
            otlp_endpoint: self.otlp_endpoint.clone(),
            trace_ratio: self.trace_ratio,
            log_format: self.log_format,
            log_filter: self.log_filter.clone(),
        }
    }
}

impl IdentitySettings {
    /// What a service is given.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn deps(&self) -> Result<Deps, TrustError> {
        let clock = Clock::system();
        let verifier = Verifier::from_settings(&self.trust, clock.clone())?;
        Ok(Deps { clock, verifier, tokens: TokenSource::file(&self.service_token_file) })
    }
}

/// Runs `serve` as one process until SIGINT or SIGTERM, or until it ends by itself.
///
/// # Errors
/// [`StartError`], and those of `serve`.
pub async fn run<S, F, E>(service: &'static str, settings: ProcessSettings, serve: S) -> Result<(), E>
where
    S: FnOnce(TcpListener, CancellationToken) -> F,
    F: Future<Output = Result<(), E>>,
    E: From<StartError>,
{
    let telemetry = kexiang_telemetry::init(&settings.telemetry.of(service)).map_err(StartError::from)?;
    let shutdown = shutdown_on_signal()?;
    let listener = listen(settings.listen).await?;
    if let Some(address) = settings.metrics_listen {
        let metrics = listen(address).await?;
        tokio::spawn(kexiang_telemetry::serve_metrics(metrics, shutdown.clone()));
    }
    tracing::info!(service, address = ?listener.local_addr().ok(), "serving");
    let served = serve(listener, shutdown).await;
    tracing::info!(service, "stopped");
    telemetry.shutdown().await;
    served
}

/// Listens on `address`.
///
/// # Errors
/// [`StartError::Listen`].
pub async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

/// The exit code of a process that was told to stop twice: that of SIGINT in a shell.
const IMPATIENT: i32 = 130;

/// A token that SIGINT and SIGTERM cancel. A second signal ends the process at once, as kill -9 would: what was acknowledged
/// is committed and stays.
///
/// # Errors
/// [`StartError::Signals`].
pub fn shutdown_on_signal() -> Result<CancellationToken, StartError> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Signals)?;
    let shutdown = CancellationToken::new();
    let token = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        token.cancel();
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::warn!("told to stop twice: ending at once");
        std::process::exit(IMPATIENT)
    });
    Ok(shutdown)
}
