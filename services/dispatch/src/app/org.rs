//! The tree, its roles and what agents can do (DI-1).
//!
//! Moves are made one at a time, under the lock of the tree: two that would make a cycle together can't both be made.

use kexiang_core::{AgentId, Call, UnitId, UnitMoveId};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{
    After, App, AppError, IDEMPOTENCY, agents::require_agent, staff_error::StaffError, units::require_unit,
};
use crate::{
    domain::{
        facts::{UNIT_MOVED, UnitFacts},
        org::{Profile, UnitMove, UnitRole},
        unit::Unit,
    },
    store,
};

/// Refuses when `version` is not the one asked for.
pub(super) fn check_etag(
    asked: Option<i64>,
    version: i64,
    name: impl FnOnce() -> String,
) -> Result<(), AppError> {
    match asked {
        Some(asked) if asked != version => Err(AppError::EtagMismatch { name: name() }),
        _ => Ok(()),
    }
}

/// Refuses where one of `agents` is not there.
pub(super) async fn require_agents(
    connection: &mut PgConnection,
    agents: &[AgentId],
) -> Result<(), AppError> {
    match store::org::missing_agents(connection, agents).await? {
        Some(agent) => Err(AppError::NotFound { resource: AgentId::TYPE, name: agent.name() }),
        None => Ok(()),
    }
}

impl App {
    /// Moves a unit, with all below it, under another one, or makes it a root.
    ///
    /// # Errors
    /// [`StaffError`]; [`StaffError::UnitCycle`], [`StaffError::UnitLevel`].
    #[tracing::instrument(name = "app.move_unit", skip_all, fields(unit.id = %id))]
    pub async fn move_unit(
        &self,
        call: &Call,
        id: &UnitId,
        etag: Option<i64>,
        parent: Option<UnitId>,
        reason: String,
    ) -> Result<Unit, StaffError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(unit) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(unit);
        }
        store::org::hold_tree(&mut tx).await?;
        store::units::lock(&mut tx, [id]).await?;
        let mut unit = require_unit(&mut tx, id).await?;
        check_etag(etag, unit.version, || id.name())?;
        check_place(&mut tx, &unit, parent.as_ref()).await?;
        let actor = call.actor.to_string();
        let from = std::mem::replace(&mut unit.parent, parent.clone());
        unit.version += 1;
        let id = UnitMoveId::at(now);
        let step = UnitMove { id, unit: unit.id.clone(), from, to: parent, reason, actor, moved_at: now };
        store::org::keep_move(&mut tx, &unit, &step).await?;
        let facts = UnitFacts { unit: unit.id.clone(), parent: unit.parent.clone() };
        let draft = Draft::new(UNIT_MOVED, unit.id.name(), now, &facts)?.by(call);
        self.log.append(&mut tx, call, now, &[draft]).await?;
        IDEMPOTENCY.save(&mut tx, call, &unit).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(unit)
    }

    /// The moves of a unit, newest first.
    ///
    /// # Errors
    /// [`StaffError`].
    pub async fn list_unit_moves(
        &self,
        unit: &UnitId,
        after: After<UnitMoveId>,
    ) -> Result<Vec<UnitMove>, StaffError> {
        Ok(store::org::moves(&mut *self.pool.acquire().await?, unit, after.key, after.limit).await?)
    }

    /// Says who holds a role, and who stands in.
    ///
    /// # Errors
    /// [`StaffError`].
    #[tracing::instrument(name = "app.set_unit_role", skip_all, fields(unit.id = %role.unit))]
    pub async fn set_unit_role(
        &self,
        call: &Call,
        etag: Option<i64>,
        mut role: UnitRole,
    ) -> Result<UnitRole, StaffError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(role) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(role);
        }
        require_unit(&mut tx, &role.unit).await?;
        store::units::lock(&mut tx, [&role.unit]).await?;
        let holders: Vec<AgentId> = std::iter::once(&role.agent).chain(&role.deputies).cloned().collect();
        require_agents(&mut tx, &holders).await?;
        let version = store::org::role_version(&mut tx, &role.unit, &role.role).await?;
        check_etag(etag, version, || format!("{}/roles/{}", role.unit.name(), role.role))?;
        role.version = version + 1;
        store::org::save_role(&mut tx, &role).await?;
        for agent in holders {
            if role.acting.is_none() && require_agent(&mut tx, &agent).await?.receives() {
                role.acting = Some(agent);
            }
        }
        IDEMPOTENCY.save(&mut tx, call, &role).await?;
        tx.commit().await?;
        Ok(role)
    }

    /// The roles of a unit by code.
    ///
    /// # Errors
    /// [`StaffError`].
    pub async fn list_unit_roles(
        &self,
        unit: &UnitId,
        after: After<String>,
    ) -> Result<Vec<UnitRole>, StaffError> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::org::roles(&mut connection, unit, after.key.as_deref(), after.limit).await?)
    }

    /// Replaces what an agent can do; a capacity of 0 leaves theirs.
    ///
    /// # Errors
    /// [`StaffError`].
    #[tracing::instrument(name = "app.set_agent_profile", skip_all, fields(agent.id = %profile.agent))]
    pub async fn set_agent_profile(
        &self,
        call: &Call,
        etag: Option<i64>,
        mut profile: Profile,
    ) -> Result<Profile, StaffError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(profile) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(profile);
        }
        let unit = require_agent(&mut tx, &profile.agent).await?.unit;
        store::units::lock(&mut tx, [&unit]).await?;
        let before = require_profile(&mut tx, &profile.agent).await?;
        check_etag(etag, before.version, || format!("{}/profile", profile.agent.name()))?;
        profile.version = before.version + 1;
        if profile.capacity == 0 {
            profile.capacity = before.capacity;
        }
        store::org::save_profile(&mut tx, &profile).await?;
        IDEMPOTENCY.save(&mut tx, call, &profile).await?;
        tx.commit().await?;
        Ok(profile)
    }

    /// What an agent can do.
    ///
    /// # Errors
    /// [`StaffError`].
    pub async fn get_agent_profile(&self, agent: &AgentId) -> Result<Profile, StaffError> {
        Ok(require_profile(&mut *self.pool.acquire().await?, agent).await?)
    }
}

async fn require_profile(connection: &mut PgConnection, agent: &AgentId) -> Result<Profile, AppError> {
    let not_found = || AppError::NotFound { resource: AgentId::TYPE, name: agent.name() };
    store::org::profile(connection, agent).await?.ok_or_else(not_found)
}

/// Refuses where `unit`, new or with all below it, can't stand below `parent`.
async fn check_place(
    connection: &mut PgConnection,
    unit: &Unit,
    parent: Option<&UnitId>,
) -> Result<(), StaffError> {
    let Some(parent) = parent else { return Ok(()) };
    let above = require_unit(connection, parent).await?;
    if store::org::is_within(connection, parent, &unit.id).await? {
        return Err(StaffError::UnitCycle { unit: unit.id.name(), parent: parent.name() });
    }
    let fits = |(level, above): (crate::domain::unit::UnitLevel, _)| level.fits_below(above);
    if unit.level.zip(above.level).is_none_or(fits) {
        Ok(())
    } else {
        Err(StaffError::UnitLevel { unit: unit.id.name() })
    }
}
