//! `kexiang key`: the signing key for services that run apart.

use std::path::PathBuf;

use clap::Args;

use crate::{data_dir::DataDir, output};

/// Print the public half of the signing key.
///
/// Makes the key in the data directory when there is none, as `kexiang up` does. What is printed is a JWKS: the file
/// that services which run apart take with --jwks-file. Tokens of the key are made by `kexiang token`, those of
/// services with --role service.
#[derive(Debug, Args)]
#[command(after_help = "Example, on the machine that keeps the key:
  kexiang key > jwks.json
  kexiang token --role service --subject intake --ttl 30d > intake.token")]
pub struct Key {
    /// Data directory with the key
    #[arg(long, value_name = "DIR", env = "KEXIANG_DATA_DIR", default_value = "kexiang-data")]
    data_dir: PathBuf,
}

impl Key {
    /// Makes the key if need be, and prints its public half.
    ///
    /// # Errors
    /// When the key can't be written or read.
    pub fn run(&self) -> anyhow::Result<()> {
        let issuer = DataDir::at(&self.data_dir).issuer()?;
        output::line(serde_json::to_string_pretty(&issuer.jwks())?);
        Ok(())
    }
}
