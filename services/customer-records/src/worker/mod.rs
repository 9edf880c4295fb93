//! Consumers of other services' events: reading the wire outside the transaction, handing the news to the app inside it.

pub mod agreement_dates;
pub mod archive_dates;
mod batch;
mod caller;
pub mod dispatch_events;
mod entry;
pub mod intake_events;

use kexiang_core::Call;
use kexiang_events::{HandlerError, Subscription, consume, partition};
use kexiang_rpc::Peer;
use tokio_util::task::TaskTracker;

use crate::{
    Parts, SCHEMA, SERVICE,
    app::{AppError, IDEMPOTENCY},
};

/// Starts all of them; they end with the parts' `shutdown`, after the batch under way.
///
/// # Errors
/// When an address is none.
pub(crate) fn start(parts: &Parts) -> anyhow::Result<TaskTracker> {
    let Parts { config, deps, pool, app, shutdown, .. } = parts;
    let call = Call::of_service(SERVICE)?;
    let intake = Peer::connect_lazy(&config.intake_address, deps.tokens.clone())?;
    let dispatch = Peer::connect_lazy(&config.dispatch_address, deps.tokens.clone())?;
    let subscribe = |consumer, source, types| {
        let (pool, clock) = (pool.clone(), deps.clock.clone());
        Subscription { consumer, schema: SCHEMA.name, pool, source, types, clock }
    };

    let workers = TaskTracker::new();
    let handler = intake_events::IntakeEvents::new(app.clone(), call.clone(), intake.clone());
    let events = subscribe("customer_records.intake", intake, intake_events::TYPES);
    workers.spawn(consume(events, handler, shutdown.clone()));
    let handler = dispatch_events::DispatchEvents { app: app.clone() };
    let events = subscribe("customer_records.dispatch", dispatch, dispatch_events::TYPES);
    workers.spawn(consume(events, handler, shutdown.clone()));
    workers.spawn(agreement_dates::run(app.clone(), call.clone(), shutdown.clone()));
    workers.spawn(archive_dates::run(app.clone(), call, shutdown.clone()));
    workers.spawn(partition::keep_ahead(pool.clone(), SCHEMA.name, deps.clock.clone(), shutdown.clone()));
    workers.spawn(IDEMPOTENCY.forget_old(pool.clone(), deps.clock.clone(), shutdown.clone()));
    workers.spawn(kexiang_pg::report_pool(pool.clone(), SERVICE, shutdown.clone()));
    workers.close();
    Ok(workers)
}

fn failed(error: AppError) -> HandlerError {
    match error {
        AppError::Sql(error) => HandlerError::Sql(error),
        other => HandlerError::other(other),
    }
}
