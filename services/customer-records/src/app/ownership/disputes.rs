//! Disputes whose a customer is (CU-6): opened by whoever claims the customer, ruled by the register, confirmed by a supervisor.
//!
//! A ruling is computed while the ownership is locked, and moves it in the same transaction: nothing comes in between what the
//! supervisor confirms and what happens. What was ruled is kept with the entries that it rests on, and never changed.

use jiff::Timestamp;
use kexiang_core::{AgentId, Call, CustomerId, OwnershipDisputeId};
use kexiang_events::Draft;
use kexiang_pg::{Claim, IdempotencyError};
use sqlx::PgConnection;
use thiserror::Error;

use super::{OwnershipRefusal, caller, leads};
use crate::{
    app::{App, AppError, IDEMPOTENCY},
    domain::{
        dispute::{self, Dispute, DisputeState, Register, Ruling},
        ownership::{Ownership, policy::Policy},
    },
    store::{disputes, follow_ups, ownership_entries, ownerships, receptions},
};

/// A refused use case of disputes.
#[derive(Debug, Error)]
pub enum DisputeRefusal {
    /// There is no such dispute.
    #[error("there is no {0:?}")]
    NotFound(OwnershipDisputeId),
    /// The etag is not the current one.
    #[error("{0:?} has changed")]
    EtagMismatch(OwnershipDisputeId),
    /// A dispute about the customer is open.
    #[error("{0:?} is open")]
    AlreadyOpen(OwnershipDisputeId),
    /// The dispute is over.
    #[error("{0:?} is over")]
    Over(OwnershipDisputeId),
    /// The register says another owner than the one confirmed.
    #[error("the register says {0:?}")]
    RulingChanged(Option<AgentId>),
    /// The caller is a party.
    #[error("a party does not rule")]
    Party,
    /// Neither the claimant nor a supervisor.
    #[error("only the claimant or a supervisor may do this")]
    NotTheClaimant,
    /// What any use case of ownership may meet.
    #[error(transparent)]
    Ownership(#[from] OwnershipRefusal),
}

impl From<sqlx::Error> for DisputeRefusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Ownership(error.into())
    }
}

impl From<serde_json::Error> for DisputeRefusal {
    fn from(error: serde_json::Error) -> Self {
        Self::Ownership(error.into())
    }
}

impl From<IdempotencyError> for DisputeRefusal {
    fn from(error: IdempotencyError) -> Self {
        Self::Ownership(error.into())
    }
}

impl From<AppError> for DisputeRefusal {
    fn from(error: AppError) -> Self {
        Self::Ownership(error.into())
    }
}

impl App {
    /// Opens a dispute about a customer, for the caller or, by a supervisor, for another agent.
    ///
    /// # Errors
    /// [`DisputeRefusal::AlreadyOpen`], [`DisputeRefusal::NotTheClaimant`], [`DisputeRefusal::Ownership`].
    #[tracing::instrument(name = "app.open_dispute", skip_all, fields(customer.id = %customer_id))]
    pub async fn open_dispute(
        &self,
        call: &Call,
        customer_id: CustomerId,
        claimant: Option<AgentId>,
        grounds: String,
    ) -> Result<Dispute, DisputeRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(dispute) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(dispute);
        }
        let claimant = match claimant {
            Some(agent) if !leads(call) && call.actor.agent() != Some(&agent) => {
                return Err(DisputeRefusal::NotTheClaimant);
            }
            Some(agent) => agent,
            None => caller(call)?.clone(),
        };
        let (ownership, policy) = self.current(&mut tx, call, customer_id, now).await?;
        let respondent = ownership.owner().cloned();
        if respondent.as_ref() == Some(&claimant) {
            let source = crate::domain::ownership::transition::OwnershipError::SameOwner(claimant);
            return Err(OwnershipRefusal::Rule { customer: customer_id, source }.into());
        }
        let ruling = Some(self.ruling(&mut tx, &ownership, &policy, now).await?);
        let (dispute_id, state) = (OwnershipDisputeId::at(now), DisputeState::Open);
        let (grounds, opened_at, ended) = (Some(grounds), now, None);
        let dispute = Dispute {
            dispute_id,
            customer_id,
            claimant,
            respondent,
            grounds,
            state,
            opened_at,
            ruling,
            ended,
            version: 1,
        };
        if !disputes::insert(&mut tx, &dispute).await? {
            let open = disputes::find_open(&mut tx, customer_id).await?;
            return Err(open.map_or_else(|| AppError::Conflict.into(), DisputeRefusal::AlreadyOpen));
        }
        self.tell_dispute(&mut tx, call, "dispute.opened", &dispute).await?;
        IDEMPOTENCY.save(&mut tx, call, &dispute).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(dispute)
    }

    /// The dispute with this id; while it is open, with what the register says now.
    ///
    /// # Errors
    /// [`DisputeRefusal::NotFound`].
    #[tracing::instrument(name = "app.get_dispute", skip_all)]
    pub async fn get_dispute(&self, id: OwnershipDisputeId) -> Result<Dispute, DisputeRefusal> {
        let now = self.clock.now();
        // One snapshot of the register.
        let mut tx = self.pool.begin().await?;
        let mut dispute = disputes::find(&mut tx, id).await?.ok_or(DisputeRefusal::NotFound(id))?;
        if dispute.state == DisputeState::Open {
            let found = ownerships::find(&mut tx, dispute.customer_id).await?;
            let ownership = found.unwrap_or_else(|| Ownership::pooled(dispute.customer_id, None, now));
            let policy = self.policy(&mut tx).await?;
            dispute.ruling = Some(self.ruling(&mut tx, &ownership, &policy, now).await?);
        }
        Ok(dispute)
    }

    /// Disputes older than `after`, newest first, without the entries of their rulings.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_disputes", skip_all)]
    pub async fn list_disputes(
        &self,
        customer: Option<CustomerId>,
        state: Option<DisputeState>,
        after: Option<OwnershipDisputeId>,
        limit: i64,
    ) -> Result<Vec<Dispute>, DisputeRefusal> {
        let mut conn = self.pool.acquire().await?;
        Ok(disputes::list(&mut conn, customer, state, after, limit).await?)
    }

    /// Confirms that the register says `owner`, and gives the customer to them.
    ///
    /// # Errors
    /// [`DisputeRefusal::Over`], [`DisputeRefusal::EtagMismatch`], [`DisputeRefusal::RulingChanged`], [`DisputeRefusal::Party`].
    #[tracing::instrument(name = "app.confirm_ruling", skip_all)]
    pub async fn confirm_ruling(
        &self,
        call: &Call,
        id: OwnershipDisputeId,
        owner: Option<AgentId>,
        etag: Option<i64>,
    ) -> Result<Dispute, DisputeRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(dispute) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(dispute);
        }
        let by = caller(call)?.clone();
        let mut dispute = lock_open(&mut tx, id, etag).await?;
        if dispute.is_party(&by) {
            return Err(DisputeRefusal::Party);
        }
        let (mut ownership, policy) = self.current(&mut tx, call, dispute.customer_id, now).await?;
        let ruling = self.ruling(&mut tx, &ownership, &policy, now).await?;
        if ruling.owner != owner {
            return Err(DisputeRefusal::RulingChanged(ruling.owner));
        }
        let entries = ownership.rule(owner, id, &policy, now);
        let changed = std::slice::from_ref(&ownership);
        self.record(&mut tx, call, changed, &entries, &policy, |_| None).await?;
        dispute.ruling = Some(ruling);
        self.end_dispute(tx, call, dispute, DisputeState::Ruled, by).await
    }

    /// Takes a dispute back.
    ///
    /// # Errors
    /// [`DisputeRefusal::Over`], [`DisputeRefusal::EtagMismatch`], [`DisputeRefusal::NotTheClaimant`].
    #[tracing::instrument(name = "app.withdraw_dispute", skip_all)]
    pub async fn withdraw_dispute(
        &self,
        call: &Call,
        id: OwnershipDisputeId,
        etag: Option<i64>,
    ) -> Result<Dispute, DisputeRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(dispute) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(dispute);
        }
        let by = caller(call)?.clone();
        let dispute = lock_open(&mut tx, id, etag).await?;
        if !leads(call) && dispute.claimant != by {
            return Err(DisputeRefusal::NotTheClaimant);
        }
        self.end_dispute(tx, call, dispute, DisputeState::Withdrawn, by).await
    }

    async fn end_dispute(
        &self,
        mut tx: sqlx::Transaction<'_, sqlx::Postgres>,
        call: &Call,
        mut dispute: Dispute,
        state: DisputeState,
        by: AgentId,
    ) -> Result<Dispute, DisputeRefusal> {
        dispute.state = state;
        dispute.ended = Some((self.clock.now(), by));
        dispute.version += 1;
        disputes::end(&mut tx, &dispute).await?;
        let told = if state == DisputeState::Ruled { "dispute.ruled" } else { "dispute.withdrawn" };
        self.tell_dispute(&mut tx, call, told, &dispute).await?;
        IDEMPOTENCY.save(&mut tx, call, &dispute).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(dispute)
    }

    /// The ownership of a customer as it is now, locked, and the policy.
    async fn current(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        id: CustomerId,
        now: Timestamp,
    ) -> Result<(Ownership, Policy), DisputeRefusal> {
        let mut ownership = self.lock_ownership(conn, id, now).await?;
        let policy = self.policy(conn).await?;
        let entries = ownership.advance(now);
        self.record(conn, call, std::slice::from_ref(&ownership), &entries, &policy, |_| None).await?;
        Ok((ownership, policy))
    }

    /// What the register says.
    async fn ruling(
        &self,
        conn: &mut PgConnection,
        ownership: &Ownership,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Ruling, DisputeRefusal> {
        let id = ownership.customer_id;
        let mut history = ownership_entries::list(conn, id, None, i64::MAX).await?;
        history.reverse();
        let register = Register {
            receptions: receptions::list_of(conn, id).await?,
            follow_ups: follow_ups::written_of(conn, id).await?,
            history,
        };
        Ok(dispute::rule(&register, ownership, policy, now))
    }

    async fn tell_dispute(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        event_type: &'static str,
        dispute: &Dispute,
    ) -> Result<(), DisputeRefusal> {
        let now = self.clock.now();
        let told = Draft::new(event_type, dispute.dispute_id.name(), now, &dispute.facts())?;
        Ok(self.log.append(conn, call, now, &[told]).await?)
    }
}

/// An open dispute, locked.
async fn lock_open(
    conn: &mut PgConnection,
    id: OwnershipDisputeId,
    etag: Option<i64>,
) -> Result<Dispute, DisputeRefusal> {
    let dispute = disputes::lock(conn, id).await?.ok_or(DisputeRefusal::NotFound(id))?;
    if etag.is_some_and(|version| version != dispute.version) {
        return Err(DisputeRefusal::EtagMismatch(id));
    }
    if dispute.state == DisputeState::Open { Ok(dispute) } else { Err(DisputeRefusal::Over(id)) }
}
