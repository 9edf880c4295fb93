//! How facts become projections, inside the transaction that moves the consumer's cursor (RE-11).
//!
//! Told again, the same facts change nothing. A crash leaves facts, counts and cursor together before or after a batch.

use sqlx::PgConnection;

use super::App;
use crate::{
    domain::{
        counts::{CountChanges, Counted},
        facts::{
            AgentFacts, CaseFacts, ContactFacts, DeskResolution, Reopening, TaskFacts, WorkOrderFacts,
            last_of_each,
        },
    },
    store,
};

/// What a run of events of dispatch tells, in its order.
#[derive(Debug, Default)]
pub struct DispatchFacts {
    /// Of work orders.
    pub work_orders: Vec<WorkOrderFacts>,
    /// Of tasks.
    pub tasks: Vec<TaskFacts>,
    /// Of agents.
    pub agents: Vec<AgentFacts>,
}

/// What a run of events of intake tells, in its order.
#[derive(Debug, Default)]
pub struct IntakeFacts {
    /// Of cases.
    pub cases: Vec<CaseFacts>,
    /// Of contacts that have a case.
    pub contacts: Vec<ContactFacts>,
    /// First resolutions by the desk.
    pub desk_resolutions: Vec<DeskResolution>,
    /// Cases that are or were reopened.
    pub reopenings: Vec<Reopening>,
}

impl App {
    /// Takes in what events of intake tell, in their order.
    ///
    /// # Errors
    /// When the database fails; the transaction has to be rolled back.
    #[tracing::instrument(name = "app.project_intake", skip_all, fields(cases = told.cases.len()))]
    pub async fn project_intake(&self, conn: &mut PgConnection, told: IntakeFacts) -> sqlx::Result<()> {
        project_cases(conn, told.cases).await?;
        let contacts = last_of_each(told.contacts, |facts| facts.contact);
        store::first_contact::upsert_contacts(conn, &contacts).await?;
        let resolutions = last_of_each(told.desk_resolutions, |resolution| resolution.case);
        store::first_contact::insert_desk_resolutions(conn, &resolutions).await?;
        store::first_contact::reopen(conn, &told.reopenings).await
    }

    /// Takes in what events of dispatch tell, in their order.
    ///
    /// # Errors
    /// When the database fails; the transaction has to be rolled back.
    #[tracing::instrument(name = "app.project_dispatch", skip_all)]
    pub async fn project_dispatch(&self, conn: &mut PgConnection, told: DispatchFacts) -> sqlx::Result<()> {
        project_work_orders(conn, told.work_orders).await?;
        store::tasks::upsert(conn, &last_of_each(told.tasks, |facts| facts.task)).await?;
        store::agents::upsert(conn, &last_of_each(told.agents, |facts| facts.agent.clone())).await
    }

    /// Wakes those who watch the wallboard; call it after the commit.
    pub fn projected(&self) {
        self.projected.send_replace(());
    }
}

async fn project_cases(conn: &mut PgConnection, told: Vec<CaseFacts>) -> sqlx::Result<()> {
    let cases = last_of_each(told, |facts| facts.case);
    if cases.is_empty() {
        return Ok(());
    }
    let before = store::cases::places(conn, &cases).await?;
    let now = cases.iter().map(|facts| (facts.case, (facts.site.clone(), Counted::Case(facts.state))));
    let changes = CountChanges::between(&before, now);
    store::sites::upsert_of(conn, &cases).await?;
    store::cases::upsert(conn, &cases).await?;
    store::holds::project(conn, &cases).await?;
    store::counts::change(conn, &changes).await
}

async fn project_work_orders(conn: &mut PgConnection, told: Vec<WorkOrderFacts>) -> sqlx::Result<()> {
    let orders = last_of_each(told, |facts| facts.work_order);
    if orders.is_empty() {
        return Ok(());
    }
    let before = store::work_orders::places(conn, &orders).await?;
    let now = orders.iter().map(|o| (o.work_order, (o.site.clone(), Counted::WorkOrder(o.state))));
    let changes = CountChanges::between(&before, now);
    store::work_orders::upsert(conn, &orders).await?;
    store::counts::change(conn, &changes).await
}
