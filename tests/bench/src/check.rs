//! Whether both sides did the same work, and all of it.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use sqlx::{Connection, PgConnection};

use crate::report::RowBytes;

/// Rows of both sides may differ in size by this share: numbers have different lengths.
const SIZE_TOLERANCE: f64 = 0.02;

/// The columns that are filled, and the keys of the JSON in them.
const SHAPE: &str = "
    with samples as (
        (select 'contacts' as place, to_jsonb(t) as sample from intake.contacts as t limit 20)
        union all (select 'cases', to_jsonb(t) from intake.cases as t limit 20)
        union all (select 'event_log ' || event_type, to_jsonb(t) from intake.event_log as t
                   where event_type <> 'site.created' limit 20)
        union all (select 'event_log.data of ' || event_type, data from intake.event_log
                   where event_type <> 'site.created' limit 20)
        union all (select 'idempotency_keys', to_jsonb(t) from intake.idempotency_keys as t limit 20)
        union all (select 'idempotency_keys.response', response from intake.idempotency_keys limit 20)
    )
    select distinct place || ': ' || field.key
    from samples, jsonb_each(sample) as field
    where field.value <> 'null' or place like '%.%'";

/// Bytes of the rows of one acceptance.
const BYTES: &str = "
    select (select avg(pg_column_size(t)) from intake.contacts as t)
         + (select avg(pg_column_size(t)) from intake.cases as t)
         + (select avg(pg_column_size(t)) from intake.event_log as t where event_type = 'contact.registered')
         + (select avg(pg_column_size(t)) from intake.event_log as t where event_type = 'case.accepted')
         + (select avg(pg_column_size(t)) from intake.idempotency_keys as t)";

/// How often each part of an acceptance is there.
const COUNTS: &str = "
    select (select count(*) from intake.cases),
           (select count(*) from intake.contacts as contact join intake.cases as c using (contact_id)
            where contact.case_id = c.case_id and contact.site_id = c.site_id),
           (select count(*) from intake.event_log where event_type = 'contact.registered'),
           (select count(*) from intake.event_log where event_type = 'case.accepted'),
           (select count(*) from intake.idempotency_keys where response is not null)";

/// Registers whose numbers are not exactly 1 to the last: they are unique by a constraint.
const BROKEN_REGISTERS: &str = "
    select register.site_id
    from intake.registers as register
    left join (select site_id, count(*) as contacts, min(register_number) as first, max(register_number) as last
               from intake.contacts group by site_id) as drawn using (site_id)
    where (coalesce(contacts, 0), coalesce(first, 1), coalesce(last, 0))
        <> (register.last_number, 1, register.last_number)";

/// Fails when pgbench no longer writes what intake writes; then `pgbench/accept.sql` is to follow.
pub async fn writes_the_same(kexiang_url: &str, pgbench_url: &str) -> anyhow::Result<RowBytes> {
    let (kexiang, kexiang_bytes) = shape(kexiang_url).await?;
    let (pgbench, pgbench_bytes) = shape(pgbench_url).await?;
    let missing: Vec<_> = kexiang.difference(&pgbench).collect();
    let needless: Vec<_> = pgbench.difference(&kexiang).collect();
    ensure!(
        missing.is_empty() && needless.is_empty(),
        "pgbench/accept.sql does not write what intake writes; missing: {missing:?}; needless: {needless:?}"
    );
    let row_bytes = RowBytes { kexiang: kexiang_bytes, pgbench: pgbench_bytes };
    ensure!(
        (kexiang_bytes / pgbench_bytes - 1.0).abs() < SIZE_TOLERANCE,
        "pgbench/accept.sql does not write as much as intake writes: {row_bytes:?}"
    );
    Ok(row_bytes)
}

async fn shape(url: &str) -> anyhow::Result<(BTreeSet<String>, f64)> {
    let mut connection = PgConnection::connect(url).await?;
    let shape: Vec<String> = sqlx::query_scalar(SHAPE).fetch_all(&mut connection).await?;
    let bytes =
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select coalesce(({BYTES}), 0)::double precision")));
    let bytes = bytes.fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok((shape.into_iter().collect(), bytes))
}

/// Fails when anything acknowledged is missing or doubled, or a register has a gap (IN-3).
pub async fn holds(url: &str, acknowledged: u64) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    let counts: (i64, i64, i64, i64, i64) = sqlx::query_as(COUNTS).fetch_one(&mut connection).await?;
    let broken: Vec<String> = sqlx::query_scalar(BROKEN_REGISTERS).fetch_all(&mut connection).await?;
    connection.close().await?;
    let acknowledged = i64::try_from(acknowledged).context("too many acceptances")?;
    let each = (acknowledged, acknowledged, acknowledged, acknowledged, acknowledged);
    ensure!(
        counts == each,
        "{acknowledged} were acknowledged, but there are (cases, contacts of them, events of both, answers): {counts:?}"
    );
    ensure!(broken.is_empty(), "registers with gaps: {broken:?}");
    Ok(())
}

/// Fails when an item that was brought over is missing or doubled, or a register has a gap.
pub async fn holds_imported(url: &str, count: u32) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    let there: i64 = sqlx::query_scalar("select count(distinct external_reference) from intake.cases")
        .fetch_one(&mut connection)
        .await?;
    let broken: Vec<String> = sqlx::query_scalar(BROKEN_REGISTERS).fetch_all(&mut connection).await?;
    connection.close().await?;
    ensure!(there == i64::from(count), "{count} were acknowledged, {there} are there");
    ensure!(broken.is_empty(), "registers with gaps: {broken:?}");
    Ok(())
}

/// Fails when an imported or an accepted case is missing or doubled, or a register has a gap.
pub async fn holds_grown(url: &str, imported: u32, acknowledged: u64) -> anyhow::Result<()> {
    holds_imported(url, imported).await?;
    let mut connection = PgConnection::connect(url).await?;
    let accepted: i64 =
        sqlx::query_scalar("select count(*) from intake.cases where external_reference is null")
            .fetch_one(&mut connection)
            .await?;
    connection.close().await?;
    ensure!(
        u64::try_from(accepted) == Ok(acknowledged),
        "{acknowledged} were acknowledged, {accepted} are there"
    );
    Ok(())
}
