//! Dispatch: who does what by when. Owns the schema `dispatch`: units and agents, routing tables, work orders with the
//! decisions who does them, and return visits. Work orders and return visits are made of intake's events alone; what happens
//! to them is told in dispatch's own log.
//!
//! | room | to see |
//! |---|---|
//! | [`domain`] | states and moves, routing, the choice of an agent and its reasons; no IO |
//! | [`app`] | the use cases: load → decide → save + event, one transaction each |
//! | `store` | SQL over the schema `dispatch`, and the order of its locks |
//! | [`worker`] | the consumer of intake's log, the settling of what waits, the end of shifts |
//! | [`grpc`] | the services of `kexiang.dispatch.v1` and the feed |
//!
//! To add a move of a work order: the method in `domain/work_order.rs` with its line in the table of `domain/state.rs`, its
//! event in `domain/facts.rs`, the use case in `app/work_orders.rs`, the handler in `grpc/service.rs`, a story in `tests/it`.
//!
//! # Invariants and failure cases
//! - One work order per round of a life of a case, one of them not cancelled, and one return visit per life, however often
//!   events come.
//! - `agents.open_orders` equals a recount at every commit; it changes only under the lock of the agent's unit.
//! - Where orders wait, no line fits them, or nobody is free who could take them, or the worker is on its way; no
//!   transaction settles more than 500 of each.
//! - Killed at any point, a change has happened wholly or not at all; intake's events are taken in again from the cursor.
//! - A rotation changes under the lock of its row and its unit: a turn is given once, and what is refused costs nobody a turn.
//! - When intake is away, everything else goes on; new cases are taken in when it is back.

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
pub const SERVICE: &str = "dispatch";
/// The schema that dispatch owns.
pub const SCHEMA: Schema = Schema { name: "dispatch", role: "kexiang_dispatch", migrator: &MIGRATOR };
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

/// Serves dispatch on `listener` until `shutdown`, then finishes what it accepted.
///
/// # Errors
/// When the settings can't work, or the listener fails.
pub async fn run(
    config: Config,
    deps: Deps,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let pool = kexiang_pg::connect(&config.database_url, "kexiang-dispatch", config.database_connections)
        .context("KEXIANG_DISPATCH_DATABASE_URL is no database address")?;
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
