//! Intake: the promise to the customer, from the first ring of the phone to the closed case.
//!
//! It owns the schema `intake`: sites and their registers, contacts, cases, promises, evidence, the knowledge base, dialogues. It learns from the events of dispatch (a work
//! order exists, the work is done, the return visit is over) and of customer records (whose contact it is), and takes
//! cases on whether the others are up or not (IN-14).
//!
//! | room | what is there |
//! |---|---|
//! | [`domain`] | contacts, cases, promises and their states, who is calling; no IO |
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
use kexiang_events::EventLog;
use kexiang_pg::{Pool, Schema};
use kexiang_rpc::{Deps, Peer, server::Server};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use config::{Config, FollowingConfig, PromiseSettings, RecognitionSettings};

use crate::{
    app::{
        App,
        dialogue::Dialogues,
        evidence::{EvidenceDesk, Objects},
    },
    grpc::DOMAIN,
    peer::CustomerRecords,
};

/// The service's name in spans, events and tokens.
pub const SERVICE: &str = "intake";
/// The schema that intake owns.
pub const SCHEMA: Schema = Schema { name: "intake", role: "kexiang_intake", migrator: &MIGRATOR };
static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// What services and workers are made of.
struct Parts {
    config: Config,
    deps: Deps,
    pool: Pool,
    log: EventLog,
    app: App,
    evidence: EvidenceDesk,
    dialogues: Dialogues,
    customer_records: CustomerRecords,
    shutdown: CancellationToken,
}

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
    let app = app.with_duplicate_window(config.following.duplicate_window());
    let evidence = evidence_desk(&config, &deps, &pool, &log)?;
    let server = Server::new(SERVICE, DOMAIN, deps.verifier.clone(), config.limits.clone());
    let customer_records = Peer::connect_lazy(&config.customer_records_address, deps.tokens.clone())?;
    let customer_records = CustomerRecords::new(customer_records, deps.clock.clone());
    let dialogues = Dialogues::new(app.clone(), customer_records.clone());
    let shutdown_of_parts = shutdown.clone();
    let parts = Parts {
        config,
        deps,
        pool: pool.clone(),
        log,
        app,
        evidence,
        dialogues,
        customer_records,
        shutdown: shutdown_of_parts,
    };
    let workers = worker::start(&parts)?;
    let server = grpc::add_services(server, &parts)?;
    // The last sender to the writer must go with the handlers and workers.
    drop(parts);
    let ready_pool = pool.clone();
    let served = server.serve(listener, move || is_ready(ready_pool.clone()), shutdown);
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

/// Nothing is connected here: the store may be away.
fn evidence_desk(config: &Config, deps: &Deps, pool: &Pool, log: &EventLog) -> anyhow::Result<EvidenceDesk> {
    let objects = Objects::at(&config.evidence_store).context("KEXIANG_EVIDENCE_STORE")?;
    let (largest, base) = (config.evidence_max_bytes, &config.evidence_link_base);
    Ok(EvidenceDesk::new(pool.clone(), deps.clock.clone(), log.clone(), objects, largest, base))
}

async fn is_ready(pool: Pool) -> bool {
    matches!(kexiang_pg::pending_migrations(&pool, &SCHEMA).await, Ok(false))
}
