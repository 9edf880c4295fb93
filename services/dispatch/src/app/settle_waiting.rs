//! Settling what waits, in transactions of bounded size: unrouted orders that a line fits are routed, queued orders that
//! somebody could take are assigned.

use kexiang_core::{Call, RouteId, UnitId};

use super::{App, AppError, Left, Moment, desk::Desk};
use crate::store;

impl App {
    /// Settles what waits, one bounded transaction per line and per unit; tells whether more is left to do. Replicas share the
    /// work: a line's next orders go to whoever comes first, and a unit that another one decides over just now is left to it.
    ///
    /// # Errors
    /// [`AppError`]; what was committed before stays.
    #[tracing::instrument(name = "app.settle_waiting", level = "debug", skip_all)]
    pub async fn settle_waiting(&self, call: &Call) -> Result<Left, AppError> {
        let routes = store::routes::with_backlog(&mut *self.pool.acquire().await?).await?;
        let mut left = Left::Nothing;
        for route in routes {
            left = left.max(self.settle_route(call, route).await?);
        }
        let units = store::units::assignable(&mut *self.pool.acquire().await?).await?;
        for unit in units {
            left = left.max(self.settle_unit(call, &unit).await?);
        }
        Ok(left)
    }

    /// Routes the next orders that waited for a line when it was added.
    async fn settle_route(&self, call: &Call, route: RouteId) -> Result<Left, AppError> {
        let moment = Moment { call, now: self.clock.now() };
        let mut tx = self.pool.begin().await?;
        let Some(route) = store::routes::take_backlog(&mut tx, route).await? else {
            return Ok(Left::Nothing);
        };
        let left = self.route_unrouted(&mut tx, moment, &route).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(left)
    }

    /// Gives the next orders of a unit's queue to those who are free.
    async fn settle_unit(&self, call: &Call, unit: &UnitId) -> Result<Left, AppError> {
        let moment = Moment { call, now: self.clock.now() };
        let mut tx = self.pool.begin().await?;
        store::rotations::lock_of_units(&mut tx, [unit]).await?;
        if !store::units::try_lock(&mut tx, unit).await? {
            return Ok(Left::Nothing);
        }
        let mut desk = Desk::open(&mut tx, [unit], moment.now).await?;
        let left = desk.settle(&mut tx, &self.log, moment).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(left)
    }
}
