//! Figures of cases, counted by PostgreSQL.

use jiff_sqlx::ToSqlx;
use kexiang_core::SiteId;
use sqlx::PgConnection;

use crate::domain::{
    figures::{Breakdown, Dimension, Figures, ResolveTime, Row},
    period::Period,
};

#[derive(sqlx::FromRow)]
struct FiguresRow {
    is_total: bool,
    key: Option<String>,
    received: i64,
    resolved: i64,
    median: Option<f64>,
    p90: Option<f64>,
}

impl From<&FiguresRow> for Figures {
    fn from(row: &FiguresRow) -> Self {
        let times = row.median.zip(row.p90);
        let resolve_time =
            times.map(|(median, p90)| ResolveTime { median: whole_micros(median), p90: whole_micros(p90) });
        Self { received: row.received, resolved: row.resolved, resolve_time }
    }
}

/// Cuts what interpolation in binary fractions leaves below the precision of times.
fn whole_micros(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

/// The figures of a site in a period: the whole, and by one dimension. One scan by the indexes on the two days.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.figures.break_down", skip_all)]
pub async fn break_down(
    conn: &mut PgConnection,
    site: &SiteId,
    period: Period,
    dimension: Dimension,
) -> sqlx::Result<Breakdown> {
    let rows: Vec<FiguresRow> = sqlx::query_as(BREAK_DOWN)
        .bind(site.as_str())
        .bind(period.first().map(ToSqlx::to_sqlx))
        .bind(period.last().map(ToSqlx::to_sqlx))
        .bind(dimension.as_str())
        .fetch_all(conn)
        .await?;
    let (total, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.is_total);
    Ok(Breakdown {
        dimension,
        total: total.first().map(Figures::from).unwrap_or_default(),
        rows: rows
            .into_iter()
            .map(|row| Row { figures: Figures::from(&row), key: row.key.unwrap_or_default() })
            .collect(),
    })
}

const BREAK_DOWN: &str = r#"
with span as (
    select coalesce($2::date, '-infinity') as first, coalesce($3::date, 'infinity') as last
), counted as (
    select reporting.key_of(facts, $4) as key,
           received_on between span.first and span.last as is_received,
           coalesce(resolved_on between span.first and span.last, false) as is_resolved,
           extract(epoch from resolved_at - accepted_at)::double precision as resolve_seconds
    from reporting.case_facts as facts, span
    where site_id = $1
      and (received_on between span.first and span.last or resolved_on between span.first and span.last)
)
select grouping(key) = 1 as is_total,
       key,
       count(*) filter (where is_received) as received,
       count(*) filter (where is_resolved) as resolved,
       percentile_cont(0.5) within group (order by resolve_seconds) filter (where is_resolved) as median,
       percentile_cont(0.9) within group (order by resolve_seconds) filter (where is_resolved) as p90
from counted
group by grouping sets ((), (key))
order by received desc, key collate "C""#;
