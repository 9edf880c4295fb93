//! A real intake on the loopback, on threads of its own, as its binary runs it.
//!
//! Dispatch and customer records are away: intake takes cases on without them (IN-14), and their news are not measured.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    thread::{self, JoinHandle},
};

use anyhow::{Context, anyhow};
use kexiang_core::Clock;
use kexiang_intake::{Config, FollowingConfig, PromiseSettings, RecognitionSettings, SERVICE};
use kexiang_rpc::{
    Deps,
    server::Limits,
    token::{Issuer, TokenSource},
    trust::Verifier,
};
use tokio_util::sync::CancellationToken;

/// The discard port: nobody is there.
const NOBODY: &str = "http://127.0.0.1:9";

/// A running intake; dropping it stops it after it has finished what it accepted.
pub struct Service {
    address: SocketAddr,
    shutdown: CancellationToken,
    running: Option<JoinHandle<anyhow::Result<()>>>,
}

impl Service {
    /// Serves over the database at `database_url`; trusts tokens of `issuer`.
    pub fn start(database_url: String, issuer: &Issuer) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no address on the loopback")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let config = Config {
            database_url,
            database_connections: 16,
            dispatch_address: NOBODY.to_owned(),
            customer_records_address: NOBODY.to_owned(),
            // Never opened: the bench attaches nothing.
            evidence_store: "file:///nonexistent/evidence".to_owned(),
            evidence_max_bytes: 1,
            evidence_link_base: String::new(),
            promises: PromiseSettings::default(),
            recognition: RecognitionSettings::default(),
            // The load is of one grid and category: it would be one mass fault of everybody.
            following: FollowingConfig { mass_fault_reports: 0, ..FollowingConfig::default() },
            limits: Limits::default(),
        };
        let clock = Clock::system();
        let deps = Deps {
            verifier: Verifier::of_issuer(issuer, clock.clone()),
            tokens: TokenSource::issued(issuer.clone(), clock.clone(), SERVICE),
            clock,
        };
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let running = thread::Builder::new().name(SERVICE.to_owned()).spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().thread_name(SERVICE).enable_all().build()?;
            runtime.block_on(async {
                kexiang_intake::run(config, deps, tokio::net::TcpListener::from_std(listener)?, stop).await
            })
        })?;
        Ok(Self { address, shutdown, running: Some(running) })
    }

    /// Where it listens.
    pub fn uri(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops it in order.
    pub fn stop(mut self) -> anyhow::Result<()> {
        self.end()
    }

    fn end(&mut self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        let Some(running) = self.running.take() else { return Ok(()) };
        running.join().map_err(|_| anyhow!("intake panicked"))?.context("intake failed")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            crate::note(format_args!("{error:#}"));
        }
    }
}
