//! The moves of one work order by people (DI-12): accept, start, finish, verify, return.

use kexiang_core::{Call, Timestamp, WorkOrderId};
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{App, AppError, IDEMPOTENCY, Left, Moment, Target, changes::Changes, check_version, desk::Desk};
use crate::{
    domain::{
        facts::{
            WORK_ORDER_ACCEPTED, WORK_ORDER_COMPLETED, WORK_ORDER_FINISHED, WORK_ORDER_RETURNED,
            WORK_ORDER_STARTED,
        },
        state::TransitionError,
        work_order::{Proof, WorkOrder},
    },
    store,
};

impl App {
    /// The assigned agent signs for it.
    ///
    /// # Errors
    /// [`AppError`].
    #[tracing::instrument(name = "app.accept_work_order", skip_all, fields(work_order.id = %target.id))]
    pub async fn accept_work_order(
        &self,
        call: &Call,
        target: Target<WorkOrderId>,
    ) -> Result<WorkOrder, AppError> {
        let accept = |order: WorkOrder, now| order.accept(&call.actor, now);
        self.move_work_order(call, target, WORK_ORDER_ACCEPTED, accept).await
    }

    /// The assigned agent starts.
    ///
    /// # Errors
    /// [`AppError`].
    #[tracing::instrument(name = "app.start_work_order", skip_all, fields(work_order.id = %target.id))]
    pub async fn start_work_order(
        &self,
        call: &Call,
        target: Target<WorkOrderId>,
    ) -> Result<WorkOrder, AppError> {
        let start = |order: WorkOrder, now| order.start(&call.actor, now);
        self.move_work_order(call, target, WORK_ORDER_STARTED, start).await
    }

    /// The assigned agent finishes with proof; who waits in the queue may have the place.
    ///
    /// # Errors
    /// [`AppError`].
    #[tracing::instrument(name = "app.finish_work_order", skip_all, fields(work_order.id = %target.id))]
    pub async fn finish_work_order(
        &self,
        call: &Call,
        target: Target<WorkOrderId>,
        proof: Proof,
    ) -> Result<WorkOrder, AppError> {
        let finish = |order: WorkOrder, now| order.finish(&call.actor, proof, now);
        self.move_work_order(call, target, WORK_ORDER_FINISHED, finish).await
    }

    /// Another person than the doer verifies the result.
    ///
    /// # Errors
    /// [`AppError`].
    #[tracing::instrument(name = "app.verify_work_order", skip_all, fields(work_order.id = %target.id))]
    pub async fn verify_work_order(
        &self,
        call: &Call,
        target: Target<WorkOrderId>,
    ) -> Result<WorkOrder, AppError> {
        let verify = |order: WorkOrder, now| order.verify(&call.actor, now);
        self.move_work_order(call, target, WORK_ORDER_COMPLETED, verify).await
    }

    /// Another person than the doer sends it back for rework.
    ///
    /// # Errors
    /// [`AppError`].
    #[tracing::instrument(name = "app.return_work_order", skip_all, fields(work_order.id = %target.id))]
    pub async fn return_work_order(
        &self,
        call: &Call,
        target: Target<WorkOrderId>,
        reason: String,
    ) -> Result<WorkOrder, AppError> {
        let send_back = |order: WorkOrder, now| order.return_for_rework(&call.actor, reason, now);
        self.move_work_order(call, target, WORK_ORDER_RETURNED, send_back).await
    }

    async fn move_work_order(
        &self,
        call: &Call,
        target: Target<WorkOrderId>,
        event_type: &'static str,
        step: impl FnOnce(WorkOrder, Timestamp) -> Result<WorkOrder, TransitionError> + Send,
    ) -> Result<WorkOrder, AppError> {
        let now = self.clock.now();
        let moment = Moment { call, now };
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(order) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(order);
        }
        let before = lock_target(&mut tx, target).await?;
        let after = step(before.clone(), now).map_err(|source| AppError::refused(target.id, source))?;
        let mut changes = Changes::default();
        changes.change_order(moment, event_type, &after)?;
        changes.save(&mut tx, &self.log, moment).await?;
        let left = self.account(&mut tx, moment, &before, &after).await?;
        IDEMPOTENCY.save(&mut tx, call, &after).await?;
        tx.commit().await?;
        self.committed(left);
        Ok(after)
    }

    /// Keeps the agent's open orders true after a move, and gives a freed place to who waits.
    async fn account(
        &self,
        connection: &mut PgConnection,
        moment: Moment<'_>,
        before: &WorkOrder,
        after: &WorkOrder,
    ) -> Result<Left, AppError> {
        if before.holder() == after.holder() {
            return Ok(Left::Nothing);
        }
        let mut desk = Desk::open(connection, before.unit(), moment.now).await?;
        if let Some(roster) = desk.roster_of(before) {
            before.holder().into_iter().for_each(|agent| roster.release(agent));
            after.holder().into_iter().for_each(|agent| roster.take_back(agent));
        }
        desk.settle(connection, &self.log, moment).await
    }
}

impl AppError {
    /// The order can't make this move.
    pub(super) fn refused(order: WorkOrderId, source: TransitionError) -> Self {
        Self::Transition { name: order.name(), source }
    }
}

/// Locks the order that a change is meant for.
pub(super) async fn lock_target(
    connection: &mut PgConnection,
    target: Target<WorkOrderId>,
) -> Result<WorkOrder, AppError> {
    let not_found = || AppError::NotFound { resource: WorkOrderId::TYPE, name: target.id.name() };
    let order = store::work_orders::lock(connection, target.id).await?.ok_or_else(not_found)?;
    check_version(&target, order.version, || target.id.name())?;
    Ok(order)
}
