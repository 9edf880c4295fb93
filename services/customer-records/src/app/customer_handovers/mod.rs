//! Handover of an agent's customers to others (CU-10): planning and reading; what people do in [`verbs`], what the worker in
//! [`steps`].
//!
//! # Invariants and failure cases
//! - Locks in this order: the handover, the customers against merging, their ownerships, the customers of the handover. Whoever ends an
//!   ownership for another reason drops the customer in the same transaction (`App::record`), and locks no handover.
//! - A confirmation moves the lease, writes the history and settles the customer of the handover in one transaction: killed before
//!   its commit, the customer is the old owner's and still offered; after it, the receiver's.
//! - The worker goes on from what is written: killed between any two transactions, no customer is collected, offered or confirmed
//!   twice, and none is left out.

pub mod steps;
pub mod verbs;

use std::collections::HashSet;

use kexiang_core::{AgentId, Call, CustomerHandoverId, CustomerId};
use kexiang_events::Draft;
use kexiang_pg::{Claim, IdempotencyError};
use sqlx::PgConnection;
use thiserror::Error;

use super::{
    App, AppError, IDEMPOTENCY,
    ownership::{OwnershipRefusal, caller},
};
use crate::{
    domain::customer_handover::{
        Baggage, DropReason, Handover, HandoverFacts, HandoverReason, HandoverState, Item, ItemState,
        Overview,
    },
    store::{customer_handovers, handover_items, origins, ownerships},
};

/// A refused use case of handovers.
#[derive(Debug, Error)]
pub enum HandoverRefusal {
    /// There is no such handover.
    #[error("there is no {0:?}")]
    NotFound(CustomerHandoverId),
    /// The etag is not the current one.
    #[error("{0:?} has changed")]
    EtagMismatch(CustomerHandoverId),
    /// Another state is needed.
    #[error("{0:?}: {1}")]
    State(CustomerHandoverId, &'static str),
    /// Neither the old owner nor a supervisor.
    #[error("only the old owner or a supervisor may do this")]
    NotTheOldOwner,
    /// The caller gets nothing by this handover.
    #[error("{0:?} is no receiver")]
    NotAReceiver(AgentId),
    /// The customer is not offered to the caller.
    #[error("{0:?} is not offered to the caller")]
    NotOffered(CustomerId),
    /// The agent is a receiver.
    #[error("{0:?} is a receiver already")]
    AlreadyAReceiver(AgentId),
    /// No receiver more.
    #[error("too many receivers")]
    TooManyReceivers,
    /// What any use case of ownership may meet.
    #[error(transparent)]
    Ownership(#[from] OwnershipRefusal),
}

impl From<sqlx::Error> for HandoverRefusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Ownership(error.into())
    }
}

impl From<serde_json::Error> for HandoverRefusal {
    fn from(error: serde_json::Error) -> Self {
        Self::Ownership(error.into())
    }
}

impl From<IdempotencyError> for HandoverRefusal {
    fn from(error: IdempotencyError) -> Self {
        Self::Ownership(error.into())
    }
}

impl From<AppError> for HandoverRefusal {
    fn from(error: AppError) -> Self {
        Self::Ownership(error.into())
    }
}

/// A handover to be planned.
#[derive(Debug, Clone)]
pub struct NewHandover {
    /// Whose customers.
    pub agent: AgentId,
    /// Why.
    pub reason: HandoverReason,
    /// Who gets them, and their weights; nobody twice.
    pub receivers: Vec<(AgentId, i32)>,
    /// Whom alone; all when empty.
    pub customers: Vec<CustomerId>,
}

/// Which handovers to list.
#[derive(Debug, Clone, Default)]
pub struct HandoverFilter {
    /// Whose customers.
    pub agent: Option<AgentId>,
    /// Who gets some.
    pub receiver: Option<AgentId>,
    /// In this state.
    pub state: Option<HandoverState>,
}

impl App {
    /// Plans a handover; the worker divides the customers.
    ///
    /// # Errors
    /// [`HandoverRefusal::NotTheOldOwner`], [`HandoverRefusal::Ownership`].
    #[tracing::instrument(name = "app.plan_handover", skip_all)]
    pub async fn plan_handover(&self, call: &Call, new: NewHandover) -> Result<Overview, HandoverRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(overview) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(overview);
        }
        let planner = caller(call)?.clone();
        require_releaser(call, &new.agent)?;
        let handover = Handover {
            handover_id: CustomerHandoverId::at(now),
            agent: new.agent,
            reason: new.reason,
            state: HandoverState::Planning,
            collecting: new.customers.is_empty(),
            collected_through: CustomerId::from_uuid(uuid::Uuid::nil()),
            planner,
            starter: None,
            created_at: now,
            ended_at: None,
            active: true,
            version: 1,
        };
        customer_handovers::upsert(&mut tx, &handover).await?;
        customer_handovers::add_receivers(&mut tx, handover.handover_id, &new.receivers, now).await?;
        self.add_named(&mut tx, &handover, &new.customers).await?;
        self.tell_handover(&mut tx, call, "customer_handover.planned", &handover, None, 0).await?;
        self.finish_handover(tx, call, handover).await
    }

    /// Customers that were named; who can't be handed over is dropped at once.
    async fn add_named(
        &self,
        conn: &mut PgConnection,
        handover: &Handover,
        named: &[CustomerId],
    ) -> Result<(), HandoverRefusal> {
        if named.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let merged = origins::hold(conn, named).await?;
        let locked = ownerships::lock(conn, &named.iter().copied().collect()).await?;
        let owned = locked.into_iter().filter(|ownership| {
            let lease = ownership.lease();
            lease.is_some_and(|lease| lease.agent == handover.agent && lease.until_at > now)
        });
        let owned: HashSet<_> = owned.map(|ownership| ownership.customer_id).collect();
        let fit: Vec<_> =
            named.iter().copied().filter(|id| owned.contains(id) && !merged.contains_key(id)).collect();
        let added = handover_items::insert_pending(conn, handover.handover_id, &fit).await?;
        let added: HashSet<_> = added.into_iter().collect();
        let dropped = named.iter().copied().filter(|id| !added.contains(id)).map(|id| {
            let reason = match (merged.contains_key(&id), owned.contains(&id)) {
                (true, _) => DropReason::Merged,
                (false, true) => DropReason::InAnotherHandover,
                (false, false) => DropReason::NotOwned,
            };
            (id, reason)
        });
        let dropped: Vec<_> = dropped.collect();
        Ok(handover_items::insert_dropped(conn, handover.handover_id, &dropped, now).await?)
    }

    /// The handover with this id.
    ///
    /// # Errors
    /// [`HandoverRefusal::NotFound`].
    #[tracing::instrument(name = "app.get_handover", skip_all)]
    pub async fn get_handover(&self, id: CustomerHandoverId) -> Result<Overview, HandoverRefusal> {
        let mut conn = self.pool.acquire().await?;
        let found = customer_handovers::find(&mut conn, id).await?.ok_or(HandoverRefusal::NotFound(id))?;
        Ok(customer_handovers::overview(&mut conn, found).await?)
    }

    /// Handovers older than `after`, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_handovers", skip_all)]
    pub async fn list_handovers(
        &self,
        filter: &HandoverFilter,
        after: Option<CustomerHandoverId>,
        limit: i64,
    ) -> Result<Vec<Overview>, HandoverRefusal> {
        let mut conn = self.pool.acquire().await?;
        let filter = (filter.agent.as_ref(), filter.receiver.as_ref(), filter.state);
        let mut overviews = Vec::new();
        for handover in customer_handovers::list(&mut conn, filter, after, limit).await? {
            overviews.push(customer_handovers::overview(&mut conn, handover).await?);
        }
        Ok(overviews)
    }

    /// Customers of a handover after this one, each with what is open.
    ///
    /// # Errors
    /// [`HandoverRefusal::NotFound`].
    #[tracing::instrument(name = "app.list_handover_items", skip_all)]
    pub async fn list_handover_items(
        &self,
        id: CustomerHandoverId,
        receiver: Option<&AgentId>,
        state: Option<ItemState>,
        after: Option<CustomerId>,
        limit: i64,
    ) -> Result<Vec<(Item, Baggage)>, HandoverRefusal> {
        let mut conn = self.pool.acquire().await?;
        if customer_handovers::find(&mut conn, id).await?.is_none() {
            return Err(HandoverRefusal::NotFound(id));
        }
        let items = handover_items::list(&mut conn, id, (receiver, state), after, limit).await?;
        let customers: Vec<_> = items.iter().map(|item| item.customer_id).collect();
        let baggage = handover_items::baggage(&mut conn, &customers).await?;
        Ok(items.into_iter().zip(baggage).collect())
    }

    /// Tells of a handover: ids and codes alone.
    async fn tell_handover(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        event_type: &'static str,
        handover: &Handover,
        receiver: Option<&AgentId>,
        customers: usize,
    ) -> Result<(), HandoverRefusal> {
        let now = self.clock.now();
        let facts = HandoverFacts {
            handover_id: handover.handover_id,
            agent: handover.agent.clone(),
            state: handover.state,
            reason: handover.reason,
            receiver: receiver.cloned(),
            customers: i64::try_from(customers).unwrap_or(i64::MAX),
        };
        let told = Draft::new(event_type, handover.handover_id.name(), now, &facts)?;
        Ok(self.log.append(conn, call, now, &[told]).await?)
    }

    /// Answers with the handover, and commits.
    async fn finish_handover(
        &self,
        mut tx: sqlx::Transaction<'_, sqlx::Postgres>,
        call: &Call,
        handover: Handover,
    ) -> Result<Overview, HandoverRefusal> {
        let overview = customer_handovers::overview(&mut tx, handover).await?;
        IDEMPOTENCY.save(&mut tx, call, &overview).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(overview)
    }
}

/// Agents release their own customers alone.
fn require_releaser(call: &Call, old_owner: &AgentId) -> Result<(), HandoverRefusal> {
    use kexiang_core::Role::{Administrator, Manager, Supervisor};
    let leads = call.roles.any_of(&[Supervisor, Manager, Administrator]);
    if leads || call.actor.agent() == Some(old_owner) { Ok(()) } else { Err(HandoverRefusal::NotTheOldOwner) }
}
