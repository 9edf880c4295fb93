//! Live counts by site and state: `reporting.live_counts`.
//!
//! They change by differences in the transaction that changes the facts. Cases come from one consumer, work orders from
//! another, each under the lock of its cursor: a count has one writer at a time. One that would fall below 0 fails the
//! transaction loudly.

use std::collections::HashMap;

use kexiang_core::SiteId;
use sqlx::PgConnection;

use crate::domain::{
    counts::{CountChanges, Counted},
    state::{CaseState, WorkOrderState},
};

/// Adds the changes to the counts; counts that are new begin at 0.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.live_count.change", skip_all)]
pub async fn change(conn: &mut PgConnection, changes: &CountChanges) -> sqlx::Result<()> {
    let subjects: Vec<_> = changes.iter().map(|(_, counted, _)| counted.subject()).collect();
    let sites: Vec<_> = changes.iter().map(|(site, _, _)| site.as_str()).collect();
    let states: Vec<_> = changes.iter().map(|(_, counted, _)| counted.state()).collect();
    let by: Vec<_> = changes.iter().map(|(_, _, by)| by).collect();
    sqlx::query(
        "insert into reporting.live_counts (subject, site_id, state, count)
         select subject, site_id, state, 0 from unnest($1::text[], $2::text[], $3::text[]) as change (subject, site_id, state)
         on conflict (subject, site_id, state) do nothing",
    )
    .bind(&subjects)
    .bind(&sites)
    .bind(&states)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "update reporting.live_counts as counts set count = counts.count + change.by
         from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as change (subject, site_id, state, by)
         where (counts.subject, counts.site_id, counts.state) = (change.subject, change.site_id, change.state)",
    )
    .bind(&subjects)
    .bind(&sites)
    .bind(&states)
    .bind(&by)
    .execute(conn)
    .await?;
    Ok(())
}

/// The counts of one site or of all together.
#[derive(Debug)]
pub struct LiveCounts(HashMap<(String, String), i64>);

impl LiveCounts {
    /// Cases by state, every state in the order of life.
    #[must_use]
    pub fn cases(&self) -> Vec<(CaseState, i64)> {
        CaseState::ALL.into_iter().map(|state| (state, self.of(Counted::Case(state)))).collect()
    }

    /// Work orders by state, every state in the order of life.
    #[must_use]
    pub fn work_orders(&self) -> Vec<(WorkOrderState, i64)> {
        WorkOrderState::ALL.into_iter().map(|state| (state, self.of(Counted::WorkOrder(state)))).collect()
    }

    fn of(&self, counted: Counted) -> i64 {
        let place = (counted.subject().to_owned(), counted.state().to_owned());
        self.0.get(&place).copied().unwrap_or_default()
    }
}

/// Reads the counts of one site, or of all sites together when `site` is `None`.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.live_count.read", skip_all)]
pub async fn read(conn: &mut PgConnection, site: Option<&SiteId>) -> sqlx::Result<LiveCounts> {
    let rows: Vec<(String, String, i64)> = sqlx::query_as(
        "select subject, state, sum(count)::bigint from reporting.live_counts
         where $1::text is null or site_id = $1
         group by subject, state",
    )
    .bind(site.map(SiteId::as_str))
    .fetch_all(conn)
    .await?;
    Ok(LiveCounts(rows.into_iter().map(|(subject, state, count)| ((subject, state), count)).collect()))
}
