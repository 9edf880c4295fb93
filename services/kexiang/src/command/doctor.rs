//! `kexiang doctor`: what would keep Kexiang from running here, and what to do about it.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use kexiang_core::Clock;

use super::Outcome;
use crate::{
    data_dir::DataDir,
    doctor::{self, Level},
    output,
};

/// Check what `kexiang up` needs.
///
/// Prints one line per check, ok, warn or fail, with what to do. Changes nothing. Exit code 1 when anything fails.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Data directory to look at
    #[arg(long, value_name = "DIR", env = "KEXIANG_DATA_DIR", default_value = "kexiang-data")]
    data_dir: PathBuf,
    /// Address that the gateway would listen on
    #[arg(long, value_name = "ADDR", env = "KEXIANG_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

impl Doctor {
    /// Looks and tells.
    pub async fn run(&self, clock: &Clock) -> Outcome {
        let findings = doctor::examine(&DataDir::at(&self.data_dir), self.listen, clock).await;
        findings.iter().for_each(output::line);
        if findings.iter().any(|finding| finding.level == Level::Fail) {
            Outcome::Failed
        } else {
            Outcome::Done
        }
    }
}
