//! Dispatch as a process of its own; `kexiang serve dispatch` is the same.

use clap::Parser;
use kexiang_rpc::process::{self, IdentitySettings, ProcessSettings};

/// Dispatch: who does what by when.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    process: ProcessSettings,
    #[command(flatten)]
    identity: IdentitySettings,
    #[command(flatten)]
    config: kexiang_dispatch::Config,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Cli { process, identity, config } = Cli::parse();
    process::run(kexiang_dispatch::SERVICE, process, async |listener, shutdown| {
        kexiang_dispatch::run(config, identity.deps()?, listener, shutdown).await
    })
    .await
}
