//! The five services in one process: the same code as apart, on loopback addresses that the system chooses.
//!
//! Stopping goes from the outside in: the gateway first, so that what it has taken on still finds the services. A
//! service that does not end within [`PATIENCE`] is left behind; what was answered is committed and stays.

mod services;

use std::{future::Future, path::PathBuf, time::Duration};

use anyhow::{Context, anyhow};
use futures::future::select_all;
use kexiang_core::Clock;
use kexiang_rpc::token::Issuer;
use services::Services;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{database::Databases, endpoints::Endpoints};

/// How long a part may take to finish what it accepted.
const PATIENCE: Duration = Duration::from_secs(40);

/// What the whole runs on.
#[derive(Clone)]
pub struct WholeConfig {
    /// The database of each service; migrated.
    pub databases: Databases,
    /// The key whose tokens all services take, and with which they call each other.
    pub issuer: Issuer,
    /// The time.
    pub clock: Clock,
    /// Where the bytes of evidence are kept: `file:///FOLDER` or `s3://BUCKET/PREFIX`.
    pub evidence_store: String,
    /// The keys of all personal data.
    pub customer_key_file: PathBuf,
}

/// The running whole. Dropping it stops nothing in order: call [`Whole::stop`].
pub struct Whole {
    endpoints: Endpoints,
    /// The gateway first.
    parts: Vec<Part>,
}

struct Part {
    name: &'static str,
    running: JoinHandle<anyhow::Result<()>>,
    stop: CancellationToken,
}

impl Part {
    /// Starts a part that runs until the token it is given is cancelled.
    fn spawn<F>(name: &'static str, run: impl FnOnce(CancellationToken) -> F) -> Self
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let stop = CancellationToken::new();
        Self { name, running: tokio::spawn(run(stop.clone())), stop }
    }
}

impl Whole {
    /// Starts all five; `gateway` is where people come in. Calls wait until the services are ready.
    ///
    /// # Errors
    /// When a part can't begin.
    pub async fn start(config: WholeConfig, gateway: TcpListener) -> anyhow::Result<Self> {
        let services = Services::bind().await.context("no address on the loopback")?;
        let endpoints =
            Endpoints::of_listeners(gateway.local_addr()?, services.addresses()?, std::process::id());
        let mut parts = vec![services::gateway(&config, &endpoints, gateway)?];
        parts.extend(services.start(&config, &endpoints));
        Ok(Self { endpoints, parts })
    }

    /// Where everything listens.
    #[must_use]
    pub const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Waits until a part ends that nobody told to, and says which and why.
    pub async fn failed(&mut self) -> anyhow::Error {
        let (ended, at, _) = select_all(self.parts.iter_mut().map(|part| &mut part.running)).await;
        let part = self.parts.remove(at);
        match ended {
            Ok(Ok(())) => anyhow!("{} ended by itself", part.name),
            Ok(Err(error)) => error.context(format!("{} failed", part.name)),
            Err(panic) => anyhow!("{} failed: {panic}", part.name),
        }
    }

    /// Stops all parts after they finished what they accepted.
    ///
    /// # Errors
    /// When a part ends with an error or not in time; the others are stopped all the same.
    pub async fn stop(self) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        let (outside, inside): (Vec<_>, Vec<_>) =
            self.parts.into_iter().partition(|part| part.name == kexiang_gateway::SERVICE);
        for parts in [outside, inside] {
            parts.iter().for_each(|part| part.stop.cancel());
            for part in parts {
                outcome = outcome.and(part.end().await);
            }
        }
        outcome
    }
}

impl Part {
    async fn end(mut self) -> anyhow::Result<()> {
        match tokio::time::timeout(PATIENCE, &mut self.running).await {
            Ok(ended) => ended
                .with_context(|| format!("{} failed", self.name))?
                .with_context(|| format!("{} failed", self.name)),
            Err(_) => {
                self.running.abort();
                Err(anyhow!("{} did not finish within {} s", self.name, PATIENCE.as_secs()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(parts: Vec<Part>) -> Whole {
        Whole { endpoints: Endpoints::behind_gateway("http://127.0.0.1:1"), parts }
    }

    fn idle(name: &'static str) -> Part {
        Part::spawn(name, |stop| async move {
            stop.cancelled().await;
            Ok(())
        })
    }

    #[tokio::test]
    async fn a_failed_part_is_named_with_its_reason_and_the_others_stop() {
        let mut whole = whole(vec![
            idle("gateway"),
            Part::spawn("intake", |_| async { Err(anyhow!("no database")) }),
            idle("dispatch"),
        ]);

        let failure = whole.failed().await;

        assert_eq!(format!("{failure:#}"), "intake failed: no database");
        whole.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_part_that_ends_untold_has_failed() {
        let mut whole = whole(vec![idle("gateway"), Part::spawn("dispatch", |_| async { Ok(()) })]);

        assert_eq!(whole.failed().await.to_string(), "dispatch ended by itself");
    }

    #[tokio::test]
    async fn services_stop_after_the_gateway() {
        let gateway_stopped = CancellationToken::new();
        let (told, seen) = (gateway_stopped.clone(), gateway_stopped);
        let gateway = Part::spawn("gateway", |stop| async move {
            stop.cancelled().await;
            told.cancel();
            Ok(())
        });
        let intake = Part::spawn("intake", |stop| async move {
            stop.cancelled().await;
            if seen.is_cancelled() { Ok(()) } else { Err(anyhow!("stopped before the gateway")) }
        });

        whole(vec![intake, gateway]).stop().await.unwrap();
    }
}
