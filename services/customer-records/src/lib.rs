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

use anyhow::Context;
use kexiang_events::EventLog;
use kexiang_pg::{Pool, Schema};
use kexiang_rpc::{Deps, server::Server};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use config::Config;

use crate::{app::App, grpc::DOMAIN};

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
    let log = EventLog::new(SCHEMA.name);
    let app = App::new(pool.clone(), deps.clock.clone(), log.clone());
    let server = Server::new(SERVICE, DOMAIN, deps.verifier.clone(), config.limits.clone());
    let parts = Parts { config, deps, pool: pool.clone(), log, app, shutdown: shutdown.clone() };
    let workers = worker::start(&parts)?;
    let ready_pool = pool.clone();
    grpc::add_services(server, &parts)
        .serve(listener, move || is_ready(ready_pool.clone()), shutdown)
        .await?;

    workers.wait().await;
    pool.close().await;
    Ok(())
}

async fn is_ready(pool: Pool) -> bool {
    matches!(kexiang_pg::pending_migrations(&pool, &SCHEMA).await, Ok(false))
}
