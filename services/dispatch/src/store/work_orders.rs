//! `dispatch.work_orders`: reading, locking and writing orders. Lists are in [`super::work_order_lists`].

use kexiang_core::{AgentId, CaseId, Channel, Kind, UnitId, WorkOrderId};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{
    StoreError,
    work_order_row::{COLUMNS, TABLE, WorkOrderRow},
    write_rows,
};
use crate::domain::{routing::Route, work_order::WorkOrder};

/// Keeps new orders.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.work_order.insert", skip_all)]
pub async fn insert<'a>(
    conn: &mut PgConnection,
    orders: impl IntoIterator<Item = &'a WorkOrder>,
) -> Result<(), StoreError> {
    let rows: Vec<WorkOrderRow> = orders.into_iter().map(WorkOrderRow::from).collect();
    let sql = AssertSqlSafe(format!(
        "insert into dispatch.work_orders ({COLUMNS})
         select {COLUMNS} from jsonb_populate_recordset(null::dispatch.work_orders, $1)"
    ));
    write_rows(conn, sql, TABLE, &rows).await
}

/// Writes orders that the transaction has locked.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.work_order.update", skip_all)]
pub async fn update<'a>(
    conn: &mut PgConnection,
    orders: impl IntoIterator<Item = &'a WorkOrder>,
) -> Result<(), StoreError> {
    let rows: Vec<WorkOrderRow> = orders.into_iter().map(WorkOrderRow::from).collect();
    let sql = "update dispatch.work_orders w
         set state = r.state, unit_id = r.unit_id, route_id = r.route_id,
             route_explanation = r.route_explanation, agent_id = r.agent_id,
             previous_agent_id = r.previous_agent_id, report = r.report, evidence = r.evidence,
             verifier = r.verifier, rework_count = r.rework_count, reason = r.reason,
             assigned_at = r.assigned_at, accepted_at = r.accepted_at, started_at = r.started_at,
             finished_at = r.finished_at, completed_at = r.completed_at, updated_at = r.updated_at,
             version = r.version
         from jsonb_populate_recordset(null::dispatch.work_orders, $1) r
         where w.work_order_id = r.work_order_id";
    write_rows(conn, sql, TABLE, &rows).await
}

/// The order of this id.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.work_order.find", skip_all)]
pub async fn find(conn: &mut PgConnection, id: WorkOrderId) -> Result<Option<WorkOrder>, StoreError> {
    let sql = AssertSqlSafe(format!("select {COLUMNS} from dispatch.work_orders where work_order_id = $1"));
    let row = sqlx::query_as::<_, WorkOrderRow>(sql).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(WorkOrder::try_from).transpose()
}

/// The same, locked until the end of the transaction.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.work_order.lock", skip_all)]
pub async fn lock(conn: &mut PgConnection, id: WorkOrderId) -> Result<Option<WorkOrder>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "select {COLUMNS} from dispatch.work_orders where work_order_id = $1 for no key update"
    ));
    let row = sqlx::query_as::<_, WorkOrderRow>(sql).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(WorkOrder::try_from).transpose()
}

/// All orders of these cases, locked.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.work_order.lock_of_cases", skip_all)]
pub async fn lock_of_cases(
    conn: &mut PgConnection,
    cases: impl IntoIterator<Item = CaseId>,
) -> Result<Vec<WorkOrder>, StoreError> {
    let cases: Vec<Uuid> = cases.into_iter().map(CaseId::uuid).collect();
    let sql = AssertSqlSafe(format!(
        "select {COLUMNS} from dispatch.work_orders
         where case_id = any($1) order by work_order_id for no key update"
    ));
    let rows = sqlx::query_as::<_, WorkOrderRow>(sql).bind(cases).fetch_all(conn).await?;
    rows.into_iter().map(WorkOrder::try_from).collect()
}

/// The oldest `limit` orders that wait for a route and fit this one, locked.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.work_order.lock_unrouted", skip_all)]
pub async fn lock_unrouted(
    conn: &mut PgConnection,
    route: &Route,
    limit: i64,
) -> Result<Vec<WorkOrder>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "select {COLUMNS} from dispatch.work_orders
         where state = 'UNROUTED' and site_id = $1
           and ($2::text is null or kind = $2) and ($3::text is null or channel = $3)
           and starts_with(category, $4) and ($5 = '' or district = $5)
         order by work_order_id limit $6 for no key update"
    ));
    let rows = sqlx::query_as::<_, WorkOrderRow>(sql)
        .bind(route.site.as_str())
        .bind(route.conditions.kind.map(Kind::as_str))
        .bind(route.conditions.channel.map(Channel::as_str))
        .bind(&route.conditions.category_prefix)
        .bind(&route.conditions.district)
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(WorkOrder::try_from).collect()
}

/// The oldest `limit` orders in the queue of a locked unit that one of the `free` agents could take, locked; without those
/// that another transaction holds.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.work_order.lock_queued", skip_all)]
pub async fn lock_queued(
    conn: &mut PgConnection,
    unit: &UnitId,
    free: &[&AgentId],
    limit: i64,
) -> Result<Vec<WorkOrder>, StoreError> {
    let free: Vec<&str> = free.iter().map(|agent| agent.as_str()).collect();
    let sql = AssertSqlSafe(format!(
        "select {COLUMNS} from dispatch.work_orders
         where state = 'QUEUED' and unit_id = $1
           and cardinality(array_remove($2::text[], previous_agent_id)) > 0
         order by created_at, work_order_id limit $3
         for no key update skip locked"
    ));
    let rows = sqlx::query_as::<_, WorkOrderRow>(sql)
        .bind(unit.as_str())
        .bind(free)
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(WorkOrder::try_from).collect()
}

/// Those of `units` where orders wait in the queue.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.work_order.units_with_queue", skip_all)]
pub async fn units_with_queue<'a>(
    conn: &mut PgConnection,
    units: impl IntoIterator<Item = &'a UnitId>,
) -> Result<Vec<UnitId>, StoreError> {
    let units: Vec<&str> = units.into_iter().map(UnitId::as_str).collect();
    let ids: Vec<String> = sqlx::query_scalar(
        "select u.unit_id from unnest($1::text[]) u (unit_id)
         where exists (select from dispatch.work_orders w where w.unit_id = u.unit_id and w.state = 'QUEUED')",
    )
    .bind(units)
    .fetch_all(conn)
    .await?;
    ids.iter().map(|id| super::read(TABLE, "unit_id", id)).collect()
}
