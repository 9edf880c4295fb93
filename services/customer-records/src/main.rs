//! Customer records as a process of its own; `kexiang serve customer-records` is the same.

use clap::Parser;
use kexiang_rpc::process::{self, IdentitySettings, ProcessSettings};

/// Customer records: who they are and whose they are.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    process: ProcessSettings,
    #[command(flatten)]
    identity: IdentitySettings,
    #[command(flatten)]
    config: kexiang_customer_records::Config,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Cli { process, identity, config } = Cli::parse();
    process::run(kexiang_customer_records::SERVICE, process, async |listener, shutdown| {
        kexiang_customer_records::run(config, identity.deps()?, listener, shutdown).await
    })
    .await
}
