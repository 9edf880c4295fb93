//! What people do with ownerships.

use jiff::Timestamp;
use kexiang_core::{AgentId, Call, CustomerId};
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{OwnershipRefusal, caller, leads};
use crate::{
    app::{App, IDEMPOTENCY},
    domain::ownership::{
        Basis, Entry, Ownership, ReferralKind, period, policy::Policy, transition::OwnershipError,
    },
    store::ownerships,
};

/// What somebody does with an ownership.
#[derive(Debug, Clone)]
pub enum OwnershipCommand {
    /// Claims the customer from the pool.
    Claim,
    /// Gives the customer back, for a reason.
    Release(String),
    /// Gives the customer to another agent, for a reason.
    Transfer(AgentId, String),
    /// Gives a lead out.
    Assign(AgentId),
    /// Records who sent the customer.
    Refer(Referral),
    /// Sets tier and protection.
    SetTerms(String, Option<Timestamp>),
}

/// Who sent a customer.
#[derive(Debug, Clone)]
pub struct Referral {
    /// How.
    pub kind: ReferralKind,
    /// Who.
    pub referrer: CustomerId,
    /// Whom the customer named.
    pub named: Option<AgentId>,
}

impl App {
    /// Does what a command says with the ownership of a customer. `etag` is the version that the caller saw, if given.
    ///
    /// # Errors
    /// [`OwnershipRefusal::NotFound`], [`OwnershipRefusal::EtagMismatch`], [`OwnershipRefusal::Rule`],
    /// [`OwnershipRefusal::NotAnAgent`].
    #[tracing::instrument(name = "app.change_ownership", skip_all, fields(customer.id = %id))]
    pub async fn change_ownership(
        &self,
        call: &Call,
        id: CustomerId,
        etag: Option<i64>,
        command: OwnershipCommand,
    ) -> Result<Ownership, OwnershipRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(ownership) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(ownership);
        }
        if matches!(command, OwnershipCommand::Claim) {
            ownerships::take_turn(&mut tx, caller(call)?).await?;
        }
        let mut ownership = self.lock_ownership(&mut tx, id, now).await?;
        if etag.is_some_and(|version| version != ownership.version) {
            return Err(OwnershipRefusal::EtagMismatch(id));
        }
        let policy = self.policy(&mut tx).await?;
        let mut entries = ownership.advance(now);
        entries.extend(self.apply(&mut tx, call, &mut ownership, command, &policy).await?);
        self.record(&mut tx, call, std::slice::from_ref(&ownership), &entries, &policy, |_| None).await?;
        IDEMPOTENCY.save(&mut tx, call, &ownership).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(ownership)
    }

    async fn apply(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        ownership: &mut Ownership,
        command: OwnershipCommand,
        policy: &Policy,
    ) -> Result<Vec<Entry>, OwnershipRefusal> {
        let now = self.clock.now();
        let customer = ownership.customer_id;
        let may_speak = leads(call) || ownership.is_of(call.actor.agent());
        let refused = |source| OwnershipRefusal::Rule { customer, source };
        match command {
            OwnershipCommand::Claim => {
                let agent = caller(call)?;
                let (day, _) = period::day_of(now, policy.zone(ownership.site()));
                let load = ownerships::load_of(conn, agent, day, now).await?;
                ownership.claim(agent, load, policy, now).map_err(refused)
            }
            OwnershipCommand::Release(_) | OwnershipCommand::Refer(_) if !may_speak => {
                Err(refused(OwnershipError::NotTheOwner))
            }
            OwnershipCommand::Release(reason) => ownership.release(reason, now).map_err(refused),
            OwnershipCommand::Transfer(agent, reason) => {
                ownership.transfer(agent, reason, policy, now).map_err(refused)
            }
            OwnershipCommand::Assign(agent) => ownership.assign(agent, policy, now).map_err(refused),
            OwnershipCommand::Refer(referral) => self.refer(conn, ownership, referral, policy).await,
            OwnershipCommand::SetTerms(tier, protected) => {
                Ok(ownership.set_terms(tier, protected, policy, now))
            }
        }
    }

    /// The agent named; else of a referral the referrer's agent; else the first receiver (CU-4).
    async fn refer(
        &self,
        conn: &mut PgConnection,
        ownership: &mut Ownership,
        referral: Referral,
        policy: &Policy,
    ) -> Result<Vec<Entry>, OwnershipRefusal> {
        let now = self.clock.now();
        let customer = ownership.customer_id;
        let referrer = self.owner_of(conn, referral.referrer, now).await?;
        let (agent, basis) = match (referral.named, referral.kind, referrer) {
            (Some(named), _, _) => (Some(named), Basis::Named),
            (None, ReferralKind::Referral, Some(agent)) => (Some(agent), Basis::Referral),
            // What decides is that nobody else does.
            (None, ReferralKind::Referral, None) => {
                return match ownership.lease() {
                    Some(_) => Ok(Vec::new()),
                    None => Err(OwnershipRefusal::Rule { customer, source: OwnershipError::NoReception }),
                };
            }
            (None, ReferralKind::FriendOrRelative, _) => {
                (ownership.owner().cloned(), Basis::FriendOrRelative)
            }
        };
        let refused = |source| OwnershipRefusal::Rule { customer, source };
        let agent = agent.ok_or_else(|| refused(OwnershipError::NoReception))?;
        ownership.refer(agent, basis, policy, now).map_err(refused)
    }

    /// Who owns a customer at `now`.
    async fn owner_of(
        &self,
        conn: &mut PgConnection,
        id: CustomerId,
        now: Timestamp,
    ) -> Result<Option<AgentId>, OwnershipRefusal> {
        let Some(mut ownership) = ownerships::find(conn, id).await? else {
            let known = crate::store::customers::exists(conn, id).await?;
            return if known { Ok(None) } else { Err(OwnershipRefusal::NotFound(id)) };
        };
        ownership.advance(now);
        Ok(ownership.owner().cloned())
    }
}
