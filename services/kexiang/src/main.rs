//! The one binary: `kexiang --help`.

use std::process::ExitCode;

use clap::Parser;
use kexiang::{command::Cli, output};

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().run().await {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            output::note(format_args!("kexiang: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
