//! `kexiang serve`: one service by itself, as the manifests run it.

use std::future::Future;

use clap::{Args, Subcommand};
use kexiang_core::Clock;
use kexiang_rpc::{
    Deps,
    process::{self, IdentitySettings, ProcessSettings},
    trust::{TrustSettings, Verifier},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Run one service by itself.
///
/// Everything can be given by environment too. The database has to be prepared by `kexiang migrate`; a service is not
/// ready before. SIGTERM stops it after it has finished what it accepted.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  kexiang serve intake --listen 127.0.0.1:7001 --jwks-file jwks.json --service-token-file intake.token \\
    --database-url postgres://kexiang_intake:secret@db/kexiang")]
pub struct Serve {
    #[command(subcommand)]
    service: Service,
}

#[derive(Debug, Subcommand)]
enum Service {
    /// The front desk: sites, contacts, cases
    Intake(Box<Part<kexiang_intake::Config>>),
    /// Who does what by when: units, agents, routes, work orders, tasks
    Dispatch(Box<Part<kexiang_dispatch::Config>>),
    /// Who they are: customers and their timeline
    CustomerRecords(Box<Part<kexiang_customer_records::Config>>),
    /// What happened: wallboard and reports
    Reporting(Box<Part<kexiang_reporting::Config>>),
    /// The JSON, gRPC-Web and gRPC face of the four
    Gateway(Box<Edge>),
}

/// A service over its own schema.
#[derive(Debug, Args)]
struct Part<C: Args> {
    #[command(flatten)]
    process: ProcessSettings,
    #[command(flatten)]
    identity: IdentitySettings,
    #[command(flatten)]
    config: C,
}

/// The gateway owns no schema and shows no token of its own. When nobody is named whom to trust, it leaves tokens to the
/// services.
#[derive(Debug, Args)]
struct Edge {
    #[command(flatten)]
    process: ProcessSettings,
    #[command(flatten)]
    trust: TrustSettings,
    #[command(flatten)]
    config: kexiang_gateway::Config,
}

impl Serve {
    /// Runs it until it is told to stop.
    ///
    /// # Errors
    /// When it can't begin or breaks.
    pub async fn run(self) -> anyhow::Result<()> {
        match self.service {
            Service::Intake(part) => part.run(kexiang_intake::SERVICE, kexiang_intake::run).await,
            Service::Dispatch(part) => part.run(kexiang_dispatch::SERVICE, kexiang_dispatch::run).await,
            Service::CustomerRecords(part) => {
                part.run(kexiang_customer_records::SERVICE, kexiang_customer_records::run).await
            }
            Service::Reporting(part) => part.run(kexiang_reporting::SERVICE, kexiang_reporting::run).await,
            Service::Gateway(edge) => {
                let Edge { process, trust, config } = *edge;
                process::run(kexiang_gateway::SERVICE, process, async |listener, stop| {
                    let verifier = Verifier::if_configured(&trust, Clock::system())?;
                    kexiang_gateway::run(config, verifier, listener, stop).await
                })
                .await
            }
        }
    }
}

impl<C: Args> Part<C> {
    async fn run<F>(
        self,
        service: &'static str,
        run: impl FnOnce(C, Deps, TcpListener, CancellationToken) -> F,
    ) -> anyhow::Result<()>
    where
        F: Future<Output = anyhow::Result<()>>,
    {
        let Self { process, identity, config } = self;
        process::run(service, process, async |listener, stop| {
            run(config, identity.deps()?, listener, stop).await
        })
        .await
    }
}
