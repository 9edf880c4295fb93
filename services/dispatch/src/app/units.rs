//! Setting up units (DI-1).

use kexiang_core::{Call, UnitId};
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{App, AppError, IDEMPOTENCY, StaffError};
use crate::{
    domain::unit::{Unit, UnitLevel},
    store,
};

/// What is asked for a new unit.
#[derive(Debug, Clone)]
pub struct NewUnit {
    /// Its id.
    pub id: UnitId,
    /// What people call it.
    pub display_name: String,
    /// One tier up.
    pub parent: Option<UnitId>,
    /// Its tier.
    pub level: Option<UnitLevel>,
}

impl App {
    /// Creates a unit.
    ///
    /// # Errors
    /// [`StaffError`]; not found for a parent that is not there, [`StaffError::UnitLevel`].
    #[tracing::instrument(name = "app.create_unit", skip_all, fields(unit.id = %new.id))]
    pub async fn create_unit(&self, call: &Call, new: NewUnit) -> Result<Unit, StaffError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(unit) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(unit);
        }
        if let Some(parent) = &new.parent {
            let above = require_unit(&mut tx, parent).await?.level;
            if !new.level.zip(above).is_none_or(|(level, above)| level.fits_below(above)) {
                return Err(StaffError::UnitLevel { unit: new.id.name() });
            }
        }
        let NewUnit { id, display_name, parent, level } = new;
        let unit = Unit { id, display_name, parent, created_at: now, level, version: 1 };
        if !store::units::insert(&mut tx, &unit).await? {
            return Err(AppError::AlreadyExists { resource: UnitId::TYPE, name: unit.id.name() }.into());
        }
        IDEMPOTENCY.save(&mut tx, call, &unit).await?;
        tx.commit().await?;
        Ok(unit)
    }
}

/// The unit that a request names.
pub(super) async fn require_unit(connection: &mut PgConnection, id: &UnitId) -> Result<Unit, AppError> {
    let not_found = || AppError::NotFound { resource: UnitId::TYPE, name: id.name() };
    store::units::find(connection, id).await?.ok_or_else(not_found)
}
