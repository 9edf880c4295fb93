//! `kexiang health`: what probes ask, for whatever can run a command and no more.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use super::Outcome;
use crate::{client, output};

/// A service that takes longer is not healthy.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Ask a service whether it serves.
///
/// Asks gRPC health (grpc.health.v1), which needs no token, and prints the answer. A service is SERVING while its
/// database answers and all its migrations are applied. Exit code 0 when it is, 1 when it is not or can't be asked.
/// The gateway has no gRPC health of its own: ask its /healthz or /readyz.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kexiang health 127.0.0.1:7001
  kexiang health http://dispatch:7000 --service kexiang.dispatch.v1.DispatchService")]
pub struct Health {
    /// Where the service listens, as host:port or URL
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// Full name of a gRPC service; all that the process serves when not given
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    service: String,
}

impl Health {
    /// Asks and tells.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn run(self) -> anyhow::Result<Outcome> {
        let status = tokio::time::timeout(TIMEOUT, self.ask())
            .await
            .with_context(|| format!("{} did not answer within {} s", self.address, TIMEOUT.as_secs()))??;
        output::line(status.as_str_name());
        Ok(if status == ServingStatus::Serving { Outcome::Done } else { Outcome::Failed })
    }

    async fn ask(&self) -> anyhow::Result<ServingStatus> {
        let Self { address, service } = self;
        let url = if address.contains("://") { address.clone() } else { format!("http://{address}") };
        let mut client = HealthClient::new(client::channel(&url).await?);
        match client.check(HealthCheckRequest { service: service.clone() }).await {
            Ok(answer) => Ok(answer.into_inner().status()),
            Err(status) => bail!("{address} answers {}: {}", status.code(), status.message()),
        }
    }
}
