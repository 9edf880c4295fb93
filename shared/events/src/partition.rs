//! The log's partitions, one a month of `recorded_at`.

use std::time::Duration;

use jiff::{ToSpan, civil::Date, tz::TimeZone};
use kexiang_core::{Clock, Timestamp};
use sqlx::{AssertSqlSafe, PgPool};
use tokio_util::sync::CancellationToken;

/// Months that exist ahead of time.
const MONTHS_AHEAD: i32 = 2;
/// How often it is looked after them.
const EVERY: Duration = Duration::from_hours(1);

/// Keeps the next months there until `shutdown`; the first ones came with the schema. A failure is told and tried again:
/// meanwhile the default partition takes what comes.
pub async fn keep_ahead(pool: PgPool, schema: &'static str, clock: Clock, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = ensure_partitions(&pool, schema, clock.now()).await {
            tracing::warn!(%error, schema, "the months of the event log are not partitioned ahead");
        }
    }
}

/// Makes the partitions of this month and the next ones where they are missing. What comes without one lies in the default
/// partition, so nothing is ever refused; a month whose rows lie there already keeps lying there.
///
/// # Errors
/// Those of PostgreSQL, other than that the month is there already.
pub async fn ensure_partitions(pool: &PgPool, schema: &'static str, now: Timestamp) -> sqlx::Result<()> {
    let this_month = now.to_zoned(TimeZone::UTC).date().first_of_month();
    for ahead in 0..=MONTHS_AHEAD {
        let Ok(month) = this_month.checked_add(ahead.months()) else { break };
        if let Err(error) = ensure_month(pool, schema, month).await {
            match error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() {
                // Made by another process meanwhile, its first rows lie in the default partition, or a long reader (a dump)
                // has the log: months are made ahead, so the next hour will do.
                Some("42P07" | "23505" | "23514" | "42P17" | "55P03") => {
                    tracing::debug!(%error, %month, "month not partitioned");
                }
                _ => return Err(error),
            }
        }
    }
    Ok(())
}

async fn ensure_month(pool: &PgPool, schema: &str, month: Date) -> sqlx::Result<()> {
    let Ok(next) = month.checked_add(1.month()) else { return Ok(()) };
    let sql = format!(
        "create table if not exists {schema}.event_log_{year:04}_{number:02} partition of {schema}.event_log
         for values from ('{month} 00:00:00+00') to ('{next} 00:00:00+00')",
        year = month.year(),
        number = month.month(),
    );
    let mut transaction = pool.begin().await?;
    // Making a partition locks the whole log: behind a long reader it would queue, and all writers behind it.
    sqlx::raw_sql("set local lock_timeout = '1s'").execute(&mut *transaction).await?;
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
    transaction.commit().await
}
