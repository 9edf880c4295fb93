//! Projection of work orders: `reporting.work_order_facts`.

use std::collections::HashMap;

use jiff_sqlx::ToSqlx;
use kexiang_core::{AgentId, SiteId, UnitId, WorkOrderId};
use sqlx::{PgConnection, types::Uuid};

use super::decode;
use crate::domain::{
    counts::{Counted, Place},
    facts::WorkOrderFacts,
};

/// Where these work orders are counted now; those that are not known yet are absent.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.work_order.places", skip_all)]
pub async fn places(
    conn: &mut PgConnection,
    orders: &[WorkOrderFacts],
) -> sqlx::Result<HashMap<WorkOrderId, Place>> {
    let ids: Vec<Uuid> = orders.iter().map(|facts| facts.work_order.uuid()).collect();
    let rows: Vec<(Uuid, String, String)> = sqlx::query_as(
        "select work_order_id, site_id, state from reporting.work_order_facts where work_order_id = any($1)",
    )
    .bind(ids)
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|(id, site, state)| {
            let state = state.parse().map_err(decode)?;
            let place = (SiteId::parse(&site).map_err(decode)?, Counted::WorkOrder(state));
            Ok((WorkOrderId::from_uuid(id), place))
        })
        .collect()
}

/// Writes what is known of these work orders now, each at most once in `orders`. The same facts again write nothing.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.work_order.upsert", skip_all)]
pub async fn upsert(conn: &mut PgConnection, orders: &[WorkOrderFacts]) -> sqlx::Result<()> {
    sqlx::query(UPSERT)
        .bind(column(orders, |o| o.work_order.uuid()))
        .bind(column(orders, |o| o.case.uuid()))
        .bind(column(orders, |o| o.attempt))
        .bind(column(orders, |o| o.site.as_str()))
        .bind(column(orders, |o| o.state.as_str()))
        .bind(column(orders, |o| o.unit.as_ref().map(UnitId::as_str)))
        .bind(column(orders, |o| o.agent.as_ref().map(AgentId::as_str)))
        .bind(column(orders, |o| o.rework_count))
        .bind(column(orders, |o| o.created_at.to_sqlx()))
        .bind(column(orders, |o| o.completed_at.map(ToSqlx::to_sqlx)))
        .execute(conn)
        .await?;
    Ok(())
}

/// One column of a batch, for `unnest`.
fn column<'a, T>(orders: &'a [WorkOrderFacts], value: impl Fn(&'a WorkOrderFacts) -> T) -> Vec<T> {
    orders.iter().map(value).collect()
}

const UPSERT: &str = "
insert into reporting.work_order_facts (
    work_order_id, case_id, attempt, site_id, state, unit_id, agent_id, rework_count, created_at, completed_at
)
select * from unnest(
    $1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::integer[],
    $9::timestamptz[], $10::timestamptz[]
)
on conflict (work_order_id) do update set
    case_id = excluded.case_id,
    attempt = excluded.attempt,
    site_id = excluded.site_id,
    state = excluded.state,
    unit_id = excluded.unit_id,
    agent_id = excluded.agent_id,
    rework_count = excluded.rework_count,
    created_at = excluded.created_at,
    completed_at = excluded.completed_at
where work_order_facts.* is distinct from excluded.*";
