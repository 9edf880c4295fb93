//! The batching writer: callers that arrive while a commit is under way are written together by the next one.
//!
//! # Invariants
//! - No linger: one caller alone waits one commit.
//! - One transaction takes the register numbers of all its contacts with one lock of each register, and a rollback gives them
//!   back: no gap, no repeat, whatever is killed between any two lines (IN-3).
//! - Answers are given after the commit (IN-14). Killed before it, nothing is there and the caller repeats; killed after it,
//!   the repeated `request_id` or external reference finds the answer.
//! - One bad item never fails its neighbours: what can be refused is refused by itself before anything is written, and a
//!   batch that fails for any other reason is written again one by one.
//! - Two items with the same request id or external reference never share a batch: the second finds the first's answer.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use kexiang_core::{Clock, SiteId};
use kexiang_events::EventLog;
use kexiang_pg::Pool;
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use tracing::Instrument;
use uuid::Uuid;

use super::{
    AppError,
    acceptance::{Acceptance, Accepted, Matter},
    notices,
    sites::Sites,
};

mod batch;

/// Items written in one transaction at most.
const LARGEST_BATCH: usize = 256;
/// Items that wait at most; more callers wait for a place.
const QUEUE: usize = 4096;
/// A batch that takes longer counts as an outage: nobody waits for a database that hangs.
const LONGEST_WRITE: Duration = Duration::from_secs(20);
/// A connection that rested longer is tried before it is used: the server may have been restarted.
const PING_AFTER: Duration = Duration::from_secs(1);

type Reply = oneshot::Sender<Result<Accepted, AppError>>;

struct Job {
    acceptance: Acceptance,
    reply: Reply,
}

/// Where callers hand in.
#[derive(Clone)]
pub(super) struct Queue(mpsc::Sender<Job>);

impl Queue {
    pub(super) async fn write(&self, acceptance: Acceptance) -> Result<Accepted, AppError> {
        self.enqueue(acceptance).await?.await
    }

    pub(super) async fn enqueue(
        &self,
        acceptance: Acceptance,
    ) -> Result<impl Future<Output = Result<Accepted, AppError>> + Send + use<>, AppError> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Job { acceptance, reply }).await.map_err(|_| AppError::Stopping)?;
        Ok(async move { answer.await.unwrap_or(Err(AppError::Stopping)) })
    }
}

/// Writes batch after batch over a connection of its own: a pool would ask the server once more for each.
pub(super) struct Writer {
    options: PgConnectOptions,
    clock: Clock,
    log: EventLog,
    sites: Sites,
    queue: mpsc::Receiver<Job>,
    waiting: VecDeque<Job>,
    connection: Option<Rested>,
}

/// A connection, and since when it rests.
struct Rested {
    connection: PgConnection,
    since: Instant,
}

impl Writer {
    pub(super) fn new(pool: &Pool, clock: Clock, log: EventLog, sites: Sites) -> (Queue, Self) {
        let (sender, queue) = mpsc::channel(QUEUE);
        let options = PgConnectOptions::clone(&pool.connect_options());
        (
            Queue(sender),
            Self { options, clock, log, sites, queue, waiting: VecDeque::new(), connection: None },
        )
    }

    /// Writes until all senders are gone and everything handed in is written.
    pub(super) async fn run(mut self) {
        while let Some(jobs) = self.next_batch().await {
            self.write(jobs).await;
            self.log.wake();
        }
    }

    /// The next jobs in order of arrival; waits for the first one. `None` when the service stops.
    async fn next_batch(&mut self) -> Option<Vec<Job>> {
        if self.waiting.is_empty() {
            let job = self.queue.recv().await?;
            self.waiting.push_back(job);
        }
        while self.waiting.len() < QUEUE {
            let Ok(job) = self.queue.try_recv() else { break };
            self.waiting.push_back(job);
        }
        let mut taken = HashSet::new();
        let mut jobs = Vec::with_capacity(self.waiting.len().min(LARGEST_BATCH));
        let mut held = VecDeque::new();
        for job in self.waiting.drain(..) {
            if jobs.len() < LARGEST_BATCH && keys(&job.acceptance).into_iter().all(|key| taken.insert(key)) {
                jobs.push(job);
            } else {
                held.push_back(job);
            }
        }
        self.waiting = held;
        Some(jobs)
    }

    async fn write(&mut self, jobs: Vec<Job>) {
        let (acceptances, replies): (Vec<_>, Vec<_>) =
            jobs.into_iter().map(|job| (job.acceptance, job.reply)).unzip();
        match self.try_write(&acceptances).await {
            Ok(results) => answer(replies.into_iter().zip(results)),
            Err(error) if error.is_outage() => answer_failed(replies, error),
            Err(error) => {
                // One of them can't be written, or another replica took in its twin.
                tracing::warn!(%error, items = acceptances.len(), "a batch failed and is written one by one");
                for (acceptance, reply) in acceptances.into_iter().zip(replies) {
                    answer([(reply, self.write_alone(acceptance).await)]);
                }
            }
        }
    }

    /// Writes one by itself. When its twin is taken in at another replica between reading and writing, the first attempt
    /// fails once the twin has committed, and the second finds the twin's answer.
    async fn write_alone(&mut self, acceptance: Acceptance) -> Result<Accepted, AppError> {
        let alone = [acceptance];
        let written = match self.try_write(&alone).await {
            Err(error) if !error.is_outage() => self.try_write(&alone).await,
            written => written,
        };
        written.and_then(single)
    }

    /// One transaction for all: results in order, or an error that left nothing behind. After an outage the next one gets a
    /// new connection. Its span continues the first caller's trace and is linked to the others'.
    async fn try_write(
        &mut self,
        acceptances: &[Acceptance],
    ) -> Result<Vec<Result<Accepted, AppError>>, AppError> {
        let span = tracing::info_span!("app.write_batch", service = "intake", items = acceptances.len());
        let traces: Vec<_> =
            acceptances.iter().filter_map(|acceptance| acceptance.call.traceparent.as_deref()).collect();
        kexiang_telemetry::set_parents(&span, &traces);
        let written = tokio::time::timeout(LONGEST_WRITE, self.write_over_connection(acceptances));
        let written = written.instrument(span).await.unwrap_or(Err(sqlx::Error::PoolTimedOut.into()));
        if written.as_ref().is_err_and(AppError::is_outage) {
            self.connection = None;
        }
        written
    }

    async fn write_over_connection(
        &mut self,
        acceptances: &[Acceptance],
    ) -> Result<Vec<Result<Accepted, AppError>>, AppError> {
        // Taken out meanwhile: a write that is given up must not leave its connection behind.
        let mut connection = self.connect().await?;
        let mut transaction = connection.begin().await?;
        let now = self.clock.now();
        let mut results = batch::write(&mut transaction, &self.log, &self.sites, now, acceptances).await;
        if let Ok(accepted) = &results
            && let Err(error) =
                notices::tell_of_acceptances(&mut transaction, &self.log, now, acceptances, accepted).await
        {
            results = Err(error);
        }
        match results {
            Ok(_) => transaction.commit().await?,
            Err(_) => transaction.rollback().await?,
        }
        self.connection = Some(Rested { connection, since: Instant::now() });
        results
    }

    /// The connection at hand, if it still works, or a new one.
    async fn connect(&mut self) -> sqlx::Result<PgConnection> {
        if let Some(Rested { mut connection, since }) = self.connection.take()
            && (since.elapsed() < PING_AFTER || connection.ping().await.is_ok())
        {
            return Ok(connection);
        }
        PgConnection::connect_with(&self.options).await
    }
}

/// What must not come twice in one batch.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Request(String, Uuid),
    Reference(SiteId, String),
}

fn keys(acceptance: &Acceptance) -> Vec<Key> {
    let mut keys = Vec::new();
    if let Some(request) = &acceptance.call.request {
        keys.push(Key::Request(acceptance.call.actor.to_string(), request.request_id));
    }
    if let Matter::Opens(case) = &acceptance.matter
        && let Some(reference) = &case.external_reference
    {
        keys.push(Key::Reference(acceptance.contact.site.clone(), reference.clone()));
    }
    keys
}

fn single(mut results: Vec<Result<Accepted, AppError>>) -> Result<Accepted, AppError> {
    results.pop().unwrap_or(Err(AppError::Stopping))
}

/// A caller that went away meanwhile does not hear its answer; what was accepted stays accepted.
fn answer(answers: impl IntoIterator<Item = (Reply, Result<Accepted, AppError>)>) {
    for (reply, result) in answers {
        let _gone = reply.send(result);
    }
}

fn answer_failed(replies: Vec<Reply>, error: AppError) {
    let mut replies = replies.into_iter();
    if let Some(first) = replies.next() {
        let _gone = first.send(Err(error));
    }
    // The error itself can be told once; the others are told what it means.
    answer(replies.map(|reply| (reply, Err(AppError::Sql(sqlx::Error::WorkerCrashed)))));
}
