//! Setting up units (DI-1).

use kexiang_core::{Call, UnitId};
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{App, AppError, IDEMPOTENCY};
use crate::{domain::unit::Unit, store};

/// What is asked for a new unit.
#[derive(Debug, Clone)]
pub struct NewUnit {
    /// Its id.
    pub id: UnitId,
    /// What people call it.
    pub display_name: String,
    /// One tier up.
    pub parent: Option<UnitId>,
}

impl App {
    /// Creates a unit.
    ///
    /// # Errors
    /// [`AppError`]; [`AppError::NotFound`] for a parent that is not there.
    #[tracing::instrument(name = "app.create_unit", skip_all, fields(unit.id = %new.id))]
    pub async fn create_unit(&self, call: &Call, new: NewUnit) -> Result<Unit, AppError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(unit) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(unit);
        }
        if let Some(parent) = &new.parent {
            require_unit(&mut tx, parent).await?;
        }
        let unit = Unit { id: new.id, display_name: new.display_name, parent: new.parent, created_at: now };
        if !store::units::insert(&mut tx, &unit).await? {
            return Err(AppError::AlreadyExists { resource: UnitId::TYPE, name: unit.id.name() });
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
