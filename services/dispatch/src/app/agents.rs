//! Agents and their presence (DI-2): what is not signed in gets nothing.

use kexiang_core::{AgentId, Call, UnitId};
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{App, AppError, IDEMPOTENCY, Moment, SIGNERS, changes::Changes, desk::Desk, units::require_unit};
use crate::{
    domain::{
        facts::{AGENT_SIGNED_IN, AGENT_SIGNED_OUT},
        roster::Roster,
        unit::{Agent, Presence},
    },
    store,
};

/// What is asked for a new agent.
#[derive(Debug, Clone)]
pub struct NewAgent {
    /// Their id.
    pub id: AgentId,
    /// What people call them.
    pub display_name: String,
    /// Where they work.
    pub unit: UnitId,
    /// How many open orders at once.
    pub capacity: i32,
}

impl App {
    /// Creates an agent, signed out.
    ///
    /// # Errors
    /// [`AppError`]; [`AppError::NotFound`] for a unit that is not there.
    #[tracing::instrument(name = "app.create_agent", skip_all, fields(agent.id = %new.id))]
    pub async fn create_agent(&self, call: &Call, new: NewAgent) -> Result<Agent, AppError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(agent) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(agent);
        }
        require_unit(&mut tx, &new.unit).await?;
        let agent = Agent {
            id: new.id,
            display_name: new.display_name,
            unit: new.unit,
            capacity: new.capacity,
            presence: Presence::SignedOut,
            open_orders: 0,
            last_assigned_at: None,
            created_at: now,
            absence: None,
            signed_in_at: None,
            trainee: false,
        };
        if !store::agents::insert(&mut tx, &agent).await? {
            return Err(AppError::AlreadyExists { resource: AgentId::TYPE, name: agent.id.name() });
        }
        IDEMPOTENCY.save(&mut tx, call, &agent).await?;
        tx.commit().await?;
        Ok(agent)
    }

    /// Signs an agent in; what waits in their unit is assigned in the same transaction, up to a limit.
    ///
    /// # Errors
    /// [`AppError`]; [`AppError::NotYourself`].
    #[tracing::instrument(name = "app.sign_in", skip_all, fields(agent.id = %id))]
    pub async fn sign_in(&self, call: &Call, id: &AgentId) -> Result<Agent, AppError> {
        self.set_presence(call, id, Presence::SignedIn).await
    }

    /// Signs an agent out; they keep what they have.
    ///
    /// # Errors
    /// [`AppError`]; [`AppError::NotYourself`].
    #[tracing::instrument(name = "app.sign_out", skip_all, fields(agent.id = %id))]
    pub async fn sign_out(&self, call: &Call, id: &AgentId) -> Result<Agent, AppError> {
        self.set_presence(call, id, Presence::SignedOut).await
    }

    async fn set_presence(&self, call: &Call, id: &AgentId, presence: Presence) -> Result<Agent, AppError> {
        if call.actor.agent() != Some(id) && !call.roles.any_of(SIGNERS) {
            return Err(AppError::NotYourself);
        }
        let now = self.clock.now();
        let moment = Moment { call, now };
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(agent) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(agent);
        }
        let unit = require_agent(&mut tx, id).await?.unit;
        let mut desk = Desk::open(&mut tx, [&unit], now).await?;
        let mut changes = Changes::default();
        let set = |roster: &mut Roster| roster.set_presence(id, presence, now);
        if let Some(agent) = desk.roster(&unit).and_then(set) {
            if presence == Presence::SignedIn {
                store::presence::keep_sign_in(&mut tx, &agent, now).await?;
                desk.read_turns(&mut tx, now).await?;
            }
            changes.tell_agent(moment, event_of(presence), &agent)?;
        }
        changes.save(&mut tx, &self.log, moment).await?;
        let left = desk.settle(&mut tx, &self.log, moment).await?;
        let agent = require_agent(&mut tx, id).await?;
        IDEMPOTENCY.save(&mut tx, call, &agent).await?;
        tx.commit().await?;
        self.committed(left);
        Ok(agent)
    }
}

const fn event_of(presence: Presence) -> &'static str {
    match presence {
        Presence::SignedIn => AGENT_SIGNED_IN,
        Presence::SignedOut => AGENT_SIGNED_OUT,
    }
}

/// The agent that a request names.
pub(super) async fn require_agent(connection: &mut PgConnection, id: &AgentId) -> Result<Agent, AppError> {
    let not_found = || AppError::NotFound { resource: AgentId::TYPE, name: id.name() };
    store::agents::find(connection, id).await?.ok_or_else(not_found)
}
