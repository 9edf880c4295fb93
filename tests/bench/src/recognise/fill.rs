//! Fills both schemas with what many years of contacts leave behind. Every customer has a phone; every second an address, every
//! fifth an e-mail; every fifth came in the last 60 days, three times; every twentieth has an open case; [`KNOWN`] of them have
//! 1,000 timeline entries. Ids grow with the customer's number, as UUIDv7 grow with time.
//!
//! What is personal is sealed here by both cores ([`super::seal`]) and copied in; the rest is written straight by SQL. Indexes
//! whose keys come in no order, and foreign keys, are put aside meanwhile and made again at the end, from their own definitions.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use anyhow::Context;
use kexiang_core::Clock;
use kexiang_customer_records::domain::vault::KeyRing;
use kexiang_pg::{Schema, sql_text};
use serde::Serialize;
use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{ground::Ground, seal::Sealed};
use crate::note;

/// Customers in one statement.
const CHUNK: u32 = 100_000;
/// Customers sealed and copied in one transaction.
const BATCH: u32 = 10_000;
/// Who seals.
const SEALERS: u32 = 2;
/// Customers with much history: as many cases, orders, visits and promises as the view shows, and 50 entries for each case.
pub const KNOWN: u32 = 100;
/// Cases of each.
pub const KNOWN_CASES: u32 = 20;

/// How much was written beside the customers.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Rows {
    pub contacts: u64,
    pub cases: u64,
    /// How long the filling took, with all indexes.
    pub seconds: f64,
}

/// The id of a customer, a contact or a case by `mark` and number, as SQL has it; beside [`customer_id`].
const ID: &str = "create function SCHEMA.bench_id(mark integer, nr bigint) returns uuid language sql immutable as $$
    select (lpad(to_hex(1700000000000 + nr), 12, '0') || '7000800' || to_hex(mark) || lpad(to_hex(nr), 12, '0'))::uuid
$$";

/// The id of the customer with this number, as [`ID`] makes it.
pub fn customer_id(nr: u32) -> Uuid {
    let (time, nr) = (1_700_000_000_000_u64 + u64::from(nr), u64::from(nr));
    Uuid::from_u128(u128::from(time) << 80 | 0x7000_8001 << 48 | u128::from(nr))
}

/// The name of the customer with this number.
pub fn customer_name(nr: u32) -> String {
    format!("customers/{}", customer_id(nr))
}

/// The phone of the customer with this number, in E.164.
pub fn phone(nr: u32) -> String {
    format!("+8613{nr:09}")
}

/// The customers with much history lie evenly among all: the number of the `place`th of them, from 1.
pub const fn known(place: u32, customers: u32) -> u32 {
    place * (customers / KNOWN)
}

const IN_POOL: &str = "insert into customer_records.ownerships (customer_id, state, site_id, since_at, updated_at)
     select customer_records.bench_id(1, nr), 'POOLED', 'main', now() - interval '2 years', now() - interval '2 years'
     from generate_series($1::bigint, $2::bigint) as nr";

const CONTACT_LINKS: &str = "insert into customer_records.contact_links (contact_id, customer_id, contact_at, case_id)
     select customer_records.bench_id(2, nr * 4 + time), customer_records.bench_id(1, nr), now() - make_interval(mins => ((nr * 7 + time * 29000) % 86400)::int),
            case when nr % 20 = 0 and time = 1 then customer_records.bench_id(3, nr) end
     from generate_series($1::bigint, $2::bigint) as nr cross join generate_series(1, 3) as time where nr % 5 = 0";

const CASE_LINKS: &str = "insert into customer_records.case_links
         (case_id, customer_id, contact_id, number, category, accepted_at, open)
     select customer_records.bench_id(3, nr), customer_records.bench_id(1, nr), customer_records.bench_id(2, nr * 4 + 1), 'C-' || nr, 'public-lighting', now(), true
     from generate_series($1::bigint, $2::bigint) as nr where nr % 20 = 0";

const SITE: &str = "with site as (
         insert into intake.sites (site_id, display_name, time_zone, phone_region, created_at)
         values ('main', '锦绣花园客服中心', 'Asia/Shanghai', 'CN', now()) returning site_id
     ) insert into intake.registers (site_id) select site_id from site";

const CONTACTS: &str = "insert into intake.contacts
         (contact_id, site_id, register_number, contact_at, channel, purpose, caller_name, caller_phone, phone_declined,
          caller_address, caller_kind, need, first_visit, appointment, registered_by, case_id, customer_id)
     select intake.bench_id(2, nr * 4 + time), 'main', nr * 4 + time,
            now() - make_interval(mins => ((nr * 7 + time * 29000) % 86400)::int), 'HOTLINE', 'CUSTOMER', '客户' || nr,
            '+8613' || lpad(nr::text, 9, '0'), false, '锦绣花园' || nr / 4, 'PERSON',
            '锦绣花园楼道的灯已经三天不亮,希望今天能安排师傅上门检查线路并给一个答复。', false, false,
            'agents/agent-' || nr % 500, case when nr % 20 = 0 and time = 1 then intake.bench_id(3, nr) end, intake.bench_id(1, nr)
     from generate_series($1::bigint, $2::bigint) as nr cross join generate_series(1, 3) as time where nr % 5 = 0";

const CASES: &str = "insert into intake.cases
         (case_id, site_id, number, contact_id, channel, kind, category, title, severity, handling, state, customer_id,
          resolved_at_desk, reopen_count, accepted_at, updated_at, version)
     select intake.bench_id(3, nr), 'main', 'C-' || nr, intake.bench_id(2, nr * 4 + 1), 'HOTLINE', 'FAULT', 'public-lighting',
            '楼道照明不亮', 'NORMAL', 'DISPATCH', 'RECEIVED', intake.bench_id(1, nr), false, 0, now(), now(), 1
     from generate_series($1::bigint, $2::bigint) as nr where nr % 20 = 0";

const PROMISES: &str = "insert into intake.promises
         (promise_id, case_id, site_id, kind, state, owner, made_at, made_by, due_at, due_soon_at, escalation_level, fires_at,
          updated_at, version)
     select intake.bench_id(4, nr), intake.bench_id(3, nr), 'main', 'CALLBACK', 'OPEN', 'agent-' || nr % 500, now(), 'agents/agent-1',
            now() + interval '1 day', now() + interval '23 hours', 0, now() + interval '23 hours', now(), 1
     from generate_series($1::bigint, $2::bigint) as nr where nr % 40 = 0";

/// Cases of those with much history, with what the logs told of them; `$1` is the distance between them, `$2` how many they are.
const HISTORY: &[&str] = &[
    "insert into customer_records.case_links (case_id, customer_id, contact_id, number, category, accepted_at, open)
     select customer_records.bench_id(5, place * 100 + nr), customer_records.bench_id(1, place * $1::bigint),
            customer_records.bench_id(6, place * 100 + nr), 'H-' || place || '-' || nr, 'public-lighting', now() - make_interval(days => 20 + nr::int), false
     from generate_series(1, $2::bigint) as place cross join generate_series(1, 20) as nr",
    "insert into customer_records.timeline_entries (entry_id, case_id, occurred_at, event_type, subject, actor, site_id)
     select customer_records.bench_id(7, (place * 100 + nr) * 100 + entry), customer_records.bench_id(5, place * 100 + nr),
            now() - make_interval(days => 20 + nr::int, mins => entry::int), 'case.updated', 'cases/' || customer_records.bench_id(5, place * 100 + nr), 'agents/agent-1', 'main'
     from generate_series(1, $2::bigint) as place cross join generate_series(1, 20) as nr cross join generate_series(1, 50) as entry where $1::bigint > 0",
    "insert into customer_records.viewed_orders (work_order_id, case_id, attempt, state, unit_id, agent_id, rework_count, created_at)
     select customer_records.bench_id(8, place * 100 + nr), customer_records.bench_id(5, place * 100 + nr), 1, 'COMPLETED', 'units/north', 'agents/agent-1', 0, now() - make_interval(days => 20 + nr::int)
     from generate_series(1, $2::bigint) as place cross join generate_series(1, 20) as nr where $1::bigint > 0",
    "insert into customer_records.viewed_visits (task_id, case_id, kind, state, failed_attempts, satisfaction)
     select customer_records.bench_id(9, place * 100 + nr), customer_records.bench_id(5, place * 100 + nr), 'RETURN_VISIT', 'DONE', 0, 'SATISFIED'
     from generate_series(1, $2::bigint) as place cross join generate_series(1, 20) as nr where $1::bigint > 0",
    "insert into customer_records.viewed_promises (promise_id, case_id, kind, state, owner)
     select customer_records.bench_id(10, place * 100 + nr), customer_records.bench_id(5, place * 100 + nr), 'CALLBACK', 'KEPT', 'agents/agent-1'
     from generate_series(1, $2::bigint) as place cross join generate_series(1, 20) as nr where $1::bigint > 0",
];

/// Nothing is left to do for the workers: filled customers have been compared with each other, and their names have tokens.
const ALL_DONE: &str = "alter table customer_records.customers enable trigger customers_likeness_check;
     update customer_records.backfills set done = true";

/// Writes so many customers and what came from them, sealed by `ring`.
pub async fn fill(ground: &Ground, ring: &KeyRing, customers: u32) -> anyhow::Result<Rows> {
    let start = Instant::now();
    let mut records = connect(ground, &kexiang_customer_records::SCHEMA).await?;
    let mut intake = connect(ground, &kexiang_intake::SCHEMA).await?;
    for (connection, schema) in
        [(&mut records, &kexiang_customer_records::SCHEMA), (&mut intake, &kexiang_intake::SCHEMA)]
    {
        sqlx::raw_sql(sql_text(ID.replace("SCHEMA", schema.name))).execute(connection).await?;
    }
    let without = "alter table customer_records.customers disable trigger customers_likeness_check";
    sqlx::raw_sql(without).execute(&mut records).await?;
    let aside = put_aside(&mut records).await?;
    seal(ground, ring, customers).await?;
    note(format_args!("sealed and copied in {:.0} s", start.elapsed().as_secs_f64()));

    // The index of names takes as long as all else together, and needs nothing of it.
    let (links, (), (), ()) = tokio::try_join!(
        fill_records(&mut records, customers),
        fill_intake(&mut intake, customers),
        make(ground, aside.names),
        make(ground, aside.indexes),
    )?;
    // A foreign key locks both its tables: after everybody.
    make(ground, aside.keys).await?;
    sqlx::raw_sql(ALL_DONE).execute(&mut records).await?;
    for connection in [&mut records, &mut intake] {
        // As autovacuum would have done long ago.
        sqlx::raw_sql("vacuum analyze").execute(connection).await?;
    }
    let seconds = start.elapsed().as_secs_f64();
    note(format_args!("filled in {seconds:.0} s: {:.0} customers a second", f64::from(customers) / seconds));
    Ok(Rows { seconds, ..links })
}

/// Seals by all cores: each takes the next batch until there is none.
async fn seal(ground: &Ground, ring: &KeyRing, customers: u32) -> anyhow::Result<()> {
    let next = Arc::new(AtomicU32::new(0));
    let now = Clock::system().now().as_microsecond();
    let mut sealers = JoinSet::new();
    for _ in 0..SEALERS {
        let mut connection = connect(ground, &kexiang_customer_records::SCHEMA).await?;
        let (next, ring) = (Arc::clone(&next), ring.clone());
        sealers.spawn(async move {
            loop {
                let first = next.fetch_add(BATCH, Ordering::Relaxed) + 1;
                if first > customers {
                    return anyhow::Ok(());
                }
                let last = first.saturating_add(BATCH - 1).min(customers);
                let ring = ring.clone();
                let sealed =
                    tokio::task::spawn_blocking(move || Sealed::of(&ring, first..=last, now)).await??;
                sealed.send(&mut connection).await?;
                if last % (10 * BATCH) == 0 {
                    note(format_args!("{last} of {customers} customers are sealed"));
                }
            }
        });
    }
    while let Some(done) = sealers.join_next().await {
        done??;
    }
    Ok(())
}

async fn fill_records(records: &mut PgConnection, customers: u32) -> anyhow::Result<Rows> {
    let mut rows = Rows::default();
    for (first, last) in chunks(customers) {
        write(records, IN_POOL, first, last).await?;
        rows.contacts += write(records, CONTACT_LINKS, first, last).await?;
        rows.cases += write(records, CASE_LINKS, first, last).await?;
    }
    for sql in HISTORY {
        write(records, sql, customers / KNOWN, KNOWN).await?;
    }
    Ok(rows)
}

async fn fill_intake(intake: &mut PgConnection, customers: u32) -> anyhow::Result<()> {
    sqlx::raw_sql(SITE).execute(&mut *intake).await?;
    for (first, last) in chunks(customers) {
        for sql in [CONTACTS, CASES, PROMISES] {
            write(intake, sql, first, last).await?;
        }
        note(format_args!("{last} of {customers} customers have their contacts"));
    }
    Ok(())
}

fn chunks(customers: u32) -> impl Iterator<Item = (u32, u32)> {
    (0..customers.div_ceil(CHUNK))
        .map(move |nr| (nr * CHUNK + 1, nr.saturating_add(1).saturating_mul(CHUNK).min(customers)))
}

/// Statements that make again what was put aside.
struct Aside {
    /// The index by which names are found.
    names: Vec<String>,
    indexes: Vec<String>,
    keys: Vec<String>,
}

/// Drops indexes and foreign keys of the tables that are copied into.
async fn put_aside(records: &mut PgConnection) -> anyhow::Result<Aside> {
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index
         where indrelid in ('customer_records.contact_points'::regclass, 'customer_records.name_tokens'::regclass)
           and not exists (select from pg_constraint where conindid = indexrelid)",
    )
    .fetch_all(&mut *records)
    .await?;
    let keys: Vec<(String, String, String)> = sqlx::query_as(
        "select conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) from pg_constraint
         where contype = 'f'
           and conrelid in ('customer_records.contact_points'::regclass, 'customer_records.name_tokens'::regclass)",
    )
    .fetch_all(&mut *records)
    .await?;
    let definitions = indexes.iter().map(|(_, definition)| definition.clone());
    let (names, others) = definitions.partition(|text| text.contains(" gin "));
    let add = |(table, key, text): &(String, String, String)| {
        format!("alter table {table} add constraint {key} {text}")
    };
    let aside = Aside { names, indexes: others, keys: keys.iter().map(add).collect() };
    for (index, _) in indexes {
        sqlx::raw_sql(sql_text(format!("drop index {index}"))).execute(&mut *records).await?;
    }
    for (table, key, _) in keys {
        sqlx::raw_sql(sql_text(format!("alter table {table} drop constraint {key}")))
            .execute(&mut *records)
            .await?;
    }
    Ok(aside)
}

/// Makes again what was put aside, on a connection of its own.
async fn make(ground: &Ground, statements: Vec<String>) -> anyhow::Result<()> {
    let mut connection = connect(ground, &kexiang_customer_records::SCHEMA).await?;
    for statement in statements {
        let start = Instant::now();
        let made = sqlx::raw_sql(sql_text(statement.clone())).execute(&mut connection).await;
        made.with_context(|| statement.clone())?;
        note(format_args!("{:.0} s: {statement}", start.elapsed().as_secs_f64()));
    }
    Ok(())
}

async fn connect(ground: &Ground, schema: &Schema) -> anyhow::Result<PgConnection> {
    let mut connection = PgConnection::connect(&ground.url(schema)).await?;
    // Filling need not outlive a loss of power; what is measured does not write.
    let settings = "set synchronous_commit = off; set maintenance_work_mem = '1GB'; set max_parallel_maintenance_workers = 1";
    sqlx::raw_sql(settings).execute(&mut connection).await?;
    Ok(connection)
}

async fn write(
    connection: &mut PgConnection,
    sql: &'static str,
    first: u32,
    last: u32,
) -> anyhow::Result<u64> {
    let written = sqlx::query(sql).bind(i64::from(first)).bind(i64::from(last)).execute(connection).await;
    Ok(written.with_context(|| format!("customers {first} to {last} can't be written"))?.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_take_everybody_once() {
        assert_eq!(
            chunks(250_000).collect::<Vec<_>>(),
            [(1, 100_000), (100_001, 200_000), (200_001, 250_000)]
        );
    }

    #[test]
    fn names_and_phones_are_what_the_statements_write() {
        assert_eq!(customer_name(1), "customers/018bcfe5-6801-7000-8001-000000000001");
        assert_eq!(phone(1), "+8613000000001");
        assert!(kexiang_core::PhoneNumber::parse(&phone(9_999_999), "CN").is_ok());
    }
}
