//! Consumers of other services' events: reading the wire outside the transaction, handing the news to the app inside it.

pub mod agreement_dates;
pub mod archive_dates;
mod batch;
mod caller;
mod case_kinds;
pub mod dispatch_events;
mod entry;
pub mod intake_events;
pub mod key_account_checks;
mod register;
mod retention;
mod timers;
pub mod view_events;

use kexiang_core::Call;
use kexiang_events::{HandlerError, Subscription, consume, partition};
use kexiang_rpc::Peer;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Parts, SCHEMA, SERVICE,
    app::{App, AppError, IDEMPOTENCY},
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
    workers.spawn(seal_and_rewrap(app.clone(), shutdown.clone()));
    workers.spawn(follow_merges(app.clone(), call.clone(), shutdown.clone()));
    if let Some(days) = config.retention_idle_days {
        workers.spawn(retention::run(app.clone(), call.clone(), days, shutdown.clone()));
    }
    workers.spawn(timers::advance_ownerships(app.clone(), call.clone(), shutdown.clone()));
    workers.spawn(timers::judge_conduct(app.clone(), call.clone(), shutdown.clone()));
    workers.spawn(timers::advance_handovers(app.clone(), call.clone(), shutdown.clone()));
    let handler = intake_events::IntakeEvents::new(app.clone(), call.clone(), intake.clone());
    let view = || view_events::ViewEvents { app: app.clone() };
    let events = subscribe("customer_records.view.intake", intake.clone(), view_events::PROMISES);
    workers.spawn(consume(events, view(), shutdown.clone()));
    let events = subscribe("customer_records.view.dispatch", dispatch.clone(), dispatch_events::TYPES);
    workers.spawn(consume(events, view(), shutdown.clone()));
    let kinds = case_kinds::CaseKinds { app: app.clone() };
    let events = subscribe("customer_records.case_kinds", intake.clone(), case_kinds::TYPES);
    workers.spawn(consume(events, kinds, shutdown.clone()));
    let events = subscribe("customer_records.intake", intake, intake_events::TYPES);
    workers.spawn(consume(events, handler, shutdown.clone()));
    let handler = dispatch_events::DispatchEvents { app: app.clone() };
    let events = subscribe("customer_records.dispatch", dispatch, dispatch_events::TYPES);
    workers.spawn(consume(events, handler, shutdown.clone()));
    workers.spawn(key_account_checks::run(app.clone(), call.clone(), shutdown.clone()));
    workers.spawn(agreement_dates::run(app.clone(), call.clone(), shutdown.clone()));
    workers.spawn(archive_dates::run(app.clone(), call, shutdown.clone()));
    workers.spawn(partition::keep_ahead(pool.clone(), SCHEMA.name, deps.clock.clone(), shutdown.clone()));
    workers.spawn(IDEMPOTENCY.forget_old(pool.clone(), deps.clock.clone(), shutdown.clone()));
    workers.spawn(kexiang_pg::report_pool(pool.clone(), SERVICE, shutdown.clone()));
    workers.close();
    Ok(workers)
}

async fn follow_merges(app: App, call: Call, shutdown: CancellationToken) {
    app.follow_merges(&call, &shutdown).await;
}

/// Sealing comes first of all, because nothing is served before; tokens are made of sealed names. Rewrapping never ends.
async fn seal_and_rewrap(app: App, shutdown: CancellationToken) {
    app.seal_all(&shutdown).await;
    // Names can be read by their keys now.
    tokio::join!(app.rewrap_keys(&shutdown), app.backfill_name_tokens(&shutdown));
}

fn failed(error: AppError) -> HandlerError {
    match error {
        AppError::Sql(error) => HandlerError::Sql(error),
        other => HandlerError::other(other),
    }
}
