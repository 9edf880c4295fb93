//! Giving an order to somebody else.

use kexiang_core::{AgentId, Call, WorkOrderId};
use kexiang_pg::Claim;

use super::{
    App, AppError, IDEMPOTENCY, Moment, Target, changes::Changes, desk::Desk, work_orders::lock_target,
};
use crate::domain::{
    assignment::Decision,
    facts::{WORK_ORDER_ASSIGNED, WORK_ORDER_ROUTED},
    roster::Roster,
    state::{TransitionError, WorkOrderState},
    work_order::WorkOrder,
};

impl App {
    /// Gives an order that is QUEUED, ASSIGNED or ACCEPTED to `agent`, or lets the policy choose anybody but the holder. When
    /// the policy finds nobody the order goes back to its unit's queue, told as `work_order.routed`.
    ///
    /// # Errors
    /// [`AppError`]; [`AppError::AgentNotAvailable`] when `agent` is of another unit or not signed in.
    #[tracing::instrument(name = "app.reassign_work_order", skip_all, fields(work_order.id = %target.id))]
    pub async fn reassign_work_order(
        &self,
        call: &Call,
        target: Target<WorkOrderId>,
        agent: Option<AgentId>,
        reason: String,
    ) -> Result<WorkOrder, AppError> {
        let now = self.clock.now();
        let moment = Moment { call, now };
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(order) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(order);
        }
        let before = lock_target(&mut tx, target).await?;
        let mut desk = Desk::open(&mut tx, before.unit(), now).await?;
        let movable = WorkOrderState::REASSIGNABLE.contains(&before.state);
        let Some(roster) = desk.roster_of(&before).filter(|_| movable) else {
            return Err(AppError::refused(target.id, not_reassignable(&before)));
        };
        let decision = decide(roster, &before, agent.as_ref())?;
        let after = before
            .clone()
            .reassign(decision.agent.clone(), reason, now)
            .map_err(|source| AppError::refused(target.id, source))?;
        before.holder().into_iter().for_each(|holder| roster.release(holder));
        after.holder().into_iter().for_each(|holder| roster.give(holder, now));

        let mut changes = Changes::default();
        let event_type = if after.agent.is_some() { WORK_ORDER_ASSIGNED } else { WORK_ORDER_ROUTED };
        changes.change_order(moment, event_type, &after)?;
        changes.decide(decision.record(after.id, call.actor.clone(), after.route_explanation(), now));
        changes.save(&mut tx, &self.log, moment).await?;
        let left = desk.settle(&mut tx, &self.log, moment).await?;
        IDEMPOTENCY.save(&mut tx, call, &after).await?;
        tx.commit().await?;
        self.committed(left);
        Ok(after)
    }
}

/// Covers UNROUTED, too: what has no unit has no roster.
const fn not_reassignable(order: &WorkOrder) -> TransitionError {
    TransitionError::StateNotAllowed { state: order.state, needed: WorkOrderState::REASSIGNABLE }
}

fn decide(roster: &mut Roster, order: &WorkOrder, agent: Option<&AgentId>) -> Result<Decision, AppError> {
    match agent {
        Some(agent) => {
            let not_available = || AppError::AgentNotAvailable { agent: agent.name() };
            roster.name(order, agent).ok_or_else(not_available)
        }
        None => Ok(roster.choose_another(order)),
    }
}
