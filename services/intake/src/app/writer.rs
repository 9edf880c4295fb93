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
//! - A batch is first tried with one statement ([`batch::make_ready`]), on the belief that nobody else draws from its
//!   registers and nothing in it came before ([`belief`]). Where the belief is wrong the statement leaves nothing behind, and
//!   the batch is written with every look-up, under the locks of its registers.
//! - Somebody who waits for an answer goes before the many of an import. When a full batch waits its statement is made ready
//!   while the one before is written; should that one fail, it is made anew.
//! - Two items with the same request id or external reference never share a batch: the second finds the first's answer.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    time::Duration,
};

use kexiang_core::{Clock, SiteId};
use kexiang_events::EventLog;
use kexiang_pg::Pool;
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{sync::mpsc, time::Instant};
use tracing::Instrument;
use uuid::Uuid;

use super::{
    AppError,
    acceptance::{Acceptance, Accepted, Matter},
    notices,
    sites::Sites,
};
use crate::store;

mod batch;
mod belief;
mod queue;

pub(super) use queue::Queue;

use belief::Belief;
use queue::{Job, Reply};

/// Items written in one transaction at most.
const LARGEST_BATCH: usize = 256;
/// A batch that takes longer counts as an outage: nobody waits for a database that hangs.
const LONGEST_WRITE: Duration = Duration::from_secs(20);
/// A connection that rested longer is tried before it is used: the server may have been restarted.
const PING_AFTER: Duration = Duration::from_secs(1);

/// Every statement of the writer finds its rows by key. Plans are made once and must not go through whole tables: one made
/// while a table was empty would stay when it has millions of rows.
const PLANNING: [(&str, &str); 2] = [("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off")];

/// Writes batch after batch over a connection of its own: a pool would ask the server once more for each.
pub(super) struct Writer {
    options: PgConnectOptions,
    clock: Clock,
    log: EventLog,
    sites: Sites,
    callers: mpsc::Receiver<Job>,
    bulk: mpsc::Receiver<Job>,
    waiting: VecDeque<Job>,
    /// Formed while the one before was written.
    next: Option<Batch>,
    connection: Option<Rested>,
    belief: Belief,
}

/// What is written together.
struct Batch {
    acceptances: Vec<Acceptance>,
    replies: Vec<Reply>,
    /// Its one statement, if it was made ahead.
    ready: Option<batch::Ready>,
}

/// A connection, and since when it rests.
struct Rested {
    connection: PgConnection,
    since: Instant,
}

impl Writer {
    pub(super) fn new(pool: &Pool, clock: Clock, log: EventLog, sites: Sites) -> (Queue, Self) {
        let (queue, callers, bulk) = Queue::new();
        let options = PgConnectOptions::clone(&pool.connect_options()).options(PLANNING);
        let writer = Self {
            options,
            clock,
            log,
            sites,
            callers,
            bulk,
            waiting: VecDeque::new(),
            next: None,
            connection: None,
            belief: Belief::default(),
        };
        (queue, writer)
    }

    /// Writes until all senders are gone and everything handed in is written.
    pub(super) async fn run(mut self) {
        while let Some(batch) = self.next_batch().await {
            self.write(batch).await;
            self.log.wake();
        }
    }

    /// The next batch; waits for its first item. `None` when the service stops.
    async fn next_batch(&mut self) -> Option<Batch> {
        if let Some(batch) = self.next.take() {
            return Some(batch);
        }
        if self.waiting.is_empty() {
            let first = tokio::select! {
                biased;
                Some(job) = self.callers.recv() => job,
                Some(job) = self.bulk.recv() => job,
                else => return None,
            };
            self.waiting.push_back(first);
        }
        self.receive();
        Some(self.form())
    }

    /// Takes in who waits: all callers, so that twins among them hold nobody up, and of the many what a batch has room for.
    fn receive(&mut self) {
        for (queue, most) in [(&mut self.callers, queue::PLACES), (&mut self.bulk, LARGEST_BATCH)] {
            while self.waiting.len() < most {
                let Ok(job) = queue.try_recv() else { break };
                self.waiting.push_back(job);
            }
        }
    }

    /// A batch of those who wait, in order of arrival, without twins.
    fn form(&mut self) -> Batch {
        let mut taken = HashSet::new();
        let mut batch = Batch { acceptances: Vec::new(), replies: Vec::new(), ready: None };
        let mut held = VecDeque::new();
        for job in self.waiting.drain(..) {
            let has_room = batch.acceptances.len() < LARGEST_BATCH;
            if has_room && keys(&job.acceptance).into_iter().all(|key| taken.insert(key)) {
                batch.acceptances.push(job.acceptance);
                batch.replies.push(job.reply);
            } else {
                held.push_back(job);
            }
        }
        self.waiting = held;
        batch
    }

    /// Makes the next batch ready while one is being written, if it is sure to be a full one: whoever comes before the commit
    /// has a place in it otherwise.
    fn form_ahead(&mut self, after: &BTreeMap<SiteId, i64>) {
        self.receive();
        if self.next.is_some() || self.waiting.len() < LARGEST_BATCH {
            return;
        }
        let mut batch = self.form();
        let last_number = |site: &SiteId| after.get(site).copied().or_else(|| self.belief.last_number(site));
        let ready =
            batch::make_ready(&self.log, &self.sites, self.clock.now(), &batch.acceptances, last_number);
        batch.ready = ready.ok().flatten();
        self.next = Some(batch);
    }

    async fn write(&mut self, batch: Batch) {
        let Batch { acceptances, replies, ready } = batch;
        match self.try_write(&acceptances, ready).await {
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
        let written = match self.try_write(&alone, None).await {
            Err(error) if !error.is_outage() => self.try_write(&alone, None).await,
            written => written,
        };
        written.and_then(single)
    }

    /// One transaction for all: results in order, or an error that left nothing behind. After an outage the next one gets a
    /// new connection. Its span continues the first caller's trace and is linked to the others'.
    async fn try_write(
        &mut self,
        acceptances: &[Acceptance],
        ready: Option<batch::Ready>,
    ) -> Result<Vec<Result<Accepted, AppError>>, AppError> {
        let span = tracing::info_span!("app.write_batch", service = "intake", items = acceptances.len());
        let traces: Vec<_> =
            acceptances.iter().filter_map(|acceptance| acceptance.call.traceparent.as_deref()).collect();
        kexiang_telemetry::set_parents(&span, &traces);
        let written = tokio::time::timeout(LONGEST_WRITE, self.write_over_connection(acceptances, ready));
        let written = written.instrument(span).await.unwrap_or(Err(sqlx::Error::PoolTimedOut.into()));
        if written.as_ref().is_err_and(AppError::is_outage) {
            self.connection = None;
            self.forget_ahead();
        }
        written
    }

    async fn write_over_connection(
        &mut self,
        acceptances: &[Acceptance],
        ready: Option<batch::Ready>,
    ) -> Result<Vec<Result<Accepted, AppError>>, AppError> {
        // Taken out meanwhile: a write that is given up must not leave its connection behind.
        let mut connection = self.connect().await?;
        let done = match self.write_at_once(&mut connection, acceptances, ready).await? {
            Some(done) => Ok(done),
            None => self.write_carefully(&mut connection, acceptances).await,
        };
        self.connection = Some(Rested { connection, since: Instant::now() });
        let batch::Done { outcomes, last_numbers } = done?;
        self.belief.learn(last_numbers);
        Ok(outcomes)
    }

    /// One statement for all; `None` when it is not worth a try, or failed for a wrong belief.
    async fn write_at_once(
        &mut self,
        connection: &mut PgConnection,
        acceptances: &[Acceptance],
        ready: Option<batch::Ready>,
    ) -> Result<Option<batch::Done>, AppError> {
        if self.belief.is_doubted() {
            return Ok(None);
        }
        let last_number = |site: &SiteId| self.belief.last_number(site);
        let now = self.clock.now();
        let ready = match ready {
            Some(ready) => ready,
            None => match batch::make_ready(&self.log, &self.sites, now, acceptances, last_number)? {
                Some(ready) => ready,
                None => return Ok(None),
            },
        };
        let batch::Ready { statement, done } = ready;
        let sent = store::write(connection, statement, store::register::AS_EXPECTED);
        let (written, ()) = tokio::join!(sent, async { self.form_ahead(&done.last_numbers) });
        match written.map_err(AppError::from) {
            Ok(()) => Ok(Some(done)),
            Err(error) if error.is_outage() => Err(error),
            Err(error) => {
                tracing::debug!(%error, "a batch is written again with every look-up");
                if !came_before(&error) {
                    self.belief.doubt();
                }
                self.forget_ahead();
                Ok(None)
            }
        }
    }

    /// What was made ready on the belief that the batch before is in.
    fn forget_ahead(&mut self) {
        if let Some(next) = &mut self.next {
            next.ready = None;
        }
    }

    async fn write_carefully(
        &self,
        connection: &mut PgConnection,
        acceptances: &[Acceptance],
    ) -> Result<batch::Done, AppError> {
        let mut transaction = connection.begin().await?;
        let now = self.clock.now();
        let mut done = batch::write(&mut transaction, &self.log, &self.sites, now, acceptances).await;
        if let Ok(accepted) = &done
            && let Err(error) = notices::tell_of_acceptances(
                &mut transaction,
                &self.log,
                now,
                acceptances,
                &accepted.outcomes,
            )
            .await
        {
            done = Err(error);
        }
        match done {
            Ok(_) => transaction.commit().await?,
            Err(_) => transaction.rollback().await?,
        }
        done
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

/// Whether one of a batch was answered or brought over before: that says nothing about where the registers stand.
fn came_before(error: &AppError) -> bool {
    let AppError::Sql(sqlx::Error::Database(error)) = error else { return false };
    error.constraint().is_some_and(|key| store::ONCE_ONLY.contains(&key))
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
