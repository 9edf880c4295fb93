//! Customer records: who they are and whose they are. Owns the schema `customer_records`.
//!
//! | room | to see |
//! |---|---|
//! | [`domain`] | what a customer is, what identifies one, how callers become customers; no IO |
//! | [`app`] | the use cases, one transaction each |
//! | [`store`] | SQL over the schema `customer_records` |
//! | [`worker`] | the consumers of the logs of intake and dispatch, and the announcers of what time brings |
//! | [`grpc`] | `kexiang.customers.v1.CustomerRecordsService` and the event feed `customer-records` |
//!
//! # Invariants and failure cases
//! - One phone or e-mail identifies one customer, kept by an index: of two who claim it at once, one is refused, or adopts
//!   the winner when it is a caller.
//! - A contact gets its customer, the link and the events that tell so in the transaction that moves the cursor: killed at
//!   any time, it has all or nothing, and nothing twice.
//! - Personal data is asked of intake, never taken from events, and never goes into events or logs.
//! - Personal data lies sealed by the key of its customer; whoever has the database alone reads nothing (CU-14). Until what
//!   earlier versions wrote in clear is sealed, the service is not ready.
//! - When intake or dispatch is away, callers are recognised as before; their news is taken in later.
//!
//! To add a field to a customer: `domain/customer.rs`, a migration, `store/customers.rs`, the proto, `grpc/convert.rs` and
//! the mask in `grpc/update.rs`, and a story.

pub mod app;
mod config;
pub mod domain;
pub mod grpc;
mod store;
pub mod worker;

use std::path::Path;

use anyhow::Context;
use jiff::tz::TimeZone;
use kexiang_events::EventLog;
use kexiang_pg::{Pool, Schema};
use kexiang_rpc::{Deps, server::Server};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

pub use config::Config;

use crate::{app::App, domain::vault::KeyRing, grpc::DOMAIN};

/// The service's name in spans, events and tokens.
pub const SERVICE: &str = "customer-records";
/// The schema that customer records own.
pub const SCHEMA: Schema =
    Schema { name: "customer_records", role: "kexiang_customer_records", migrator: &MIGRATOR };
static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// What services and workers are made of.
struct Parts {
    config: Config,
    deps: Deps,
    pool: Pool,
    log: EventLog,
    app: App,
    shutdown: CancellationToken,
}

/// Serves customer records on `listener` until `shutdown`, then finishes what it accepted.
///
/// # Errors
/// When the settings can't work, or the listener fails.
pub async fn run(
    config: Config,
    deps: Deps,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let pool =
        kexiang_pg::connect(&config.database_url, "kexiang-customer-records", config.database_connections)
            .context("KEXIANG_CUSTOMER_RECORDS_DATABASE_URL is no database address")?;
    let keys = read_keys(&config.key_file)?;
    let log = EventLog::new(SCHEMA.name);
    let zone =
        TimeZone::get(&config.time_zone).context("KEXIANG_CUSTOMER_RECORDS_TIME_ZONE is no time zone")?;
    let app = App::new(pool.clone(), deps.clock.clone(), log.clone(), keys).with_zone(zone);
    let server = Server::new(SERVICE, DOMAIN, deps.verifier.clone(), config.limits.clone());
    let parts = Parts { config, deps, pool: pool.clone(), log, app, shutdown: shutdown.clone() };
    let workers = worker::start(&parts)?;
    let (ready_pool, ready_app) = (pool.clone(), parts.app.clone());
    let ready = move || is_ready(ready_pool.clone(), ready_app.clone());
    grpc::add_services(server, &parts).serve(listener, ready, shutdown).await?;

    workers.wait().await;
    pool.close().await;
    Ok(())
}

/// Reads the key file.
///
/// # Errors
/// When it can't be read or holds no keys; neither says what is in it.
pub fn read_keys(path: &Path) -> anyhow::Result<KeyRing> {
    let text = std::fs::read_to_string(path).map(Zeroizing::new);
    let text = text.with_context(|| format!("the key file {} can't be read", path.display()))?;
    KeyRing::parse(&text).with_context(|| format!("{} holds no keys", path.display()))
}

async fn is_ready(pool: Pool, app: App) -> bool {
    app.is_sealed() && matches!(kexiang_pg::pending_migrations(&pool, &SCHEMA).await, Ok(false))
}
