//! What goes on without a call: taking in intake's events, settling what waits, ending shifts. Every worker may
//! run in any number of replicas.

pub mod customer_erasures;
pub mod intake_events;
pub mod settle_waiting;
pub mod shifts;

use kexiang_core::Call;
use kexiang_events::{Subscription, consume, partition};
use kexiang_rpc::Peer;
use tokio_util::task::TaskTracker;

use crate::{Parts, SCHEMA, SERVICE, app::IDEMPOTENCY};

/// Starts all of them; they end with the parts' `shutdown`, after the batch under way.
///
/// # Errors
/// When an address is none.
pub(crate) fn start(parts: &Parts) -> anyhow::Result<TaskTracker> {
    let Parts { config, deps, pool, app, shutdown, .. } = parts;
    let call = Call::of_service(SERVICE)?;
    let subscription = Subscription {
        consumer: intake_events::CONSUMER,
        schema: SCHEMA.name,
        pool: pool.clone(),
        source: Peer::connect_lazy(&config.intake_address, deps.tokens.clone())?,
        types: intake_events::TYPES,
        clock: deps.clock.clone(),
    };
    let handler = intake_events::IntakeEvents { app: app.clone(), call: call.clone() };

    let erasures = Subscription {
        consumer: customer_erasures::CONSUMER,
        types: customer_erasures::TYPES,
        ..subscription.clone()
    };

    let workers = TaskTracker::new();
    let follower = customer_erasures::CustomerErasures { app: app.clone(), call: call.clone() };
    workers.spawn(consume(erasures, follower, shutdown.clone()));
    workers.spawn(consume(subscription, handler, shutdown.clone()));
    workers.spawn(settle_waiting::run(app.clone(), call.clone(), shutdown.clone()));
    workers.spawn(shifts::run(app.clone(), call, shutdown.clone()));
    workers.spawn(partition::keep_ahead(pool.clone(), SCHEMA.name, deps.clock.clone(), shutdown.clone()));
    workers.spawn(IDEMPOTENCY.forget_old(pool.clone(), deps.clock.clone(), shutdown.clone()));
    workers.spawn(kexiang_pg::report_pool(pool.clone(), SERVICE, shutdown.clone()));
    workers.close();
    Ok(workers)
}
