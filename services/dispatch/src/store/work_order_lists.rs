//! Lists of `dispatch.work_orders`, newest first, by keyset.
//!
//! One statement for any filter. It is planned anew for each call, with its values at hand: a plan kept for all filters could
//! use neither the indexes of a column nor the partial ones of what is open.

use kexiang_core::{AgentId, CaseId, SiteId, UnitId, WorkOrderId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, Postgres, postgres::PgArguments, query::Query};

use super::{
    StoreError,
    work_order_row::{COLUMNS, WorkOrderRow},
};
use crate::domain::{filter::WorkOrderFilter, state::WorkOrderState, work_order::WorkOrder};

/// Orders by falling id, which is by time of creation, from after `after` on.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.work_order.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    filter: &WorkOrderFilter,
    after: Option<WorkOrderId>,
    limit: i64,
) -> Result<Vec<WorkOrder>, StoreError> {
    let rows = query(AssertSqlSafe(sql()), filter, after, limit).fetch_all(conn).await?;
    rows.iter().map(|row| WorkOrderRow::from_row(row)?.try_into()).collect()
}

fn sql() -> String {
    format!(
        "select {COLUMNS} from dispatch.work_orders
         where ($1::text is null or site_id = $1) and ($2::uuid is null or case_id = $2)
           and ($3::text is null or agent_id = $3) and ($4::text is null or state = $4)
           and ($5::text is null or unit_id = $5) and ($6::uuid is null or work_order_id < $6)
         order by work_order_id desc limit $7"
    )
}

fn query(
    sql: AssertSqlSafe<String>,
    filter: &WorkOrderFilter,
    after: Option<WorkOrderId>,
    limit: i64,
) -> Query<'_, Postgres, PgArguments> {
    sqlx::query(sql)
        .bind(filter.site.as_ref().map(SiteId::as_str))
        .bind(filter.case.map(CaseId::uuid))
        .bind(filter.agent.as_ref().map(AgentId::as_str))
        .bind(filter.state.map(WorkOrderState::as_str))
        .bind(filter.unit.as_ref().map(UnitId::as_str))
        .bind(after.map(WorkOrderId::uuid))
        .bind(limit)
        .persistent(false)
}

#[cfg(test)]
mod tests;
