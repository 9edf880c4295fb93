//! Intake as a process of its own; `kexiang serve intake` is the same.

use clap::Parser;
use kexiang_rpc::process::{self, IdentitySettings, ProcessSettings};

/// Intake: the promise to the customer.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    process: ProcessSettings,
    #[command(flatten)]
    identity: IdentitySettings,
    #[command(flatten)]
    config: kexiang_intake::Config,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Cli { process, identity, config } = Cli::parse();
    process::run(kexiang_intake::SERVICE, process, async |listener, shutdown| {
        kexiang_intake::run(config, identity.deps()?, listener, shutdown).await
    })
    .await
}
