//! Intake and customer records on the loopback, each on threads of its own, as their binaries run them. Dispatch is away.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    thread::{self, JoinHandle},
};

use anyhow::{Context, anyhow};
use kexiang_core::Clock;
use kexiang_rpc::{
    Deps,
    server::Limits,
    token::{Issuer, TokenSource},
    trust::Verifier,
};
use tokio_util::sync::CancellationToken;

use super::ground::Ground;

/// The discard port: nobody is there.
const NOBODY: &str = "http://127.0.0.1:9";
/// Connections to the database of each.
const CONNECTIONS: u32 = 16;

/// Both running; dropping them stops them.
pub struct Services {
    /// Where intake listens.
    pub intake: String,
    /// Where customer records listen.
    pub customer_records: String,
    shutdown: CancellationToken,
    running: Vec<(&'static str, JoinHandle<anyhow::Result<()>>)>,
}

impl Services {
    /// Starts both; they trust tokens of `issuer`, and customer records hold the keys of `key_file`.
    pub fn start(ground: &Ground, key_file: PathBuf, issuer: &Issuer) -> anyhow::Result<Self> {
        let shutdown = CancellationToken::new();
        let (records_listener, customer_records) = listen()?;
        let (intake_listener, intake) = listen()?;
        let records = kexiang_customer_records::Config {
            database_url: ground.url(&kexiang_customer_records::SCHEMA),
            database_connections: CONNECTIONS,
            intake_address: NOBODY.to_owned(),
            dispatch_address: NOBODY.to_owned(),
            key_file,
            retention_idle_days: None,
            time_zone: "Asia/Shanghai".to_owned(),
            limits: Limits::default(),
        };
        let front = kexiang_intake::Config {
            database_url: ground.url(&kexiang_intake::SCHEMA),
            database_connections: CONNECTIONS,
            dispatch_address: NOBODY.to_owned(),
            customer_records_address: customer_records.clone(),
            // Never opened: the bench attaches nothing.
            evidence_store: "file:///nonexistent/evidence".to_owned(),
            evidence_max_bytes: 1,
            evidence_link_base: String::new(),
            promises: kexiang_intake::PromiseSettings::default(),
            recognition: kexiang_intake::RecognitionSettings::default(),
            following: kexiang_intake::FollowingConfig::default(),
            limits: Limits::default(),
        };
        let stop = shutdown.clone();
        let deps = deps(issuer, kexiang_customer_records::SERVICE);
        let records = spawn(kexiang_customer_records::SERVICE, async move {
            let listener = tokio::net::TcpListener::from_std(records_listener)?;
            kexiang_customer_records::run(records, deps, listener, stop).await
        })?;
        let stop = shutdown.clone();
        let deps = self::deps(issuer, kexiang_intake::SERVICE);
        let front = spawn(kexiang_intake::SERVICE, async move {
            let listener = tokio::net::TcpListener::from_std(intake_listener)?;
            kexiang_intake::run(front, deps, listener, stop).await
        })?;
        Ok(Self { intake, customer_records, shutdown, running: vec![records, front] })
    }

    /// Stops them in order.
    pub fn stop(mut self) -> anyhow::Result<()> {
        self.end()
    }

    fn end(&mut self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        for (service, running) in self.running.drain(..) {
            let ended = running.join().map_err(|_| anyhow!("{service} panicked"))?;
            ended.with_context(|| format!("{service} failed"))?;
        }
        Ok(())
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            crate::note(format_args!("{error:#}"));
        }
    }
}

fn listen() -> anyhow::Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no address on the loopback")?;
    listener.set_nonblocking(true)?;
    let address = format!("http://{}", listener.local_addr()?);
    Ok((listener, address))
}

fn deps(issuer: &Issuer, service: &'static str) -> Deps {
    let clock = Clock::system();
    Deps {
        verifier: Verifier::of_issuer(issuer, clock.clone()),
        tokens: TokenSource::issued(issuer.clone(), clock.clone(), service),
        clock,
    }
}

fn spawn(
    service: &'static str,
    serve: impl Future<Output = anyhow::Result<()>> + Send + 'static,
) -> anyhow::Result<(&'static str, JoinHandle<anyhow::Result<()>>)> {
    let running = thread::Builder::new().name(service.to_owned()).spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().thread_name(service).enable_all().build()?;
        runtime.block_on(serve)
    })?;
    Ok((service, running))
}
