//! `kexiang up`: everything in one process, for a newcomer and for a small center.

use std::{io::ErrorKind, net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use clap::Args;
use kexiang_core::Clock;
use kexiang_pg::private::{Options, PrivateServer, PrivateServerError};
use kexiang_proto::intake_v1::ListSitesRequest;
use kexiang_rpc::{
    process::{self, StartError, TelemetrySettings},
    token::Issuer,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    client::Client,
    data_dir::DataDir,
    database::{DATABASE, Databases, SCHEMAS},
    demo,
    endpoints::Endpoints,
    output,
    whole::{Whole, WholeConfig},
};

/// Life of the administrator's token, which is renewed at half of it.
const TOKEN_LIFE: Duration = Duration::from_hours(24);

/// Run everything: PostgreSQL, the four services and the gateway.
///
/// Finds PostgreSQL on this machine and runs a private one in the data directory (or uses the server of
/// --database-url), makes what is missing, starts all services on this machine's loopback and the gateway on
/// --listen, and prints where everything is. Data survive restarts and crashes. Ctrl-C stops everything cleanly.
/// `kexiang doctor` tells what is missing when it does not start.
#[derive(Debug, Args)]
#[command(mut_arg("log_format", |format| format.default_value("text")))]
#[command(mut_arg("log_filter", |filter| filter.default_value("warn")))]
#[command(after_help = "Examples:
  kexiang up
  kexiang up --demo
  kexiang up --data-dir /var/lib/kexiang --listen 0.0.0.0:8080
  kexiang up --database-url postgres://postgres:secret@db.example/postgres")]
pub struct Up {
    /// Where data, key and token are kept; made when it is not there
    #[arg(long, value_name = "DIR", env = "KEXIANG_DATA_DIR", default_value = "kexiang-data")]
    data_dir: PathBuf,
    /// Address of the gateway; port 0 lets the system choose
    #[arg(long, value_name = "ADDR", env = "KEXIANG_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// PostgreSQL server to use instead of a private one, as an administrator who may create databases and roles
    #[arg(long, value_name = "URL", env = "KEXIANG_ADMIN_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Make a small center to look around in, when it is not there yet
    #[arg(long)]
    demo: bool,
    /// Address of /metrics of all services in Prometheus form; none when not given
    #[arg(long, value_name = "ADDR", env = "KEXIANG_METRICS_LISTEN")]
    metrics_listen: Option<SocketAddr>,
    #[command(flatten)]
    telemetry: TelemetrySettings,
}

impl Up {
    /// Runs until it is told to stop.
    ///
    /// # Errors
    /// When something can't begin or breaks; everything else is stopped first.
    pub async fn run(self, clock: Clock) -> anyhow::Result<()> {
        let stop = process::shutdown_on_signal()?;
        let gateway = gateway(self.listen).await?;
        let dir = DataDir::at(&self.data_dir);
        let lock = dir.lock()?;
        let telemetry = kexiang_telemetry::init(&self.telemetry.of("kexiang"))?;
        if let Some(address) = self.metrics_listen {
            tokio::spawn(kexiang_telemetry::serve_metrics(process::listen(address).await?, stop.clone()));
        }
        let ran = match &self.database_url {
            Some(admin_url) => self.on_server(admin_url, &dir, gateway, &clock, &stop).await,
            None => self.on_private(&dir, gateway, &clock, &stop).await,
        };
        telemetry.shutdown().await;
        drop(lock);
        ran.inspect(|()| output::line("Kexiang has stopped."))
    }

    async fn on_private(
        &self,
        dir: &DataDir,
        gateway: TcpListener,
        clock: &Clock,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        let server = match PrivateServer::start(Options::durable(dir.path()).abandoned_by(stop.clone())).await
        {
            Err(PrivateServerError::Abandoned) => return Ok(()),
            started => started?,
        };
        // Making databases may be broken off at any point: the next start goes on from there.
        let ran = match stop.run_until_cancelled(Databases::on_private(&server)).await {
            Some(Ok(databases)) => self.serve(databases, dir, gateway, clock, stop).await,
            Some(Err(error)) => Err(error),
            None => Ok(()),
        };
        server.stop().await;
        ran
    }

    async fn on_server(
        &self,
        admin_url: &str,
        dir: &DataDir,
        gateway: TcpListener,
        clock: &Clock,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        let passwords = dir.role_passwords(&SCHEMAS.map(|schema| schema.role))?.map(Some);
        let making = Databases::on_server(admin_url, DATABASE, &passwords);
        match stop.run_until_cancelled(making).await {
            Some(databases) => self.serve(databases?, dir, gateway, clock, stop).await,
            None => Ok(()),
        }
    }

    /// From the start of the services to their end.
    async fn serve(
        &self,
        databases: Databases,
        dir: &DataDir,
        gateway: TcpListener,
        clock: &Clock,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        let issuer = dir.issuer()?;
        let (issuer_of_all, evidence_store) = (issuer.clone(), dir.evidence_store());
        let customer_key_file = dir.customer_keys()?;
        let clock_of_all = clock.clone();
        let config = WholeConfig {
            databases,
            issuer: issuer_of_all,
            clock: clock_of_all,
            evidence_store,
            customer_key_file,
        };
        let mut whole = Whole::start(config, gateway).await?;
        let endpoints = whole.endpoints().clone();
        let ended = tokio::select! {
            failure = whole.failed() => Err(failure),
            failure = self.attend(&endpoints, dir, &issuer, clock) => failure,
            () = stop.cancelled() => {
                output::line("stopping: finishing what was accepted …");
                Ok(())
            }
        };
        let stopped = whole.stop().await;
        dir.remove_endpoints();
        ended.and(stopped)
    }
}

impl Up {
    /// Tells where everything is, makes the demo, and renews the token for as long as it can.
    async fn attend(
        &self,
        endpoints: &Endpoints,
        dir: &DataDir,
        issuer: &Issuer,
        clock: &Clock,
    ) -> anyhow::Result<()> {
        dir.write_admin_token(issuer, clock, TOKEN_LIFE)?;
        let mut client = Client::connect(endpoints, &dir.admin_token()).await?;
        let sites = client.intake.list_sites(ListSitesRequest::default()).await;
        sites.context("intake does not answer as it should")?;
        if self.demo {
            demo::make(&mut client).await.context("the demo can't be made")?;
        }
        dir.write_endpoints(endpoints)?;
        announce(endpoints, dir, self.demo);
        loop {
            tokio::time::sleep(TOKEN_LIFE / 2).await;
            dir.write_admin_token(issuer, clock, TOKEN_LIFE)?;
        }
    }
}

/// Listens where people come in; a taken port is what newcomers meet most.
async fn gateway(address: SocketAddr) -> anyhow::Result<TcpListener> {
    match process::listen(address).await {
        Err(StartError::Listen { source, .. }) if source.kind() == ErrorKind::AddrInUse => {
            bail!(
                "port {} is taken by another program; stop that one, or choose another with --listen",
                address.port()
            )
        }
        listening => Ok(listening?),
    }
}

fn announce(endpoints: &Endpoints, dir: &DataDir, demo: bool) {
    let (gateway, token) = (&endpoints.gateway, dir.admin_token().display().to_string());
    output::line("Kexiang is running.");
    output::line(format_args!("  gateway    {gateway}   JSON, gRPC-Web and gRPC of all services"));
    output::line(format_args!("  OpenAPI    {gateway}/openapi.json"));
    output::line(format_args!("  data       {}", dir.path().display()));
    output::line(format_args!("  token      {token}   of the administrator"));
    output::line(format_args!(
        "  try        curl -H \"Authorization: Bearer $(cat {token})\" {gateway}/v1/sites"
    ));
    if demo {
        output::line("  demo       site demo: `kexiang report breakdown --site demo --by state`");
    }
    output::line("Ctrl-C stops it; the data stay.");
}
