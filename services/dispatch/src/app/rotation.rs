//! Rotations of sites: setting them up, reordering, rankings (DI-3, DI-4). Turns are in [`reception`].
//!
//! A rotation changes only under the lock of its row, taken before that of its unit: two desks of a site wait for each other,
//! and nobody of the unit signs in or out meanwhile.

use kexiang_core::{Call, SiteId};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{
    After, App, AppError, IDEMPOTENCY,
    org::{check_etag, require_agents},
    staff_error::StaffError,
    units::require_unit,
};
use crate::{
    domain::{
        facts::{ROTATION_RANKED, ROTATION_REORDERED, ROTATION_SET, RotationFacts},
        rotation::{Ranking, Reorder, Rotation, RotationRules},
    },
    store,
};

pub(super) mod line;
mod reception;

pub use reception::Reception;

/// A ranking that is to be kept.
#[derive(Debug, Clone)]
pub struct NewRanking {
    /// `2026-11` or `2026-11-24`.
    pub period: String,
    /// The best first.
    pub agents: Vec<kexiang_core::AgentId>,
    /// What was compared.
    pub basis: String,
}

impl App {
    /// Sets up or changes the rotation of a site.
    ///
    /// # Errors
    /// [`StaffError`]; [`StaffError::NotOfUnit`].
    #[tracing::instrument(name = "app.set_rotation", skip_all, fields(site.id = %site))]
    pub async fn set_rotation(
        &self,
        call: &Call,
        site: SiteId,
        etag: Option<i64>,
        rules: RotationRules,
    ) -> Result<Rotation, StaffError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(rotation) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(rotation);
        }
        let before = store::rotations::lock(&mut tx, &site).await?;
        check_etag(etag, before.as_ref().map_or(0, |r| r.version), || rotation_name(&site))?;
        require_unit(&mut tx, &rules.unit).await?;
        store::units::lock(&mut tx, [&rules.unit]).await?;
        check_rules(&mut tx, &site, &rules).await?;
        let mut rotation = match before {
            Some(before) => before.with_rules(rules),
            None => Rotation::new(site, rules),
        };
        store::rotations::save(&mut tx, &rotation).await?;
        self.tell(&mut tx, call, ROTATION_SET, &facts(&rotation, &rotation.rules.members)).await?;
        line::bring_to_now(&mut tx, &mut rotation, now).await?;
        IDEMPOTENCY.save(&mut tx, call, &rotation).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(rotation)
    }

    /// The rotation of a site with what is left of its round as of now.
    ///
    /// # Errors
    /// [`StaffError`].
    pub async fn get_rotation(&self, site: &SiteId) -> Result<Rotation, StaffError> {
        let mut connection = self.pool.acquire().await?;
        let found = store::rotations::find(&mut connection, site).await?;
        let mut rotation = found.ok_or_else(|| no_rotation(site))?;
        line::bring_to_now(&mut connection, &mut rotation, self.clock.now()).await?;
        Ok(rotation)
    }

    /// A supervisor puts what is left of the round into another order.
    ///
    /// # Errors
    /// [`StaffError`]; [`StaffError::NotThisRound`].
    #[tracing::instrument(name = "app.reorder_rotation", skip_all, fields(site.id = %site))]
    pub async fn reorder_rotation(
        &self,
        call: &Call,
        site: &SiteId,
        etag: Option<i64>,
        agents: Vec<kexiang_core::AgentId>,
        reason: String,
    ) -> Result<Rotation, StaffError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(rotation) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(rotation);
        }
        let mut rotation = lock(&mut tx, site).await?;
        check_etag(etag, rotation.version, || rotation_name(site))?;
        let line = line::bring_to_now(&mut tx, &mut rotation, now).await?;
        let before = rotation.round.pending.clone();
        rotation.reorder(&line, agents)?;
        store::rotations::save_round(&mut tx, &rotation).await?;
        let (after, actor) = (rotation.round.pending.clone(), call.actor.to_string());
        let reorder = Reorder { number: 0, before, after, reason, actor, reordered_at: now };
        store::rotations::keep_reorder(&mut tx, site, &reorder).await?;
        self.tell(&mut tx, call, ROTATION_REORDERED, &facts(&rotation, &reorder.after)).await?;
        IDEMPOTENCY.save(&mut tx, call, &rotation).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(rotation)
    }

    /// The reorders of a site, newest first.
    ///
    /// # Errors
    /// [`StaffError`].
    pub async fn list_reorders(&self, site: &SiteId, after: After<i64>) -> Result<Vec<Reorder>, StaffError> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::rotations::reorders(&mut connection, site, after.key, after.limit).await?)
    }

    /// Keeps a ranking as the next version of its period.
    ///
    /// # Errors
    /// [`StaffError`]; not found for a site without rotation, or an agent who is not there.
    #[tracing::instrument(name = "app.set_ranking", skip_all, fields(site.id = %site))]
    pub async fn set_ranking(
        &self,
        call: &Call,
        site: SiteId,
        new: NewRanking,
    ) -> Result<Ranking, StaffError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(ranking) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(ranking);
        }
        lock(&mut tx, &site).await?;
        require_agents(&mut tx, &new.agents).await?;
        let before = store::rotations::ranking(&mut tx, &site, &new.period).await?;
        let NewRanking { period, agents, basis } = new;
        let (version, actor) = (before.map_or(0, |before| before.version) + 1, call.actor.to_string());
        let ranking = Ranking { site, period, version, agents, basis, actor, created_at: now };
        store::rotations::insert_ranking(&mut tx, &ranking).await?;
        let (site, agents) = (ranking.site.clone(), ranking.agents.clone());
        let facts = RotationFacts { site, unit: None, agents, period: Some(ranking.period.clone()) };
        self.tell(&mut tx, call, ROTATION_RANKED, &facts).await?;
        IDEMPOTENCY.save(&mut tx, call, &ranking).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(ranking)
    }

    /// The newest version of a ranking.
    ///
    /// # Errors
    /// [`StaffError`].
    pub async fn get_ranking(&self, site: &SiteId, period: &str) -> Result<Ranking, StaffError> {
        let found = store::rotations::ranking(&mut *self.pool.acquire().await?, site, period).await?;
        let name = || format!("{}/rankings/{period}", site.name());
        Ok(found.ok_or_else(|| AppError::NotFound { resource: "Ranking", name: name() })?)
    }

    async fn tell(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        event_type: &'static str,
        facts: &RotationFacts,
    ) -> Result<(), StaffError> {
        let now = self.clock.now();
        let draft = Draft::new(event_type, rotation_name(&facts.site), now, facts)?.by(call);
        self.log.append(connection, call, now, &[draft]).await?;
        Ok(())
    }
}

fn facts(rotation: &Rotation, agents: &[kexiang_core::AgentId]) -> RotationFacts {
    let unit = Some(rotation.rules.unit.clone());
    RotationFacts { site: rotation.site.clone(), unit, agents: agents.to_vec(), period: None }
}

fn rotation_name(site: &SiteId) -> String {
    format!("{}/rotation", site.name())
}

fn no_rotation(site: &SiteId) -> AppError {
    AppError::NotFound { resource: "Rotation", name: rotation_name(site) }
}

/// The rotation of a site and its unit, locked.
async fn lock(connection: &mut PgConnection, site: &SiteId) -> Result<Rotation, StaffError> {
    let found = store::rotations::lock(connection, site).await?;
    let rotation = found.ok_or_else(|| no_rotation(site))?;
    store::units::lock(connection, [&rotation.rules.unit]).await?;
    Ok(rotation)
}

/// Refuses rules whose members are of another unit, or whose unit has the rotation of another site.
async fn check_rules(
    connection: &mut PgConnection,
    site: &SiteId,
    rules: &RotationRules,
) -> Result<(), StaffError> {
    require_agents(connection, &rules.members).await?;
    let agents = store::agents::of_units(connection, [&rules.unit]).await?;
    let is_of_unit = |member: &&kexiang_core::AgentId| agents.iter().any(|agent| agent.id == **member);
    if let Some(stranger) = rules.members.iter().find(|member| !is_of_unit(member)) {
        return Err(StaffError::NotOfUnit { name: stranger.name(), why: "is of another unit" });
    }
    match store::rotations::site_of(connection, &rules.unit).await? {
        Some(other) if other != *site => {
            Err(StaffError::NotOfUnit { name: rules.unit.name(), why: "has the rotation of another site" })
        }
        _ => Ok(()),
    }
}
