//! Reading: single resources and lists by keyset. Lists give up to `limit` rows after a key.

use kexiang_core::{AgentId, AssignmentId, RouteId, SiteId, TaskId, Timestamp, UnitId, WorkOrderId};

use super::{App, AppError};
use crate::{
    domain::{
        assignment::Assignment,
        filter::{TaskFilter, WorkOrderFilter},
        routing::Route,
        task::Task,
        unit::{Agent, Unit},
        work_order::WorkOrder,
    },
    store,
};

/// Where a list goes on, and how far.
#[derive(Debug, Clone)]
pub struct After<K> {
    /// The key of the last row of the page before; none for the first page.
    pub key: Option<K>,
    /// At most so many rows.
    pub limit: i64,
}

fn not_found(resource: &'static str, name: String) -> AppError {
    AppError::NotFound { resource, name }
}

impl App {
    /// A unit.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn get_unit(&self, id: &UnitId) -> Result<Unit, AppError> {
        let unit = store::units::find(&mut *self.pool.acquire().await?, id).await?;
        unit.ok_or_else(|| not_found(UnitId::TYPE, id.name()))
    }

    /// Units by id.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn list_units(&self, after: After<UnitId>) -> Result<Vec<Unit>, AppError> {
        Ok(store::units::list(&mut *self.pool.acquire().await?, after.key.as_ref(), after.limit).await?)
    }

    /// An agent.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn get_agent(&self, id: &AgentId) -> Result<Agent, AppError> {
        let agent = store::agents::find(&mut *self.pool.acquire().await?, id).await?;
        agent.ok_or_else(|| not_found(AgentId::TYPE, id.name()))
    }

    /// Agents by id, of one unit or of all.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn list_agents(
        &self,
        unit: Option<&UnitId>,
        after: After<AgentId>,
    ) -> Result<Vec<Agent>, AppError> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::agents::list(&mut connection, unit, after.key.as_ref(), after.limit).await?)
    }

    /// The routing table of a site, oldest line first.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn list_routes(
        &self,
        site: &SiteId,
        after: After<(Timestamp, RouteId)>,
    ) -> Result<Vec<Route>, AppError> {
        Ok(store::routes::list(&mut *self.pool.acquire().await?, site, after.key, after.limit).await?)
    }

    /// A work order.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn get_work_order(&self, id: WorkOrderId) -> Result<WorkOrder, AppError> {
        let order = store::work_orders::find(&mut *self.pool.acquire().await?, id).await?;
        order.ok_or_else(|| not_found(WorkOrderId::TYPE, id.name()))
    }

    /// Work orders, newest first.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn list_work_orders(
        &self,
        filter: &WorkOrderFilter,
        after: After<WorkOrderId>,
    ) -> Result<Vec<WorkOrder>, AppError> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::work_order_lists::list(&mut connection, filter, after.key, after.limit).await?)
    }

    /// The decisions who does an order, newest first.
    ///
    /// # Errors
    /// [`AppError`]; [`AppError::NotFound`] for an order that is not there.
    pub async fn list_assignments(
        &self,
        order: WorkOrderId,
        after: After<(Timestamp, AssignmentId)>,
    ) -> Result<Vec<Assignment>, AppError> {
        let mut connection = self.pool.acquire().await?;
        let assignments = store::assignments::list(&mut connection, order, after.key, after.limit).await?;
        if assignments.is_empty() && store::work_orders::find(&mut connection, order).await?.is_none() {
            return Err(not_found(WorkOrderId::TYPE, order.name()));
        }
        Ok(assignments)
    }

    /// A task.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn get_task(&self, id: TaskId) -> Result<Task, AppError> {
        let task = store::tasks::find(&mut *self.pool.acquire().await?, id).await?;
        task.ok_or_else(|| not_found(TaskId::TYPE, id.name()))
    }

    /// Tasks, the first due first.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn list_tasks(
        &self,
        filter: &TaskFilter,
        after: After<(Timestamp, TaskId)>,
    ) -> Result<Vec<Task>, AppError> {
        Ok(store::tasks::list(&mut *self.pool.acquire().await?, filter, after.key, after.limit).await?)
    }
}
