//! The gateway as a process of its own; `kexiang serve gateway` is the same.

use clap::Parser;
use kexiang_core::Clock;
use kexiang_rpc::{
    process::{self, ProcessSettings},
    trust::{TrustSettings, Verifier},
};

/// The JSON, gRPC-Web and gRPC face of the services.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    process: ProcessSettings,
    /// Whose tokens are let in; when nobody is named, tokens are left to the services.
    #[command(flatten)]
    trust: TrustSettings,
    #[command(flatten)]
    config: kexiang_gateway::Config,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Cli { process, trust, config } = Cli::parse();
    process::run(kexiang_gateway::SERVICE, process, async |listener, shutdown| {
        let verifier = Verifier::if_configured(&trust, Clock::system())?;
        kexiang_gateway::run(config, verifier, listener, shutdown).await
    })
    .await
}
