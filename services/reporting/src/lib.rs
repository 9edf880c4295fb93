//! Reporting: what happened. Owns the schema `reporting` and nothing in it that could not be rebuilt: it takes in the
//! events of intake and dispatch, counts them by published definitions (RE-1, RE-2, RE-3), and leads from each figure to
//! the cases behind it. It changes nothing elsewhere and has no events of its own.
//!
//! | room | to see |
//! |---|---|
//! | [`domain`] | what is counted, what figures mean, whose day it is; no IO |
//! | [`app`] | projections, reports, wallboard |
//! | `store` | SQL over the schema `reporting` |
//! | [`worker`] | the consumers of the logs of intake and dispatch |
//! | [`grpc`] | `kexiang.reporting.v1.ReportingService` |
//!
//! # Invariants and failure cases
//! - Facts, live counts and cursor change in one transaction: killed at any time, figures are those of a beginning of each
//!   log, and the rest is told again (RE-11).
//! - To rebuild from zero, empty all tables with `reporting.consumer_cursors` in one transaction; running consumers begin
//!   anew.
//! - When intake or dispatch is away, answers go on, as of the last events taken in; `as_of_time` says when that was.

pub mod app;
mod config;
pub mod domain;
pub mod grpc;
mod store;
pub mod worker;

use anyhow::Context;
use kexiang_events::{Subscription, consume};
use kexiang_pg::{Pool, Schema};
use kexiang_proto::reporting_v1::reporting_service_server::ReportingServiceServer;
use kexiang_rpc::{
    Deps, Peer,
    server::{MAX_MESSAGE_BYTES, Server},
};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use config::Config;

use crate::{
    app::{App, FROM_DISPATCH, FROM_INTAKE},
    grpc::{DOMAIN, Reporting},
    worker::{dispatch_events, intake_events},
};

/// The service's name in spans and tokens.
pub const SERVICE: &str = "reporting";
/// The schema that reporting owns.
pub const SCHEMA: Schema = Schema { name: "reporting", role: "kexiang_reporting", migrator: &MIGRATOR };
static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// Serves reporting on `listener` until `shutdown`, then finishes the calls and batches under way.
///
/// # Errors
/// When the settings can't work, or the listener fails. A database or a service that is away is waited for.
pub async fn run(
    config: Config,
    deps: Deps,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let pool = kexiang_pg::connect(&config.database_url, "kexiang-reporting", config.database_connections)
        .context("KEXIANG_REPORTING_DATABASE_URL is no database address")?;
    let app = App::new(pool.clone(), deps.clock.clone());
    let workers = start_workers(&config, &deps, &app, &pool, &shutdown)?;

    let service = ReportingServiceServer::new(Reporting::new(app, shutdown.clone()));
    let ready_pool = pool.clone();
    Server::new(SERVICE, DOMAIN, deps.verifier, config.limits)
        .add(service.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .serve(listener, move || is_ready(ready_pool.clone()), shutdown)
        .await?;

    workers.wait().await;
    pool.close().await;
    Ok(())
}

fn start_workers(
    config: &Config,
    deps: &Deps,
    app: &App,
    pool: &Pool,
    shutdown: &CancellationToken,
) -> anyhow::Result<TaskTracker> {
    let subscribe = |consumer, address: &str, types| -> anyhow::Result<Subscription> {
        let source = Peer::connect_lazy(address, deps.tokens.clone())?;
        let (pool, clock) = (pool.clone(), deps.clock.clone());
        Ok(Subscription { consumer, schema: SCHEMA.name, pool, source, types, clock })
    };
    let intake = subscribe(FROM_INTAKE, &config.intake_address, intake_events::TYPES)?;
    let dispatch = subscribe(FROM_DISPATCH, &config.dispatch_address, dispatch_events::TYPES)?;

    let workers = TaskTracker::new();
    let handler = intake_events::IntakeEvents { app: app.clone() };
    workers.spawn(consume(intake, handler, shutdown.clone()));
    let handler = dispatch_events::DispatchEvents { app: app.clone() };
    workers.spawn(consume(dispatch, handler, shutdown.clone()));
    workers.spawn(kexiang_pg::report_pool(pool.clone(), SERVICE, shutdown.clone()));
    workers.close();
    Ok(workers)
}

/// Whether the database answers and has all migrations.
async fn is_ready(pool: Pool) -> bool {
    matches!(kexiang_pg::pending_migrations(&pool, &SCHEMA).await, Ok(false))
}
