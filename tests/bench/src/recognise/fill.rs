//! Fills both schemas straight by SQL, in chunks: what many years of contacts leave behind. Every customer has a phone; every
//! second an address, every fifth an e-mail; every fifth came in the last 60 days, three times; every twentieth has an open case.
//! Ids grow with the customer's number, as UUIDv7 grow with time.

use anyhow::Context;
use kexiang_pg::{Schema, sql_text};
use serde::Serialize;
use sqlx::{Connection, PgConnection};

use super::ground::Ground;
use crate::note;

/// Customers in one statement.
const CHUNK: u32 = 100_000;

/// How much was written beside the customers.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Rows {
    pub contacts: u64,
    pub cases: u64,
}

/// The id of a customer, a contact or a case by `mark` and number, as SQL has it; beside [`id_of`].
const ID: &str = "create function SCHEMA.bench_id(mark integer, nr bigint) returns uuid language sql immutable as $$
    select (lpad(to_hex(1700000000000 + nr), 12, '0') || '7000800' || to_hex(mark) || lpad(to_hex(nr), 12, '0'))::uuid
$$";

/// The name of the customer with this number, as [`ID`] makes it.
pub fn customer_name(nr: u32) -> String {
    let (time, nr) = (1_700_000_000_000_u64 + u64::from(nr), u64::from(nr));
    format!(
        "customers/{}",
        uuid::Uuid::from_u128(u128::from(time) << 80 | 0x7000_8001 << 48 | u128::from(nr))
    )
}

/// The phone of the customer with this number, in E.164.
pub fn phone(nr: u32) -> String {
    format!("+8613{nr:09}")
}

/// In clear, as before sealing: the service seals them when it starts, and is ready after that.
const CUSTOMERS: &[&str] = &[
    "insert into customer_records.customers (customer_id, kind, display_name, created_at, updated_at, version)
     select customer_records.bench_id(1, nr), case when nr % 10 = 0 then 'HOUSEHOLD' else 'PERSON' end, '客户' || nr,
            now() - interval '2 years', now() - interval '1 year', 1
     from generate_series($1::bigint, $2::bigint) as nr",
    "insert into customer_records.contact_points (customer_id, kind, match_key, value, position, identifying)
     select customer_records.bench_id(1, nr), 'PHONE', convert_to('+8613' || lpad(nr::text, 9, '0'), 'UTF8'), '+8613' || lpad(nr::text, 9, '0'), 0, true
     from generate_series($1::bigint, $2::bigint) as nr",
    "insert into customer_records.contact_points (customer_id, kind, match_key, value, position, identifying)
     select customer_records.bench_id(1, nr), 'ADDRESS', convert_to('锦绣花园' || nr / 4, 'UTF8'), '锦绣花园' || nr / 4, 1, false
     from generate_series($1::bigint, $2::bigint) as nr where nr % 2 = 1 and nr % 10 <> 0",
    "insert into customer_records.contact_points (customer_id, kind, match_key, value, position, identifying)
     select customer_records.bench_id(1, nr), 'EMAIL', convert_to(nr || '@example.cn', 'UTF8'), nr || '@example.cn', 2, true
     from generate_series($1::bigint, $2::bigint) as nr where nr % 5 = 0",
];

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

/// Writes so many customers and what came from them.
pub async fn fill(ground: &Ground, customers: u32) -> anyhow::Result<Rows> {
    let mut records = connect(ground, &kexiang_customer_records::SCHEMA).await?;
    let mut intake = connect(ground, &kexiang_intake::SCHEMA).await?;
    sqlx::raw_sql(SITE).execute(&mut intake).await?;
    let mut rows = Rows::default();
    let mut first = 1;
    while first <= customers {
        let last = first.saturating_add(CHUNK - 1).min(customers);
        for sql in CUSTOMERS {
            write(&mut records, sql, first, last).await?;
        }
        rows.contacts += write(&mut records, CONTACT_LINKS, first, last).await?;
        rows.cases += write(&mut records, CASE_LINKS, first, last).await?;
        for sql in [CONTACTS, CASES, PROMISES] {
            write(&mut intake, sql, first, last).await?;
        }
        note(format_args!("{last} of {customers} customers are there"));
        first = last + 1;
    }
    for connection in [&mut records, &mut intake] {
        // As autovacuum would have done long ago.
        sqlx::raw_sql("vacuum analyze").execute(connection).await?;
    }
    Ok(rows)
}

async fn connect(ground: &Ground, schema: &Schema) -> anyhow::Result<PgConnection> {
    let mut connection = PgConnection::connect(&ground.url(schema)).await?;
    // Filling need not outlive a loss of power; what is measured does not write.
    sqlx::raw_sql("set synchronous_commit = off").execute(&mut connection).await?;
    sqlx::raw_sql(sql_text(ID.replace("SCHEMA", schema.name))).execute(&mut connection).await?;
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
    fn names_and_phones_are_what_the_statements_write() {
        assert_eq!(customer_name(1), "customers/018bcfe5-6801-7000-8001-000000000001");
        assert_eq!(phone(1), "+8613000000001");
        assert!(kexiang_core::PhoneNumber::parse(&phone(9_999_999), "CN").is_ok());
    }
}
