//! Relationships, supervisors' rulings, and who is one customer (CU-3).
//!
//! # Invariants and failure cases
//! - Groups are at every commit the connected components of what joins. Whoever changes what joins two customers locks the
//!   groups of both (advisory locks by representative, in the order of their keys) before anything else, and looks whether they
//!   are still their groups; if not, the locks are given back with their savepoint and taken anew. Locks come before rows: of
//!   the rows only the relationship or ruling itself is locked, inside its groups' locks.
//! - Change, groups and event commit together: killed at any time, all or nothing is there.
//! - A group that would grow over [`MOST_MEMBERS`](same_customer::MOST_MEMBERS) is refused as a whole.

use kexiang_core::{Call, CustomerId, RelationshipId, SameCustomerRulingId};
use kexiang_events::Draft;
use kexiang_pg::{Claim, IdempotencyError};
use sqlx::{Connection, PgConnection};

use super::{App, AppError, IDEMPOTENCY};
use crate::{
    domain::{
        relationship::{Decision, End, Pair, Relationship, RelationshipFacts, RelationshipKind, Ruling},
        same_customer,
    },
    store::{self, customers, relationships},
};

/// How often groups are looked for that others change meanwhile.
const ATTEMPTS: usize = 10;

/// A refused use case of relationships.
#[derive(Debug, thiserror::Error)]
pub enum RelationshipRefusal {
    /// There is no such relationship.
    #[error("there is no {0:?}")]
    NotFound(RelationshipId),
    /// There is no such ruling.
    #[error("there is no {0:?}")]
    RulingNotFound(SameCustomerRulingId),
    /// It holds already.
    #[error("{0:?} holds already")]
    Holds(RelationshipId),
    /// A ruling holds for the two already.
    #[error("{0:?} holds already")]
    RulingHolds(SameCustomerRulingId),
    /// The etag is not the current one of this resource.
    #[error("{0} has changed")]
    EtagMismatch(String),
    /// This resource has ended.
    #[error("{0} has ended")]
    Ended(String),
    /// Too many would be one customer.
    #[error("too many would be one customer")]
    TooManyMembers,
    /// What any use case may meet.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<sqlx::Error> for RelationshipRefusal {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<serde_json::Error> for RelationshipRefusal {
    fn from(error: serde_json::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<IdempotencyError> for RelationshipRefusal {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}

type Outcome<T> = Result<T, RelationshipRefusal>;

impl App {
    /// Adds a relationship.
    ///
    /// # Errors
    /// [`AppError::CustomerNotFound`], [`RelationshipRefusal::Holds`], [`RelationshipRefusal::TooManyMembers`].
    #[tracing::instrument(name = "app.add_relationship", skip_all)]
    pub async fn add_relationship(
        &self,
        call: &Call,
        pair: Pair,
        kind: RelationshipKind,
    ) -> Outcome<Relationship> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(relationship) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(relationship);
        }
        require(&mut tx, pair).await?;
        let new = Relationship::new(pair, kind, call.actor.clone(), now);
        let groups = lock_groups(&mut tx, pair).await?;
        if !relationships::insert(&mut tx, &new).await? {
            let holding = relationships::find_holding(&mut tx, &new).await?;
            return Err(holding.map_or(AppError::Conflict.into(), RelationshipRefusal::Holds));
        }
        regroup(&mut tx, groups).await?;
        let facts = facts(&mut tx, new.pair(), Some(kind), None).await?;
        let added = Draft::new("relationship.added", new.id.name(), now, &facts)?;
        self.log.append(&mut tx, call, now, &[added]).await?;
        IDEMPOTENCY.save(&mut tx, call, &new).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(new)
    }

    /// Ends a relationship. `etag` is the version that the caller saw, if given.
    ///
    /// # Errors
    /// [`RelationshipRefusal::NotFound`], [`RelationshipRefusal::EtagMismatch`], [`RelationshipRefusal::Ended`].
    #[tracing::instrument(name = "app.end_relationship", skip_all)]
    pub async fn end_relationship(
        &self,
        call: &Call,
        id: RelationshipId,
        etag: Option<i64>,
    ) -> Outcome<Relationship> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(relationship) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(relationship);
        }
        // Read without a lock: whom it is between never changes. Locked after the groups.
        let pair = relationships::find_pair(&mut tx, id).await?.ok_or(RelationshipRefusal::NotFound(id))?;
        let groups = lock_groups(&mut tx, pair).await?;
        let mut relationship =
            relationships::lock(&mut tx, id).await?.ok_or(RelationshipRefusal::NotFound(id))?;
        check_open(&id.name(), relationship.version, relationship.end.as_ref(), etag)?;
        relationship.end = Some(End { at: now, by: call.actor.clone() });
        relationship.version += 1;
        relationships::save_end(&mut tx, &relationship).await?;
        regroup(&mut tx, groups).await?;
        let facts = facts(&mut tx, pair, Some(relationship.kind), None).await?;
        let ended = Draft::new("relationship.ended", id.name(), now, &facts)?;
        self.log.append(&mut tx, call, now, &[ended]).await?;
        IDEMPOTENCY.save(&mut tx, call, &relationship).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(relationship)
    }

    /// Relationships of a customer older than `after`, newest first.
    ///
    /// # Errors
    /// [`AppError::CustomerNotFound`].
    #[tracing::instrument(name = "app.list_relationships", skip_all)]
    pub async fn list_relationships(
        &self,
        customer: CustomerId,
        with_ended: bool,
        after: Option<RelationshipId>,
        limit: i64,
    ) -> Outcome<Vec<Relationship>> {
        let mut conn = self.pool.acquire().await?;
        require(&mut conn, Pair(customer, customer)).await?;
        Ok(relationships::list(&mut conn, customer, with_ended, after, limit).await?)
    }

    /// Makes a ruling about two customers.
    ///
    /// # Errors
    /// [`AppError::CustomerNotFound`], [`RelationshipRefusal::RulingHolds`], [`RelationshipRefusal::TooManyMembers`].
    #[tracing::instrument(name = "app.make_same_customer_ruling", skip_all)]
    pub async fn make_same_customer_ruling(
        &self,
        call: &Call,
        pair: Pair,
        decision: Decision,
        reason: String,
    ) -> Outcome<Ruling> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(ruling) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(ruling);
        }
        require(&mut tx, pair).await?;
        let new = Ruling::new(pair, decision, reason, call.actor.clone(), now);
        let groups = lock_groups(&mut tx, pair).await?;
        if !relationships::insert_ruling(&mut tx, &new).await? {
            let holding = relationships::find_holding_ruling(&mut tx, &new).await?;
            return Err(holding.map_or(AppError::Conflict.into(), RelationshipRefusal::RulingHolds));
        }
        regroup(&mut tx, groups).await?;
        let facts = facts(&mut tx, new.pair(), None, Some(decision)).await?;
        let made = Draft::new("same_customer_ruling.made", new.id.name(), now, &facts)?;
        self.log.append(&mut tx, call, now, &[made]).await?;
        IDEMPOTENCY.save(&mut tx, call, &new).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(new)
    }

    /// Takes a ruling back. `etag` is the version that the caller saw, if given.
    ///
    /// # Errors
    /// [`RelationshipRefusal::RulingNotFound`], [`RelationshipRefusal::EtagMismatch`], [`RelationshipRefusal::Ended`],
    /// [`RelationshipRefusal::TooManyMembers`].
    #[tracing::instrument(name = "app.withdraw_same_customer_ruling", skip_all)]
    pub async fn withdraw_same_customer_ruling(
        &self,
        call: &Call,
        id: SameCustomerRulingId,
        etag: Option<i64>,
    ) -> Outcome<Ruling> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(ruling) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(ruling);
        }
        let pair = relationships::find_ruling_pair(&mut tx, id).await?;
        let pair = pair.ok_or(RelationshipRefusal::RulingNotFound(id))?;
        let groups = lock_groups(&mut tx, pair).await?;
        let ruling = relationships::lock_ruling(&mut tx, id).await?;
        let mut ruling = ruling.ok_or(RelationshipRefusal::RulingNotFound(id))?;
        check_open(&id.name(), ruling.version, ruling.end.as_ref(), etag)?;
        ruling.end = Some(End { at: now, by: call.actor.clone() });
        ruling.version += 1;
        relationships::save_ruling_end(&mut tx, &ruling).await?;
        regroup(&mut tx, groups).await?;
        let facts = facts(&mut tx, pair, None, Some(ruling.decision)).await?;
        let withdrawn = Draft::new("same_customer_ruling.withdrawn", id.name(), now, &facts)?;
        self.log.append(&mut tx, call, now, &[withdrawn]).await?;
        IDEMPOTENCY.save(&mut tx, call, &ruling).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(ruling)
    }

    /// Rulings about a customer older than `after`, newest first.
    ///
    /// # Errors
    /// [`AppError::CustomerNotFound`].
    #[tracing::instrument(name = "app.list_same_customer_rulings", skip_all)]
    pub async fn list_same_customer_rulings(
        &self,
        customer: CustomerId,
        after: Option<SameCustomerRulingId>,
        limit: i64,
    ) -> Outcome<Vec<Ruling>> {
        let mut conn = self.pool.acquire().await?;
        require(&mut conn, Pair(customer, customer)).await?;
        Ok(relationships::list_rulings(&mut conn, customer, after, limit).await?)
    }

    /// All who are one with a customer, the representative first.
    ///
    /// # Errors
    /// [`AppError::CustomerNotFound`].
    #[tracing::instrument(name = "app.get_same_customer", skip_all)]
    pub async fn get_same_customer(&self, customer: CustomerId) -> Outcome<Vec<CustomerId>> {
        let mut conn = self.pool.acquire().await?;
        require(&mut conn, Pair(customer, customer)).await?;
        Ok(same_customer_of(&mut conn, customer).await?)
    }
}

/// All who are one with a customer, the representative first.
pub(super) async fn same_customer_of(
    conn: &mut PgConnection,
    customer: CustomerId,
) -> sqlx::Result<Vec<CustomerId>> {
    let of = store::same_customer::representatives(conn, Pair(customer, customer)).await?;
    Ok(store::same_customer::members(conn, of).await?.into_iter().collect())
}

async fn require(conn: &mut PgConnection, pair: Pair) -> Result<(), AppError> {
    for id in [pair.0, pair.1] {
        if !customers::exists(conn, id).await? {
            return Err(AppError::CustomerNotFound(id));
        }
    }
    Ok(())
}

fn check_open(name: &str, version: i64, end: Option<&End>, etag: Option<i64>) -> Outcome<()> {
    if etag.is_some_and(|etag| etag != version) {
        return Err(RelationshipRefusal::EtagMismatch(name.to_owned()));
    }
    if end.is_some() {
        return Err(RelationshipRefusal::Ended(name.to_owned()));
    }
    Ok(())
}

/// Locks the groups of two customers until the transaction ends; gives their representatives.
async fn lock_groups(conn: &mut PgConnection, pair: Pair) -> Outcome<Pair> {
    for _ in 0..ATTEMPTS {
        let mut attempt = conn.begin().await?;
        let seen = store::same_customer::representatives(&mut attempt, pair).await?;
        store::same_customer::lock(&mut attempt, seen).await?;
        if store::same_customer::representatives(&mut attempt, pair).await? == seen {
            attempt.commit().await?;
            return Ok(seen);
        }
        attempt.rollback().await?;
    }
    Err(AppError::Conflict.into())
}

/// Computes two locked groups anew.
async fn regroup(conn: &mut PgConnection, groups: Pair) -> Outcome<()> {
    let members = store::same_customer::members(conn, groups).await?;
    let joining = store::same_customer::joining(conn, &members).await?;
    let groups = same_customer::group(&members, &joining);
    if same_customer::is_too_large(&groups) {
        return Err(RelationshipRefusal::TooManyMembers);
    }
    Ok(store::same_customer::save(conn, &groups).await?)
}

async fn facts(
    conn: &mut PgConnection,
    pair: Pair,
    kind: Option<RelationshipKind>,
    decision: Option<Decision>,
) -> Outcome<RelationshipFacts> {
    let Pair(representative, related_representative) =
        store::same_customer::representatives(conn, pair).await?;
    let Pair(customer, related) = pair;
    Ok(RelationshipFacts { customer, related, kind, decision, representative, related_representative })
}
