//! Customer records: who they are and whose they are. Owns the schema `customer_records`.
//!
//! | room | to see |
//! |---|---|
//! | [`domain`] | what a customer is, what identifies one, how callers become customers; no IO |
//! | [`app`] | the use cases, one transaction each |
//! | [`store`] | SQL over the schema `customer_records` |
//! | [`worker`] | the consumers of the logs of intake and dispatch |
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
use kexiang_core::Call;
use kexiang_events::{EventLog, FeedService, Subscription, consume, partition};
use kexiang_pg::{Pool, Schema};
use kexiang_proto::{
    customers_v1::customer_records_service_server::CustomerRecordsServiceServer,
    event_v1::event_feed_service_server::EventFeedServiceServer,
};
use kexiang_rpc::{
    Deps, Peer,
    server::{MAX_MESSAGE_BYTES, Server},
};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use config::Config;

use crate::{
    app::{App, IDEMPOTENCY},
    grpc::{CustomerRecords, DOMAIN},
    worker::{dispatch_events, intake_events},
};

/// The service's name in spans, events and tokens.
pub const SERVICE: &str = "customer-records";
/// The schema that customer records own.
pub const SCHEMA: Schema =
    Schema { name: "customer_records", role: "kexiang_customer_records", migrator: &MIGRATOR };
static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

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
    let workers = start_workers(&config, &deps, &app, &pool, &shutdown)?;

    let feed = FeedService::new(pool.clone(), log, SERVICE, DOMAIN, grpc::to_any, shutdown.clone());
    let records = CustomerRecordsServiceServer::new(CustomerRecords::new(app));
    let ready_pool = pool.clone();
    Server::new(SERVICE, DOMAIN, deps.verifier, config.limits)
        .add(records.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(EventFeedServiceServer::new(feed))
        .serve(listener, move || is_ready(ready_pool.clone()), shutdown)
        .await?;

    workers.wait().await;
    pool.close().await;
    Ok(())
}

/// Starts the consumers; they end with `shutdown`, after the batch under way.
fn start_workers(
    config: &Config,
    deps: &Deps,
    app: &App,
    pool: &Pool,
    shutdown: &CancellationToken,
) -> anyhow::Result<TaskTracker> {
    let call = Call::of_service(SERVICE)?;
    let intake = Peer::connect_lazy(&config.intake_address, deps.tokens.clone())?;
    let dispatch = Peer::connect_lazy(&config.dispatch_address, deps.tokens.clone())?;
    let subscribe = |consumer, source, types| {
        let (pool, clock) = (pool.clone(), deps.clock.clone());
        Subscription { consumer, schema: SCHEMA.name, pool, source, types, clock }
    };

    let workers = TaskTracker::new();
    let handler = intake_events::IntakeEvents::new(app.clone(), call, intake.clone());
    let events = subscribe("customer_records.intake", intake, intake_events::TYPES);
    workers.spawn(consume(events, handler, shutdown.clone()));
    let handler = dispatch_events::DispatchEvents { app: app.clone() };
    let events = subscribe("customer_records.dispatch", dispatch, dispatch_events::TYPES);
    workers.spawn(consume(events, handler, shutdown.clone()));
    workers.spawn(partition::keep_ahead(pool.clone(), SCHEMA.name, deps.clock.clone(), shutdown.clone()));
    workers.spawn(IDEMPOTENCY.forget_old(pool.clone(), deps.clock.clone(), shutdown.clone()));
    workers.spawn(kexiang_pg::report_pool(pool.clone(), SERVICE, shutdown.clone()));
    workers.close();
    Ok(workers)
}

async fn is_ready(pool: Pool) -> bool {
    matches!(kexiang_pg::pending_migrations(&pool, &SCHEMA).await, Ok(false))
}
