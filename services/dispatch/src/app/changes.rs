//! What one transaction is going to write, collected in memory and written with one statement per table, however many orders
//! it is about.

use std::collections::BTreeMap;

use kexiang_core::{TaskId, WorkOrderId};
use kexiang_events::{Draft, EventLog};
use serde::Serialize;
use sqlx::PgConnection;

use super::{AppError, Moment};
use crate::{
    domain::{
        assignment::Assignment,
        facts::{AgentFacts, TASK_OPENED, TaskFacts, WORK_ORDER_CREATED, WorkOrderFacts},
        task::Task,
        unit::Agent,
        work_order::WorkOrder,
    },
    store,
};

/// Orders, decisions, tasks and events to be written. An event is told for every change, in the order of the changes.
#[derive(Default)]
pub(super) struct Changes {
    new_orders: BTreeMap<WorkOrderId, WorkOrder>,
    orders: BTreeMap<WorkOrderId, WorkOrder>,
    assignments: Vec<Assignment>,
    new_tasks: BTreeMap<TaskId, Task>,
    tasks: BTreeMap<TaskId, Task>,
    drafts: Vec<Draft>,
}

impl Changes {
    /// A new order.
    pub(super) fn create_order(&mut self, moment: Moment<'_>, order: &WorkOrder) -> Result<(), AppError> {
        self.new_orders.insert(order.id, order.clone());
        self.tell(moment, WORK_ORDER_CREATED, order.id.name(), &WorkOrderFacts::from(order))
    }

    /// An order, new or locked, as it is after a move.
    pub(super) fn change_order(
        &mut self,
        moment: Moment<'_>,
        event_type: &'static str,
        order: &WorkOrder,
    ) -> Result<(), AppError> {
        let is_new = self.new_orders.contains_key(&order.id);
        let orders = if is_new { &mut self.new_orders } else { &mut self.orders };
        orders.insert(order.id, order.clone());
        self.tell(moment, event_type, order.id.name(), &WorkOrderFacts::from(order))
    }

    /// A decision who does an order.
    pub(super) fn decide(&mut self, assignment: Assignment) {
        self.assignments.push(assignment);
    }

    /// A new task.
    pub(super) fn open_task(&mut self, moment: Moment<'_>, task: &Task) -> Result<(), AppError> {
        self.new_tasks.insert(task.id, task.clone());
        self.tell(moment, TASK_OPENED, task.id.name(), &TaskFacts::from(task))
    }

    /// A task, new or locked, as it is after a move.
    pub(super) fn change_task(
        &mut self,
        moment: Moment<'_>,
        event_type: &'static str,
        task: &Task,
    ) -> Result<(), AppError> {
        let is_new = self.new_tasks.contains_key(&task.id);
        let tasks = if is_new { &mut self.new_tasks } else { &mut self.tasks };
        tasks.insert(task.id, task.clone());
        self.tell(moment, event_type, task.id.name(), &TaskFacts::from(task))
    }

    /// An agent signed in or out. Their row is written with their unit's roster.
    pub(super) fn tell_agent(
        &mut self,
        moment: Moment<'_>,
        event_type: &'static str,
        agent: &Agent,
    ) -> Result<(), AppError> {
        self.tell(moment, event_type, agent.id.name(), &AgentFacts::from(agent))
    }

    fn tell(
        &mut self,
        Moment { call, now }: Moment<'_>,
        event_type: &'static str,
        subject: String,
        facts: &impl Serialize,
    ) -> Result<(), AppError> {
        self.drafts.push(Draft::new(event_type, subject, now, facts)?.by(call));
        Ok(())
    }

    /// Writes everything in the transaction of `connection`; who holds a changed row's lock is the caller.
    pub(super) async fn save(
        self,
        connection: &mut PgConnection,
        log: &EventLog,
        Moment { call, now }: Moment<'_>,
    ) -> Result<(), AppError> {
        store::work_orders::insert(connection, self.new_orders.values()).await?;
        store::work_orders::update(connection, self.orders.values()).await?;
        store::assignments::insert(connection, self.assignments).await?;
        store::tasks::insert(connection, self.new_tasks.values()).await?;
        store::tasks::update(connection, self.tasks.values()).await?;
        log.append(connection, call, now, &self.drafts).await?;
        Ok(())
    }
}
