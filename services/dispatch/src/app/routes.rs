//! The routing tables of sites (DI-7).

use std::collections::BTreeSet;

use kexiang_core::{Call, RouteId, SiteId, UnitId};
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{
    App, AppError, BATCH, IDEMPOTENCY, Left, Moment, changes::Changes, desk::Desk, units::require_unit,
};
use crate::{
    domain::{
        facts::WORK_ORDER_ROUTED,
        routing::{Conditions, Route, RoutingTable},
        work_order::WorkOrder,
    },
    store,
};

/// What is asked for a new line.
#[derive(Debug, Clone)]
pub struct NewRoute {
    /// Whose table.
    pub site: SiteId,
    /// What it asks of an order.
    pub conditions: Conditions,
    /// Who works on what fits.
    pub unit: UnitId,
}

impl App {
    /// Adds a line; unrouted orders that it fits are routed and assigned in the same transaction up to a limit, the rest
    /// soon after it.
    ///
    /// # Errors
    /// [`AppError`]; [`AppError::AlreadyExists`] for a line with equal conditions, [`AppError::NotFound`] for a unit that is
    /// not there.
    #[tracing::instrument(name = "app.create_route", skip_all, fields(site.id = %new.site, unit.id = %new.unit))]
    pub async fn create_route(&self, call: &Call, new: NewRoute) -> Result<Route, AppError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(route) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(route);
        }
        require_unit(&mut tx, &new.unit).await?;
        let NewRoute { site, conditions, unit } = new;
        let route = Route { id: RouteId::at(now), site, conditions, unit, created_at: now };
        if !store::routes::insert(&mut tx, &route).await? {
            let equal = store::routes::find_equal(&mut tx, &route).await?;
            return Err(AppError::AlreadyExists {
                resource: RouteId::TYPE,
                name: equal.unwrap_or(route.id).name(),
            });
        }
        let left = self.route_unrouted(&mut tx, Moment { call, now }, &route).await?;
        IDEMPOTENCY.save(&mut tx, call, &route).await?;
        tx.commit().await?;
        self.committed(left);
        Ok(route)
    }

    /// Routes the oldest orders that wait for this line, one batch; where more is left, the line keeps it for the worker. By the
    /// whole table: another line may have its own backlog.
    pub(super) async fn route_unrouted(
        &self,
        connection: &mut PgConnection,
        moment: Moment<'_>,
        route: &Route,
    ) -> Result<Left, AppError> {
        let unrouted = store::work_orders::lock_unrouted(connection, route, BATCH).await?;
        let is_full = i64::try_from(unrouted.len()) == Ok(BATCH);
        if is_full {
            store::routes::keep_backlog(connection, route.id).await?;
        }
        let table = RoutingTable::new(store::routes::of_sites(connection, [&route.site]).await?);
        let mut changes = Changes::default();
        let mut routed = Vec::with_capacity(unrouted.len());
        for order in unrouted {
            let id = order.id;
            let routing = table.route(&order.brief).unwrap_or_else(|| route.routing(1));
            let order = order.route(routing, moment.now).map_err(|source| AppError::refused(id, source))?;
            changes.change_order(moment, WORK_ORDER_ROUTED, &order)?;
            routed.push(order);
        }
        let units: BTreeSet<UnitId> = routed.iter().filter_map(WorkOrder::unit).cloned().collect();
        let mut desk = Desk::open(connection, &units, moment.now).await?;
        for order in routed {
            desk.place(moment, order, &mut changes)?;
        }
        changes.save(connection, &self.log, moment).await?;
        let left = desk.settle(connection, &self.log, moment).await?;
        Ok(if is_full { Left::Waiting } else { left })
    }
}
