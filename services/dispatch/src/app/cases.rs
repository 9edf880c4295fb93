//! What cases ask of dispatch: work orders, cancellations, return visits (DI-7, DI-6, DI-19).
//!
//! A batch of events is decided in one transaction, the consumer's, which also moves its cursor. Whatever comes again is
//! known by its case, life and round, so nothing is made twice.
//!
//! A case that comes to follow another one (IN-15, IN-16) loses its open order; when it goes its own way again it gets a new
//! one, of the next round, unless its work of this life was completed meanwhile. An event of an earlier round touches no later
//! order.

use std::collections::{BTreeMap, BTreeSet};

use kexiang_core::{Call, CaseId, SiteId, UnitId};
use sqlx::PgConnection;

use super::{App, AppError, Left, Moment, changes::Changes, desk::Desk};
use crate::{
    domain::{
        case::{Case, CaseEvent, Demand},
        facts::{TASK_CANCELLED, WORK_ORDER_CANCELLED, WORK_ORDER_ROUTED},
        routing::RoutingTable,
        state::WorkOrderState,
        task::{Task, TaskState},
        work_order::WorkOrder,
    },
    store,
};

const WITHDRAWN: &str = "the case was withdrawn";
const RECALLED: &str = "the case was resolved without it";

impl App {
    /// Does what a batch of events of cases asks, in the transaction of `connection`. The caller commits and then calls
    /// [`App::taken_in`].
    ///
    /// # Errors
    /// [`AppError`].
    #[tracing::instrument(name = "app.take_in_cases", skip_all, fields(events = events.len()))]
    pub async fn take_in_cases(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        events: &[CaseEvent],
    ) -> Result<(), AppError> {
        let now = self.clock.now();
        let mut batch = Batch::load(connection, events).await?;
        for event in events {
            let call = call.caused_by(event.id, event.traceparent.clone());
            batch.take(Moment { call: &call, now }, event)?;
        }
        let units: BTreeSet<UnitId> = batch.units().cloned().collect();
        let mut desk = Desk::open(connection, &units, now).await?;
        batch.release(&mut desk);
        for (call, key) in std::mem::take(&mut batch.queued) {
            batch.place(Moment { call: &call, now }, &mut desk, key)?;
        }
        let moment = Moment { call, now };
        batch.changes.save(connection, &self.log, moment).await?;
        desk.settle(connection, &self.log, moment).await?;
        Ok(())
    }

    /// After the commit of a batch: wakes the feed, and who settles the rest of a long queue.
    pub fn taken_in(&self) {
        self.committed(Left::Waiting);
    }
}

/// One life of a case: the key of its return visit.
type Life = (CaseId, i32);
/// One round of a life: the key of an order.
type Round = (CaseId, i32, i32);

/// Up to the end of time.
const ANY_ROUND: (i32, i32) = (i32::MAX, i32::MAX);

fn round(order: &WorkOrder) -> Round {
    (order.brief.case, order.brief.life, order.brief.round)
}

/// The orders and tasks that a batch is about, as it leaves them.
struct Batch {
    table: RoutingTable,
    orders: BTreeMap<Round, WorkOrder>,
    tasks: BTreeMap<Life, Task>,
    /// Orders that were cancelled while an agent had them, as they were before.
    released: Vec<WorkOrder>,
    /// Orders that joined a queue, in order, with the call that did it.
    queued: Vec<(Call, Round)>,
    changes: Changes,
}

impl Batch {
    async fn load(connection: &mut PgConnection, events: &[CaseEvent]) -> Result<Self, AppError> {
        let asks_for_work = |event: &&CaseEvent| matches!(event.demand, Demand::Work | Demand::WorkAgain);
        let sites: BTreeSet<&SiteId> =
            events.iter().filter(asks_for_work).map(|event| &event.case.site).collect();
        let mut routes = Vec::new();
        if !sites.is_empty() {
            store::routes::hold_back_new_lines(connection).await?;
            routes = store::routes::of_sites(connection, sites).await?;
        }
        let cases: BTreeSet<CaseId> = events.iter().map(|event| event.case.id).collect();
        let orders = store::work_orders::lock_of_cases(connection, cases.iter().copied()).await?;
        let tasks = store::tasks::lock_of_cases(connection, cases).await?;
        Ok(Self {
            table: RoutingTable::new(routes),
            orders: orders.into_iter().map(|order| (round(&order), order)).collect(),
            tasks: tasks.into_iter().map(|task| ((task.case, task.life), task)).collect(),
            released: Vec::new(),
            queued: Vec::new(),
            changes: Changes::default(),
        })
    }

    /// Does what one event asks, but for the choice of agents.
    fn take(&mut self, moment: Moment<'_>, event: &CaseEvent) -> Result<(), AppError> {
        let case = &event.case;
        match event.demand {
            Demand::Work => self.open_order(moment, case),
            Demand::WorkAgain => {
                self.cancel_tasks(moment, case.id)?;
                self.open_order(moment, case)
            }
            Demand::Nothing => {
                self.cancel_tasks(moment, case.id)?;
                self.cancel_orders(moment, case.id, ANY_ROUND, WITHDRAWN)
            }
            Demand::Follow(lead) => {
                self.cancel_orders(moment, case.id, (case.life, case.round), &lead.explanation())
            }
            Demand::Recall => self.cancel_orders(moment, case.id, (case.life, case.round), RECALLED),
            Demand::ReturnVisit(informed_at) => match self.tasks.entry((case.id, case.life)) {
                std::collections::btree_map::Entry::Occupied(_) => Ok(()),
                std::collections::btree_map::Entry::Vacant(vacant) => {
                    let task = vacant.insert(case.return_visit(informed_at, moment.now));
                    self.changes.open_task(moment, task)
                }
            },
        }
    }

    fn open_order(&mut self, moment: Moment<'_>, case: &Case) -> Result<(), AppError> {
        let key = (case.id, case.life, case.round);
        let mut of_life = self.orders.range((case.id, case.life, i32::MIN)..=(case.id, case.life, i32::MAX));
        let is_there = |(round, order): (&Round, &WorkOrder)| {
            round.2 >= case.round || order.state != WorkOrderState::Cancelled
        };
        if of_life.any(is_there) {
            return Ok(());
        }
        let mut order = WorkOrder::new(case.brief(), moment.now);
        self.changes.create_order(moment, &order)?;
        if let Some(routing) = self.table.route(&order.brief) {
            let id = order.id;
            order = order.route(routing, moment.now).map_err(|source| AppError::refused(id, source))?;
            self.changes.change_order(moment, WORK_ORDER_ROUTED, &order)?;
            self.queued.push((moment.call.clone(), key));
        }
        self.orders.insert(key, order);
        Ok(())
    }

    /// Cancels what is open of the rounds up to `last`.
    fn cancel_orders(
        &mut self,
        moment: Moment<'_>,
        case: CaseId,
        last: (i32, i32),
        reason: &str,
    ) -> Result<(), AppError> {
        let rounds = (case, i32::MIN, i32::MIN)..=(case, last.0, last.1);
        for (_, order) in self.orders.range_mut(rounds) {
            if !WorkOrderState::CANCELLABLE.contains(&order.state) {
                continue;
            }
            let cancelled = order.clone().cancel(reason, moment.now);
            let cancelled = cancelled.map_err(|source| AppError::refused(order.id, source))?;
            self.changes.change_order(moment, WORK_ORDER_CANCELLED, &cancelled)?;
            let before = std::mem::replace(order, cancelled);
            if before.holder().is_some() {
                self.released.push(before);
            }
        }
        Ok(())
    }

    fn cancel_tasks(&mut self, moment: Moment<'_>, case: CaseId) -> Result<(), AppError> {
        let tasks = self.tasks.range_mut((case, i32::MIN)..=(case, i32::MAX));
        for (_, task) in tasks.filter(|(_, task)| task.state == TaskState::Open) {
            let ended = |source| AppError::TaskEnded { name: task.id.name(), source };
            let cancelled = task.clone().cancel().map_err(ended)?;
            self.changes.change_task(moment, TASK_CANCELLED, &cancelled)?;
            *task = cancelled;
        }
        Ok(())
    }

    /// The units whose agents this batch is about.
    fn units(&self) -> impl Iterator<Item = &UnitId> {
        let queued = self.queued.iter().filter_map(|(_, key)| self.orders.get(key));
        queued.chain(&self.released).filter_map(WorkOrder::unit)
    }

    /// Takes cancelled orders off their agents.
    fn release(&mut self, desk: &mut Desk) {
        for order in self.released.drain(..) {
            if let (Some(roster), Some(agent)) = (desk.roster_of(&order), order.holder()) {
                roster.release(agent);
            }
        }
    }

    /// Chooses who gets a new order, unless it was cancelled by a later event of the batch.
    fn place(&mut self, moment: Moment<'_>, desk: &mut Desk, key: Round) -> Result<(), AppError> {
        match self.orders.remove(&key) {
            Some(order) if order.state == WorkOrderState::Queued => {
                desk.place(moment, order, &mut self.changes)
            }
            _ => Ok(()),
        }
    }
}
