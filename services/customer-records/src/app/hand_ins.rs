//! Monthly hand-ins of customer files: opening, receiving, and telling what is missing (CU-13).
//!
//! # Invariants and failure cases
//! - A command loads the hand-in locked, lets the domain decide, saves and tells in one transaction: killed before the commit nothing
//!   happened, after it everything. Of two who open the same at once, one is refused and told the other's.
//! - Files that are missing are told before the command, in its transaction; the timer comes to the same result. A mark and its event
//!   commit together, so each is told once with any number of replicas.

use kexiang_core::{AgentId, Call, CustomerId, HandInId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::{Claim, IdempotencyError};
use sqlx::PgConnection;

use super::{App, AppError, IDEMPOTENCY};
pub use crate::store::hand_ins::HandInFilter;
use crate::{
    domain::hand_in::{
        CustomerFile, FileState, HandIn, HandInError, HandInFacts, HandInHead, HandInSummary, Month,
    },
    store::{archives::missing_customers, hand_ins},
};

/// Hand-ins whose missing files are told in one transaction at most: short, so that nobody's feed is held back.
const ALARMS_AT_ONCE: i64 = 5;

/// A refused use case of hand-ins.
#[derive(Debug, thiserror::Error)]
pub enum HandInRefusal {
    /// No such hand-in.
    #[error("there is no {0:?}")]
    NotFound(HandInId),
    /// The agent has this one for the month.
    #[error("{0:?} is that of this agent and month")]
    AlreadyOpen(HandInId),
    /// No such customer.
    #[error("there is no {0:?}")]
    CustomerNotFound(CustomerId),
    /// The etag is not the current one.
    #[error("{0:?} has changed")]
    EtagMismatch(HandInId),
    /// A rule of hand-ins.
    #[error(transparent)]
    Rule(#[from] HandInError),
    /// What any use case may meet.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<sqlx::Error> for HandInRefusal {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<serde_json::Error> for HandInRefusal {
    fn from(error: serde_json::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<IdempotencyError> for HandInRefusal {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}

/// What is done with a hand-in.
#[derive(Debug, Clone)]
pub enum HandInCommand {
    /// More files are due.
    Add(Vec<CustomerId>),
    /// A file came in.
    Receive {
        /// Whose.
        customer: CustomerId,
        /// Where the paper lies.
        file_number: String,
    },
}

impl App {
    /// Opens the hand-in of an agent for a month.
    ///
    /// # Errors
    /// [`HandInRefusal::AlreadyOpen`], [`HandInRefusal::CustomerNotFound`], [`HandInRefusal::Rule`].
    #[tracing::instrument(name = "app.open_hand_in", skip_all)]
    pub async fn open_hand_in(
        &self,
        call: &Call,
        (agent, month, due_at): (AgentId, Month, Timestamp),
        customers: &[CustomerId],
    ) -> Result<HandInSummary, HandInRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(summary) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(summary);
        }
        refuse_missing(&mut tx, customers).await?;
        let hand_in = HandIn::open((agent, month, due_at), customers, now)?;
        let HandInHead { agent, month, .. } = &hand_in.head;
        if !hand_ins::save(&mut tx, &hand_in).await? {
            return Err(HandInRefusal::AlreadyOpen(hand_ins::find_of(&mut tx, agent, month).await?));
        }
        self.log.append(&mut tx, call, now, &[told("hand_in.opened", &hand_in.facts(), now)?]).await?;
        let summary = hand_in.summary();
        IDEMPOTENCY.save(&mut tx, call, &summary).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(summary)
    }

    /// Does what a command says with a hand-in. `etag` is the version that the caller saw, if given.
    ///
    /// # Errors
    /// [`HandInRefusal::NotFound`], [`HandInRefusal::EtagMismatch`], [`HandInRefusal::CustomerNotFound`], [`HandInRefusal::Rule`].
    #[tracing::instrument(name = "app.change_hand_in", skip_all, fields(hand_in.id = %id))]
    pub async fn change_hand_in(
        &self,
        call: &Call,
        id: HandInId,
        etag: Option<i64>,
        command: &HandInCommand,
    ) -> Result<HandInSummary, HandInRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(summary) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(summary);
        }
        let mut hand_in = hand_ins::lock(&mut tx, id).await?.ok_or(HandInRefusal::NotFound(id))?;
        if etag.is_some_and(|etag| etag != hand_in.head.version) {
            return Err(HandInRefusal::EtagMismatch(id));
        }
        let mut events = missed(&mut hand_in, now)?;
        events.push(match command {
            HandInCommand::Add(customers) => {
                refuse_missing(&mut tx, customers).await?;
                hand_in.add(customers, now)?;
                told("hand_in.extended", &hand_in.facts(), now)?
            }
            HandInCommand::Receive { customer, file_number } => {
                let facts = hand_in.receive(*customer, file_number, &call.actor, now)?;
                told("hand_in.file_received", &facts, now)?
            }
        });
        hand_ins::save(&mut tx, &hand_in).await?;
        self.log.append(&mut tx, call, now, &events).await?;
        let summary = hand_in.summary();
        IDEMPOTENCY.save(&mut tx, call, &summary).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(summary)
    }

    /// The hand-in with this id.
    ///
    /// # Errors
    /// [`HandInRefusal::NotFound`].
    #[tracing::instrument(name = "app.get_hand_in", skip_all)]
    pub async fn get_hand_in(&self, id: HandInId) -> Result<HandInSummary, HandInRefusal> {
        let mut conn = self.pool.acquire().await?;
        hand_ins::find(&mut conn, id).await?.ok_or(HandInRefusal::NotFound(id))
    }

    /// A page of hand-ins, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_hand_ins", skip_all)]
    pub async fn list_hand_ins(
        &self,
        filter: &HandInFilter,
        after: Option<HandInId>,
        limit: i64,
    ) -> Result<Vec<HandInSummary>, HandInRefusal> {
        let mut conn = self.pool.acquire().await?;
        Ok(hand_ins::list(&mut conn, filter, self.clock.now(), after, limit).await?)
    }

    /// A page of the files of a hand-in by customer, and when they are due.
    ///
    /// # Errors
    /// [`HandInRefusal::NotFound`].
    #[tracing::instrument(name = "app.list_customer_files", skip_all)]
    pub async fn list_customer_files(
        &self,
        id: HandInId,
        state: Option<FileState>,
        after: Option<CustomerId>,
        limit: i64,
    ) -> Result<(Timestamp, Vec<CustomerFile>), HandInRefusal> {
        let mut conn = self.pool.acquire().await?;
        let found = hand_ins::find(&mut conn, id).await?;
        let head = found.ok_or(HandInRefusal::NotFound(id))?.head;
        let of = (&head, self.clock.now());
        let files = hand_ins::list_files(&mut conn, of, state, after, limit).await?;
        Ok((head.due_at, files))
    }

    /// Tells files that are missing, of as many hand-ins as one transaction takes. Whether there may be more.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.announce_hand_ins", skip_all)]
    pub async fn announce_hand_ins(&self, call: &Call) -> Result<bool, AppError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let mut due = hand_ins::lock_due(&mut tx, now, ALARMS_AT_ONCE).await?;
        if due.is_empty() {
            return Ok(false);
        }
        let mut events = Vec::new();
        for hand_in in &mut due {
            events.extend(missed(hand_in, now)?);
            hand_ins::save(&mut tx, hand_in).await?;
        }
        self.log.append(&mut tx, call, now, &events).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(i64::try_from(due.len()).is_ok_and(|made| made == ALARMS_AT_ONCE))
    }
}

async fn refuse_missing(conn: &mut PgConnection, customers: &[CustomerId]) -> Result<(), HandInRefusal> {
    let missing = missing_customers(conn, customers).await?;
    missing.first().map_or(Ok(()), |customer| Err(HandInRefusal::CustomerNotFound(*customer)))
}

fn missed(hand_in: &mut HandIn, now: Timestamp) -> Result<Vec<Draft>, serde_json::Error> {
    let at = hand_in.head.due_at;
    hand_in.advance(now).iter().map(|facts| told("hand_in.file_missed", facts, at)).collect()
}

fn told(event_type: &'static str, facts: &HandInFacts, at: Timestamp) -> Result<Draft, serde_json::Error> {
    Draft::new(event_type, facts.hand_in_id.name(), at, facts)
}
