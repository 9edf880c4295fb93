//! Orders, visits and promises, found by the cases of a customer. Events of one thing come in order, so the last written is the
//! newest.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{CaseId, CustomerId, PromiseId, TaskId, WorkOrderId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::domain::view::{MOST_SHOWN, ViewedOrder, ViewedPromise, ViewedVisit};

#[derive(FromRow)]
struct OrderRow {
    work_order_id: Uuid,
    case_id: Uuid,
    attempt: i32,
    state: String,
    unit_id: String,
    agent_id: String,
    rework_count: i32,
    created_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct VisitRow {
    task_id: Uuid,
    case_id: Uuid,
    kind: String,
    state: String,
    due_at: Option<Timestamp>,
    failed_attempts: i32,
    satisfaction: String,
    completed_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct PromiseRow {
    promise_id: Uuid,
    case_id: Uuid,
    kind: String,
    state: String,
    owner: String,
    due_at: Option<Timestamp>,
    kept_at: Option<Timestamp>,
}

/// Writes orders as they were told last.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.viewed_order.save", skip_all)]
pub async fn save_orders(conn: &mut PgConnection, orders: &[ViewedOrder]) -> sqlx::Result<()> {
    for order in orders {
        sqlx::query(
            "insert into customer_records.viewed_orders
                 (work_order_id, case_id, attempt, state, unit_id, agent_id, rework_count, created_at, completed_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict (work_order_id) do update
                 set state = excluded.state, unit_id = excluded.unit_id, agent_id = excluded.agent_id,
                     rework_count = excluded.rework_count, completed_at = excluded.completed_at",
        )
        .bind(order.id.uuid())
        .bind(order.case_id.uuid())
        .bind(order.attempt)
        .bind(&order.state)
        .bind(&order.unit)
        .bind(&order.agent)
        .bind(order.rework_count)
        .bind(order.created_at.map(ToSqlx::to_sqlx))
        .bind(order.completed_at.map(ToSqlx::to_sqlx))
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Writes visits as they were told last.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.viewed_visit.save", skip_all)]
pub async fn save_visits(conn: &mut PgConnection, visits: &[ViewedVisit]) -> sqlx::Result<()> {
    for visit in visits {
        sqlx::query(
            "insert into customer_records.viewed_visits
                 (task_id, case_id, kind, state, due_at, failed_attempts, satisfaction, completed_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (task_id) do update
                 set state = excluded.state, due_at = excluded.due_at, failed_attempts = excluded.failed_attempts,
                     satisfaction = excluded.satisfaction, completed_at = excluded.completed_at",
        )
        .bind(visit.id.uuid())
        .bind(visit.case_id.uuid())
        .bind(&visit.kind)
        .bind(&visit.state)
        .bind(visit.due_at.map(ToSqlx::to_sqlx))
        .bind(visit.failed_attempts)
        .bind(&visit.satisfaction)
        .bind(visit.completed_at.map(ToSqlx::to_sqlx))
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Writes promises as they were told last.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.viewed_promise.save", skip_all)]
pub async fn save_promises(conn: &mut PgConnection, promises: &[ViewedPromise]) -> sqlx::Result<()> {
    for promise in promises {
        sqlx::query(
            "insert into customer_records.viewed_promises
                 (promise_id, case_id, kind, state, owner, due_at, kept_at)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (promise_id) do update
                 set state = excluded.state, owner = excluded.owner, due_at = excluded.due_at, kept_at = excluded.kept_at",
        )
        .bind(promise.id.uuid())
        .bind(promise.case_id.uuid())
        .bind(&promise.kind)
        .bind(&promise.state)
        .bind(&promise.owner)
        .bind(promise.due_at.map(ToSqlx::to_sqlx))
        .bind(promise.kept_at.map(ToSqlx::to_sqlx))
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// How many cases a customer has.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.case_link.count", skip_all)]
pub async fn count_cases(conn: &mut PgConnection, customer: CustomerId) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from customer_records.case_links where customer_id = $1")
        .bind(customer.uuid())
        .fetch_one(conn)
        .await
}

/// The newest orders of a customer.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.viewed_order.list", skip_all)]
pub async fn list_orders(conn: &mut PgConnection, customer: CustomerId) -> sqlx::Result<Vec<ViewedOrder>> {
    let rows: Vec<OrderRow> = sqlx::query_as(
        "select o.* from customer_records.case_links l join customer_records.viewed_orders o using (case_id)
         where l.customer_id = $1 order by o.created_at desc nulls last, o.work_order_id desc limit $2",
    )
    .bind(customer.uuid())
    .bind(MOST_SHOWN)
    .fetch_all(conn)
    .await?;
    let order = |row: OrderRow| ViewedOrder {
        id: WorkOrderId::from_uuid(row.work_order_id),
        case_id: CaseId::from_uuid(row.case_id),
        attempt: row.attempt,
        state: row.state,
        unit: row.unit_id,
        agent: row.agent_id,
        rework_count: row.rework_count,
        created_at: row.created_at.map(Timestamp::to_jiff),
        completed_at: row.completed_at.map(Timestamp::to_jiff),
    };
    Ok(rows.into_iter().map(order).collect())
}

/// Visits of a customer: those to be done, the due first, then the others, newest first.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.viewed_visit.list", skip_all)]
pub async fn list_visits(conn: &mut PgConnection, customer: CustomerId) -> sqlx::Result<Vec<ViewedVisit>> {
    let rows: Vec<VisitRow> = sqlx::query_as(
        "select v.* from customer_records.case_links l join customer_records.viewed_visits v using (case_id)
         where l.customer_id = $1
         order by (v.state = 'OPEN') desc, case when v.state = 'OPEN' then v.due_at end, v.task_id desc limit $2",
    )
    .bind(customer.uuid())
    .bind(MOST_SHOWN)
    .fetch_all(conn)
    .await?;
    let visit = |row: VisitRow| ViewedVisit {
        id: TaskId::from_uuid(row.task_id),
        case_id: CaseId::from_uuid(row.case_id),
        kind: row.kind,
        state: row.state,
        due_at: row.due_at.map(Timestamp::to_jiff),
        failed_attempts: row.failed_attempts,
        satisfaction: row.satisfaction,
        completed_at: row.completed_at.map(Timestamp::to_jiff),
    };
    Ok(rows.into_iter().map(visit).collect())
}

/// The newest promises to a customer.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.viewed_promise.list", skip_all)]
pub async fn list_promises(
    conn: &mut PgConnection,
    customer: CustomerId,
) -> sqlx::Result<Vec<ViewedPromise>> {
    let rows: Vec<PromiseRow> = sqlx::query_as(
        "select p.* from customer_records.case_links l join customer_records.viewed_promises p using (case_id)
         where l.customer_id = $1 order by p.promise_id desc limit $2",
    )
    .bind(customer.uuid())
    .bind(MOST_SHOWN)
    .fetch_all(conn)
    .await?;
    let promise = |row: PromiseRow| ViewedPromise {
        id: PromiseId::from_uuid(row.promise_id),
        case_id: CaseId::from_uuid(row.case_id),
        kind: row.kind,
        state: row.state,
        owner: row.owner,
        due_at: row.due_at.map(Timestamp::to_jiff),
        kept_at: row.kept_at.map(Timestamp::to_jiff),
    };
    Ok(rows.into_iter().map(promise).collect())
}
