//! Intake: the promise to the customer, from the first ring of the phone to the closed case.
//!
//! It owns the schema `intake`: sites and their registers, contacts, cases, the knowledge base, dialogues. It learns from the events of dispatch (a work
//! order exists, the work is done, the return visit is over) and of customer records (whose contact it is), and takes
//! cases on whether the others are up or not (IN-14).
//!
//! | room | what is there |
//! |---|---|
//! | [`domain`] | contacts, cases and their states; no IO |
//! | [`app`] | use cases, one transaction each; the batching writer |
//! | [`store`] | the SQL |
//! | [`grpc`] | handlers and conversions |
//! | `peer` | what is asked of other services while somebody waits |
//! | [`worker`] | consumers of events, timers |
//!
//! To add a verb to a case: the transition in `domain/case/transition.rs`, its RPC in `proto/kexiang/intake/v1`, its
//! handler in `grpc/verbs.rs`, its line in `kexiang_rpc::policy`, and a story.

pub mod app;
mod config;
pub mod domain;
pub mod grpc;
mod peer;
mod store;
pub mod worker;

use anyhow::Context;
use kexiang_core::Call;
use kexiang_events::{EventLog, FeedService, Subscription, consume, partition};
use kexiang_pg::{Pool, Schema};
use kexiang_proto::{
    event_v1::event_feed_service_server::EventFeedServiceServer,
    intake_v1::{
        dialogue_service_server::DialogueServiceServer, intake_service_server::IntakeServiceServer,
        knowledge_service_server::KnowledgeServiceServer, message_service_server::MessageServiceServer,
    },
};
use kexiang_rpc::{
    Deps, Peer,
    server::{MAX_MESSAGE_BYTES, Server},
};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use config::Config;

use crate::{
    app::{App, IDEMPOTENCY, dialogue::Dialogues},
    grpc::{DOMAIN, Intake, Knowledge, SelfService},
    peer::CustomerRecords,
    worker::{article_expiry, customer_events, dialogue_ends, dispatch_events},
};

/// The service's name in spans, events and tokens.
pub const SERVICE: &str = "intake";
/// The schema that intake owns.
pub const SCHEMA: Schema = Schema { name: "intake", role: "kexiang_intake", migrator: &MIGRATOR };
static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// Serves intake on `listener` until `shutdown`, then finishes what it accepted.
///
/// # Errors
/// When the settings can't work, or the listener fails.
pub async fn run(
    config: Config,
    deps: Deps,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let pool = kexiang_pg::connect(&config.database_url, "kexiang-intake", config.database_connections)
        .context("KEXIANG_INTAKE_DATABASE_URL is no database address")?;
    let log = EventLog::new(SCHEMA.name);
    let (app, mut writer) = App::start(pool.clone(), deps.clock.clone(), log.clone());
    let customer_records = Peer::connect_lazy(&config.customer_records_address, deps.tokens.clone())?;
    let dialogues = Dialogues::new(app.clone(), CustomerRecords::new(customer_records));
    let workers = start_workers(&config, &deps, &dialogues, &pool, &shutdown)?;

    let feed = FeedService::new(pool.clone(), log, SERVICE, DOMAIN, grpc::to_any, shutdown.clone());
    let ready_pool = pool.clone();
    let knowledge = KnowledgeServiceServer::new(Knowledge::new(app.clone()));
    let self_service = SelfService::new(dialogues);
    let intake = IntakeServiceServer::new(Intake::new(app, shutdown.clone()));
    let served = Server::new(SERVICE, DOMAIN, deps.verifier, config.limits)
        .add(intake.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(knowledge.max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(DialogueServiceServer::new(self_service.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(MessageServiceServer::new(self_service).max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add(EventFeedServiceServer::new(feed))
        .serve(listener, move || is_ready(ready_pool.clone()), shutdown);
    tokio::select! {
        served = served => served?,
        // Without its writer intake accepts nothing: better to end and be started again than to refuse everybody.
        ended = &mut writer => anyhow::bail!("the writer ended before its time: {ended:?}"),
    }

    // All handlers and workers are gone, and with them the last senders to the writer: it ends when all is written.
    workers.wait().await;
    writer.await.context("the writer failed")?;
    pool.close().await;
    Ok(())
}

fn start_workers(
    config: &Config,
    deps: &Deps,
    dialogues: &Dialogues,
    pool: &Pool,
    shutdown: &CancellationToken,
) -> anyhow::Result<TaskTracker> {
    let (app, call) = (dialogues.app(), Call::of_service(SERVICE)?);
    let subscribe = |consumer, address: &str, types| -> anyhow::Result<Subscription> {
        let source = Peer::connect_lazy(address, deps.tokens.clone())?;
        let (pool, clock) = (pool.clone(), deps.clock.clone());
        Ok(Subscription { consumer, schema: SCHEMA.name, pool, source, types, clock })
    };
    let dispatch = subscribe("intake.dispatch", &config.dispatch_address, dispatch_events::TYPES)?;
    let customers =
        subscribe("intake.customer_records", &config.customer_records_address, customer_events::TYPES)?;

    let workers = TaskTracker::new();
    let handler = dispatch_events::DispatchEvents::new(app.clone(), call.clone(), dispatch.source.clone());
    workers.spawn(consume(dispatch, handler, shutdown.clone()));
    workers.spawn(article_expiry::run(app.clone(), call.clone(), shutdown.clone()));
    workers.spawn(dialogue_ends::run(dialogues.clone(), call.clone(), shutdown.clone()));
    let handler = customer_events::CustomerEvents { app: app.clone(), call };
    workers.spawn(consume(customers, handler, shutdown.clone()));
    workers.spawn(partition::keep_ahead(pool.clone(), SCHEMA.name, deps.clock.clone(), shutdown.clone()));
    workers.spawn(IDEMPOTENCY.forget_old(pool.clone(), deps.clock.clone(), shutdown.clone()));
    workers.spawn(kexiang_pg::report_pool(pool.clone(), SERVICE, shutdown.clone()));
    workers.close();
    Ok(workers)
}

async fn is_ready(pool: Pool) -> bool {
    matches!(kexiang_pg::pending_migrations(&pool, &SCHEMA).await, Ok(false))
}
