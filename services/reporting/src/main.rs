//! Reporting as a process of its own; `kexiang serve reporting` is the same.

use clap::Parser;
use kexiang_rpc::process::{self, IdentitySettings, ProcessSettings};

/// Reporting: what happened.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    process: ProcessSettings,
    #[command(flatten)]
    identity: IdentitySettings,
    #[command(flatten)]
    config: kexiang_reporting::Config,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Cli { process, identity, config } = Cli::parse();
    process::run(kexiang_reporting::SERVICE, process, async |listener, shutdown| {
        kexiang_reporting::run(config, identity.deps()?, listener, shutdown).await
    })
    .await
}
