//! Promises: making, changing, reading them, letting their alarms go off, and what they keep from closing (IN-12).
//!
//! # Invariants and failure cases
//! - A promise is made while its case is locked, and a case closes only after it was locked and no promise about it was found:
//!   of a promise and a closing at once, one is refused.
//! - Every end of a promise locks its case first, then the promise. A case that only a promise kept from closing after its
//!   return visit (VISITED) closes in the transaction that ends the last promise about it, once; on hold or not, as it would have
//!   closed by the visit. A withdrawn case takes its promises back in its own transaction: nobody waits any more.
//! - An alarm, the state it leads to and the event that tells it commit together: killed before the commit, the next poll of any
//!   replica finds the promise again; killed after it, none does. Of two replicas one locks a promise, the other skips it.
//! - A command first lets all alarms go off that are due by then, in its own transaction: it makes no difference whether the
//!   timer was there in time. A command that is refused changes nothing, and the timer comes later.

use std::collections::HashSet;

use kexiang_core::{Call, CaseId, PromiseId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::{Claim, IdempotencyError};
use sqlx::PgConnection;
use thiserror::Error;

use super::{App, AppError, IDEMPOTENCY};
pub use crate::store::promise::PromiseFilter;
use crate::{
    domain::{
        CaseState, Family, Transition,
        promise::{Alarm, Command, EscalationRule, NewPromise, Promise, PromiseError, WITHDRAWN},
    },
    store,
};

/// Promises whose alarms go off in one transaction at most: short, so that nobody's feed is held back.
const ALARMS_AT_ONCE: i64 = 100;
/// Why the promises of a withdrawn case are taken back.
const CASE_WITHDRAWN: &str = "the case was withdrawn";

/// A refused use case of promises.
#[derive(Debug, Error)]
pub enum PromiseRefusal {
    /// There is no such promise.
    #[error("there is no {0:?}")]
    NotFound(PromiseId),
    /// There is no such case.
    #[error("there is no {0:?}")]
    CaseNotFound(CaseId),
    /// The case is closed, archived or withdrawn.
    #[error("{0:?} is not open")]
    CaseNotOpen(CaseId),
    /// The etag is not the current one.
    #[error("{0:?} has changed")]
    EtagMismatch(PromiseId),
    /// A rule of promises.
    #[error("{promise:?}: {source}")]
    Rule {
        /// Which.
        promise: PromiseId,
        /// Why.
        source: PromiseError,
    },
    /// What any use case may meet.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<sqlx::Error> for PromiseRefusal {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<serde_json::Error> for PromiseRefusal {
    fn from(error: serde_json::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<IdempotencyError> for PromiseRefusal {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}

/// Cases with a promise that the customer still waits for.
pub(super) struct Waiting(HashSet<CaseId>);

/// Which of these cases, locked by the transaction, have a promise that the customer still waits for.
pub(super) async fn waiting(connection: &mut PgConnection, cases: &[CaseId]) -> sqlx::Result<Waiting> {
    store::promise::find_waiting_cases(connection, cases).await.map(Waiting)
}

impl Waiting {
    /// A case does not close while the customer waits for what was promised; all else goes on.
    pub(super) fn allows(&self, case: CaseId, transition: &Transition) -> Result<(), AppError> {
        if *transition == Transition::Close && self.0.contains(&case) {
            return Err(AppError::PromiseOpen { case });
        }
        Ok(())
    }
}

impl App {
    /// Makes a promise about an open case.
    ///
    /// # Errors
    /// [`PromiseRefusal::CaseNotFound`], [`PromiseRefusal::CaseNotOpen`].
    #[tracing::instrument(name = "app.make_promise", skip_all)]
    pub async fn make_promise(
        &self,
        call: &Call,
        new: NewPromise,
        rule: EscalationRule,
    ) -> Result<Promise, PromiseRefusal> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(promise) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(promise);
        }
        let id = new.case;
        let case = store::case::lock(&mut transaction, &[id]).await?.pop();
        let case = case.ok_or(PromiseRefusal::CaseNotFound(id))?;
        if !case.state.is_open() {
            return Err(PromiseRefusal::CaseNotOpen(id));
        }
        let promise = new.make(PromiseId::at(now), case.site, call.actor.clone(), rule, now);
        store::promise::insert(&mut transaction, &promise).await?;
        let made = Draft::new("promise.made", promise.id.name(), now, &promise.facts())?;
        self.log.append(&mut transaction, call, now, &[made]).await?;
        IDEMPOTENCY.save(&mut transaction, call, &promise).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(promise)
    }

    /// Does what a command says with a promise. `etag` is the version that the caller saw, if given.
    ///
    /// # Errors
    /// [`PromiseRefusal::NotFound`], [`PromiseRefusal::EtagMismatch`], [`PromiseRefusal::Rule`].
    #[tracing::instrument(name = "app.change_promise", skip_all, fields(promise.id = %id, event = command.event_type()))]
    pub async fn change_promise(
        &self,
        call: &Call,
        id: PromiseId,
        etag: Option<i64>,
        command: &Command,
        rule: EscalationRule,
    ) -> Result<Promise, PromiseRefusal> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(promise) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(promise);
        }
        let mut family = self.lock_case_of(&mut transaction, id, command).await?;
        let promise = store::promise::lock(&mut transaction, id).await?;
        let mut promise = promise.ok_or(PromiseRefusal::NotFound(id))?;
        if etag.is_some_and(|etag| etag != promise.version) {
            return Err(PromiseRefusal::EtagMismatch(id));
        }
        let alarms = promise.advance(now);
        let changes = promise.changes.len();
        let applied = promise.apply(command, &call.actor, rule, now);
        applied.map_err(|source| PromiseRefusal::Rule { promise: id, source })?;
        store::promise::update(&mut transaction, std::slice::from_ref(&promise)).await?;
        if promise.changes.len() > changes {
            store::promise::insert_last_change(&mut transaction, &promise).await?;
        }
        let mut events = tell(&alarms)?;
        events.push(Draft::new(command.event_type(), id.name(), now, &promise.facts())?);
        self.log.append(&mut transaction, call, now, &events).await?;
        self.close_visited(&mut transaction, call, promise.case, &mut family, now).await?;
        IDEMPOTENCY.save(&mut transaction, call, &promise).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(promise)
    }

    /// The case of a promise that a command ends, locked before the promise; nothing for other commands.
    async fn lock_case_of(
        &self,
        connection: &mut PgConnection,
        id: PromiseId,
        command: &Command,
    ) -> Result<Family, PromiseRefusal> {
        if !command.is_end() {
            return Ok(Family::default());
        }
        // Its case never changes.
        let seen = store::promise::find(connection, id).await?.ok_or(PromiseRefusal::NotFound(id))?;
        Ok(self.lock_family(connection, &[seen.case], false).await?)
    }

    /// Closes a locked case that only promises kept from closing, when none is left.
    async fn close_visited(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        id: CaseId,
        family: &mut Family,
        now: Timestamp,
    ) -> Result<(), AppError> {
        let is_visited = family.case(id).is_some_and(|case| case.state == CaseState::Visited);
        if !is_visited || waiting(connection, &[id]).await?.0.contains(&id) {
            return Ok(());
        }
        family.apply(id, &Transition::Close, now)?;
        let events = self.drafts(connection, call, now, family).await?;
        self.save_family(connection, call, now, family, &events).await?;
        Ok(store::hold::end(connection, &family.let_go(), &call.actor, None, now).await?)
    }

    /// Takes back what was promised about a locked case that was withdrawn.
    pub(super) async fn withdraw_promises(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        case: CaseId,
        now: Timestamp,
    ) -> Result<(), AppError> {
        let mut promises = store::promise::lock_waiting(connection, case).await?;
        let mut events = Vec::new();
        for promise in &mut promises {
            events.extend(tell(&promise.advance(now))?);
            // One that waits can always be taken back.
            if promise.withdraw(CASE_WITHDRAWN, now).is_ok() {
                events.push(Draft::new(WITHDRAWN, promise.id.name(), now, &promise.facts())?);
            }
        }
        store::promise::update(connection, &promises).await?;
        Ok(self.log.append(connection, call, now, &events).await?)
    }

    /// The promise with this id.
    ///
    /// # Errors
    /// [`PromiseRefusal::NotFound`].
    #[tracing::instrument(name = "app.get_promise", skip_all)]
    pub async fn get_promise(&self, id: PromiseId) -> Result<Promise, PromiseRefusal> {
        let mut connection = self.pool.acquire().await?;
        store::promise::find(&mut connection, id).await?.ok_or(PromiseRefusal::NotFound(id))
    }

    /// A page of promises by due time.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_promises", skip_all)]
    pub async fn list_promises(
        &self,
        filter: &PromiseFilter,
        after: Option<(Timestamp, PromiseId)>,
        limit: i64,
    ) -> Result<Vec<Promise>, PromiseRefusal> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::promise::list(&mut connection, filter, after, limit).await?)
    }

    /// Lets alarms go off whose time has come, as many as one transaction takes. Whether there may be more.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.ring_promises", skip_all)]
    pub async fn ring_promises(&self, call: &Call) -> Result<bool, AppError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        let mut promises = store::promise::lock_due(&mut transaction, now, ALARMS_AT_ONCE).await?;
        if promises.is_empty() {
            return Ok(false);
        }
        let alarms: Vec<_> = promises.iter_mut().flat_map(|promise| promise.advance(now)).collect();
        store::promise::update(&mut transaction, &promises).await?;
        self.log.append(&mut transaction, call, now, &tell(&alarms)?).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(i64::try_from(promises.len()).is_ok_and(|rung| rung == ALARMS_AT_ONCE))
    }
}

fn tell(alarms: &[Alarm]) -> Result<Vec<Draft>, serde_json::Error> {
    let draft =
        |alarm: &Alarm| Draft::new(alarm.event_type, alarm.facts.promise.name(), alarm.at, &alarm.facts);
    alarms.iter().map(draft).collect()
}
