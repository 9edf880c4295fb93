//! What each part stands on: its listener, its database, whom it trusts, and the ways to its peers.

use std::net::{Ipv4Addr, SocketAddr};

use kexiang_rpc::{Deps, server::Limits, token::TokenSource, trust::Verifier};
use tokio::net::TcpListener;

use super::{Part, WholeConfig};
use crate::endpoints::Endpoints;

/// Connections to PostgreSQL of each service.
const CONNECTIONS: u32 = 16;

/// The largest file that is taken as evidence, in bytes.
const LARGEST_EVIDENCE: i64 = 100 * 1024 * 1024;

/// The listeners of the four services, bound before anything runs, so that each knows where the others are.
pub struct Services {
    intake: TcpListener,
    dispatch: TcpListener,
    customer_records: TcpListener,
    reporting: TcpListener,
}

impl Services {
    pub async fn bind() -> std::io::Result<Self> {
        let listen = async || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        Ok(Self {
            intake: listen().await?,
            dispatch: listen().await?,
            customer_records: listen().await?,
            reporting: listen().await?,
        })
    }

    /// In the order of [`Endpoints::of_listeners`].
    pub fn addresses(&self) -> std::io::Result<[SocketAddr; 4]> {
        let Self { intake, dispatch, customer_records, reporting } = self;
        Ok([
            intake.local_addr()?,
            dispatch.local_addr()?,
            customer_records.local_addr()?,
            reporting.local_addr()?,
        ])
    }

    pub fn start(self, whole: &WholeConfig, endpoints: &Endpoints) -> [Part; 4] {
        [
            intake(whole, endpoints, self.intake),
            dispatch(whole, endpoints, self.dispatch),
            customer_records(whole, endpoints, self.customer_records),
            reporting(whole, endpoints, self.reporting),
        ]
    }
}

pub fn gateway(whole: &WholeConfig, endpoints: &Endpoints, listener: TcpListener) -> anyhow::Result<Part> {
    let config = kexiang_gateway::Config::new(kexiang_gateway::Backends {
        intake: endpoints.intake.parse()?,
        dispatch: endpoints.dispatch.parse()?,
        customer_records: endpoints.customer_records.parse()?,
        reporting: endpoints.reporting.parse()?,
    });
    let verifier = Some(verifier(whole));
    Ok(Part::spawn(kexiang_gateway::SERVICE, |stop| kexiang_gateway::run(config, verifier, listener, stop)))
}

fn intake(whole: &WholeConfig, endpoints: &Endpoints, listener: TcpListener) -> Part {
    use kexiang_intake::{Config, PromiseSettings, RecognitionSettings, SERVICE, run};
    let config = Config {
        database_url: whole.databases.intake.clone(),
        database_connections: CONNECTIONS,
        dispatch_address: endpoints.dispatch.clone(),
        customer_records_address: endpoints.customer_records.clone(),
        evidence_store: whole.evidence_store.clone(),
        evidence_max_bytes: LARGEST_EVIDENCE,
        evidence_link_base: endpoints.gateway.clone(),
        promises: PromiseSettings::default(),
        recognition: RecognitionSettings::default(),
        following: Default::default(),
        limits: Limits::default(),
    };
    let deps = deps(whole, SERVICE);
    Part::spawn(SERVICE, |stop| run(config, deps, listener, stop))
}

fn dispatch(whole: &WholeConfig, endpoints: &Endpoints, listener: TcpListener) -> Part {
    use kexiang_dispatch::{Config, SERVICE, run};
    let config = Config {
        database_url: whole.databases.dispatch.clone(),
        database_connections: CONNECTIONS,
        intake_address: endpoints.intake.clone(),
        limits: Limits::default(),
    };
    let deps = deps(whole, SERVICE);
    Part::spawn(SERVICE, |stop| run(config, deps, listener, stop))
}

fn customer_records(whole: &WholeConfig, endpoints: &Endpoints, listener: TcpListener) -> Part {
    use kexiang_customer_records::{Config, SERVICE, run};
    let config = Config {
        database_url: whole.databases.customer_records.clone(),
        database_connections: CONNECTIONS,
        intake_address: endpoints.intake.clone(),
        dispatch_address: endpoints.dispatch.clone(),
        key_file: whole.customer_key_file.clone(),
        retention_idle_days: None,
        time_zone: "Asia/Shanghai".to_owned(),
        limits: Limits::default(),
    };
    let deps = deps(whole, SERVICE);
    Part::spawn(SERVICE, |stop| run(config, deps, listener, stop))
}

fn reporting(whole: &WholeConfig, endpoints: &Endpoints, listener: TcpListener) -> Part {
    use kexiang_reporting::{Config, SERVICE, run};
    let config = Config {
        database_url: whole.databases.reporting.clone(),
        database_connections: CONNECTIONS,
        intake_address: endpoints.intake.clone(),
        dispatch_address: endpoints.dispatch.clone(),
        limits: Limits::default(),
    };
    let deps = deps(whole, SERVICE);
    Part::spawn(SERVICE, |stop| run(config, deps, listener, stop))
}

fn deps(whole: &WholeConfig, service: &'static str) -> Deps {
    Deps {
        clock: whole.clock.clone(),
        verifier: verifier(whole),
        tokens: TokenSource::issued(whole.issuer.clone(), whole.clock.clone(), service),
    }
}

fn verifier(whole: &WholeConfig) -> Verifier {
    Verifier::of_issuer(&whole.issuer, whole.clock.clone())
}
