//! What intake takes in from the events of others, and what it does by itself.

pub mod article_expiry;
pub mod categories;
pub mod customer_erasures;
pub mod customer_events;
pub mod dialogue_ends;
pub mod dispatch_events;
pub mod evidence_cleaner;
pub mod mass_faults;
pub mod promise_alarms;

use kexiang_core::Call;
use kexiang_events::{Subscription, consume, partition};
use kexiang_rpc::Peer;
use tokio_util::task::TaskTracker;

use crate::{Parts, SCHEMA, SERVICE, app::IDEMPOTENCY};

/// Starts all of them; they end with the parts' `shutdown`.
///
/// # Errors
/// When an address is none.
pub(crate) fn start(parts: &Parts) -> anyhow::Result<TaskTracker> {
    let Parts { config, deps, pool, app, evidence, dialogues, shutdown, .. } = parts;
    let call = Call::of_service(SERVICE)?;
    let subscribe = |consumer, address: &str, types| -> anyhow::Result<Subscription> {
        let source = Peer::connect_lazy(address, deps.tokens.clone())?;
        let (pool, clock) = (pool.clone(), deps.clock.clone());
        Ok(Subscription { consumer, schema: SCHEMA.name, pool, source, types, clock })
    };
    let dispatch = subscribe("intake.dispatch", &config.dispatch_address, dispatch_events::TYPES)?;
    let customers =
        subscribe("intake.customer_records", &config.customer_records_address, customer_events::TYPES)?;

    let erasures = subscribe("intake.erasures", &config.customer_records_address, customer_erasures::TYPES)?;

    let workers = TaskTracker::new();
    let handler = customer_erasures::CustomerErasures { app: app.clone(), call: call.clone() };
    workers.spawn(consume(erasures, handler, shutdown.clone()));
    let handler = dispatch_events::DispatchEvents::new(app.clone(), call.clone(), dispatch.source.clone());
    workers.spawn(consume(dispatch, handler, shutdown.clone()));
    let handler = customer_events::CustomerEvents { app: app.clone(), call: call.clone() };
    workers.spawn(consume(customers, handler, shutdown.clone()));
    workers.spawn(categories::keep_fresh(app.clone(), shutdown.clone()));
    workers.spawn(promise_alarms::run(app.clone(), call.clone(), shutdown.clone()));
    workers.spawn(categories::retrain(app.clone(), call.clone(), shutdown.clone()));
    workers.spawn(evidence_cleaner::clean_evidence(evidence.clone(), shutdown.clone()));
    workers.spawn(article_expiry::run(app.clone(), call.clone(), shutdown.clone()));
    let mass_faults =
        mass_faults::MassFaults::new(app.clone(), call.clone(), pool.clone(), config.following.threshold());
    workers.spawn(mass_faults.run(shutdown.clone()));
    workers.spawn(dialogue_ends::run(dialogues.clone(), call.clone(), shutdown.clone()));
    workers.spawn(partition::keep_ahead(pool.clone(), SCHEMA.name, deps.clock.clone(), shutdown.clone()));
    workers.spawn(IDEMPOTENCY.forget_old(pool.clone(), deps.clock.clone(), shutdown.clone()));
    workers.spawn(kexiang_pg::report_pool(pool.clone(), SERVICE, shutdown.clone()));
    workers.close();
    Ok(workers)
}
