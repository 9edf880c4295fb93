//! The units that one transaction decides over: locked, read once, decided in memory, their counters written at the end.
//!
//! Invariant at every commit: in a unit where orders wait, nobody is free who could take one, or [`Left::Waiting`] was told.

use std::collections::BTreeMap;

use kexiang_core::{AgentId, Timestamp, UnitId, WorkOrderId};
use kexiang_events::EventLog;
use sqlx::PgConnection;

use super::{AppError, BATCH, Left, Moment, changes::Changes, rotation::line};
use crate::{
    domain::{
        assignment::{Assignment, Decision},
        facts::WORK_ORDER_ASSIGNED,
        roster::Roster,
        rotation::Rotation,
        unit::Agent,
        work_order::WorkOrder,
    },
    store::{self, StoreError},
};

/// Locked units with their agents.
#[derive(Default)]
pub(super) struct Desk {
    rosters: BTreeMap<UnitId, Roster>,
    /// Orders that joined a queue behind older ones: what is kept of each that settling brings to nobody.
    behind: BTreeMap<WorkOrderId, Assignment>,
    /// Locked rotations that assign orders here, as they were read.
    rotations: Vec<Rotation>,
}

impl Desk {
    /// Locks the units and reads their agents.
    pub(super) async fn open<'a>(
        connection: &mut PgConnection,
        units: impl IntoIterator<Item = &'a UnitId>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut members: BTreeMap<&UnitId, Vec<Agent>> =
            units.into_iter().map(|unit| (unit, Vec::new())).collect();
        if members.is_empty() {
            return Ok(Self::default());
        }
        let rotations = store::rotations::lock_of_units(connection, members.keys().copied()).await?;
        store::units::lock(connection, members.keys().copied()).await?;
        for agent in store::agents::of_units(connection, members.keys().copied()).await? {
            if let Some(agents) = members.get_mut(&agent.unit) {
                agents.push(agent);
            }
        }
        let waiting = store::work_orders::units_with_queue(connection, members.keys().copied()).await?;
        let roster =
            |(unit, agents): (&UnitId, _)| (unit.clone(), Roster::new(agents, waiting.contains(unit)));
        let rosters = members.into_iter().map(roster).collect();
        let mut desk = Self { rosters, behind: BTreeMap::new(), rotations };
        desk.read_turns(connection, now).await?;
        Ok(desk)
    }

    /// Reads who stands in the rotations that assign orders here; again after somebody came. Turns already given stay.
    pub(super) async fn read_turns(
        &mut self,
        connection: &mut PgConnection,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for rotation in &self.rotations {
            let Some(roster) = self.rosters.get_mut(&rotation.rules.unit) else { continue };
            let agents: Vec<Agent> = roster.agents().cloned().collect();
            let line = line::load(connection, rotation, &agents, now).await?;
            roster.take_turns(rotation, line);
        }
        Ok(())
    }

    /// The roster of an order's unit; none when the order has no unit or the desk is not open for it.
    pub(super) fn roster_of(&mut self, order: &WorkOrder) -> Option<&mut Roster> {
        self.rosters.get_mut(order.unit()?)
    }

    /// The roster of a unit that the desk is open for.
    pub(super) fn roster(&mut self, unit: &UnitId) -> Option<&mut Roster> {
        self.rosters.get_mut(unit)
    }

    /// Decides who gets an order that joins the queue and keeps the decision; where older orders wait that somebody could
    /// take, it waits its turn instead, until [`Desk::settle`].
    pub(super) fn place(
        &mut self,
        moment: Moment<'_>,
        order: WorkOrder,
        changes: &mut Changes,
    ) -> Result<(), AppError> {
        let Some(roster) = self.roster_of(&order) else { return Ok(()) };
        if roster.is_behind() {
            let Moment { call, now } = moment;
            let turn = Decision::oldest_first();
            let kept = turn.record(order.id, call.actor.clone(), order.route_explanation(), now);
            self.behind.insert(order.id, kept);
            return Ok(());
        }
        let decision = roster.choose(&order);
        carry_out(roster, moment, order, decision, changes)
    }

    /// Gives what waits to those who are free, the oldest first, and writes the counters and why newcomers wait. Changes made
    /// before have to be saved: the queue is read from the store.
    pub(super) async fn settle(
        &mut self,
        connection: &mut PgConnection,
        log: &EventLog,
        moment: Moment<'_>,
    ) -> Result<Left, AppError> {
        let mut changes = Changes::default();
        let mut places = BATCH;
        let Self { rosters, behind, .. } = self;
        for (unit, roster) in rosters.iter_mut().filter(|(_, roster)| roster.is_behind()) {
            let limit = roster.free_places().min(places);
            let free: Vec<&AgentId> = roster.free_agents().map(|agent| &agent.id).collect();
            let queued = store::work_orders::lock_queued(connection, unit, &free, limit).await?;
            for order in queued {
                places -= 1;
                let decision = roster.choose(&order);
                // Why it waits is kept since it joined the queue.
                if decision.agent.is_some() {
                    behind.remove(&order.id);
                    carry_out(roster, moment, order, decision, &mut changes)?;
                }
            }
        }
        std::mem::take(behind).into_values().for_each(|waits| changes.decide(waits));
        changes.save(connection, log, moment).await?;
        store::agents::update(connection, rosters.values().flat_map(Roster::changed)).await?;
        for turns in rosters.values().filter_map(Roster::changed_turns) {
            store::rotations::save_round(connection, &turns.rotation).await?;
        }
        Ok(if places == 0 { Left::Waiting } else { Left::Nothing })
    }
}

/// Makes the decision about a QUEUED order true.
fn carry_out(
    roster: &mut Roster,
    moment: Moment<'_>,
    order: WorkOrder,
    decision: Decision,
    changes: &mut Changes,
) -> Result<(), AppError> {
    let Moment { call, now } = moment;
    let (id, explanation) = (order.id, order.route_explanation());
    match decision.agent.clone() {
        Some(agent) => {
            roster.give(&agent, now);
            let assigned = order.assign(agent, now).map_err(|source| AppError::refused(id, source))?;
            changes.change_order(moment, WORK_ORDER_ASSIGNED, &assigned)?;
        }
        None => roster.note_waiting(),
    }
    changes.decide(decision.record(id, call.actor.clone(), explanation, now));
    Ok(())
}
