//! Public registers: gapless numbers (IN-3).

use std::collections::BTreeMap;

use kexiang_core::SiteId;
use kexiang_pg::Statement;
use sqlx::PgConnection;

use super::word;

/// Numbers that are taken from one register.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taking {
    /// The last number before them.
    pub after: i64,
    /// How many.
    pub count: i64,
}

/// Takes the next of each register and gives the last number before them. The rows stay locked until the transaction
/// ends, in the order of their ids, so that batches never wait for each other in a circle; a rollback gives the numbers back.
/// Sites that do not exist are missing in the answer.
#[tracing::instrument(name = "db.register.take", skip_all)]
pub async fn take(
    connection: &mut PgConnection,
    wanted: &BTreeMap<SiteId, i64>,
) -> sqlx::Result<BTreeMap<SiteId, i64>> {
    let sites: Vec<_> = wanted.keys().map(SiteId::as_str).collect();
    let counts: Vec<_> = wanted.values().copied().collect();
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "with wanted as (select * from unnest($1::text[], $2::bigint[]) as w (site_id, n)),
              locked as (select site_id from intake.registers where site_id = any($1) order by site_id for update)
         update intake.registers as register set last_number = register.last_number + wanted.n
         from locked join wanted using (site_id)
         where register.site_id = locked.site_id
         returning register.site_id, register.last_number - wanted.n",
    )
    .bind(sites)
    .bind(counts)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|(site, after)| Ok((word("site_id", &site)?, after))).collect()
}

/// What a statement with [`take_expected`] selects in the end: a division by zero when a register stood elsewhere, so that
/// nothing of it stays.
pub const AS_EXPECTED: &str =
    "select 1 / (select (count(*) = (select count(*) from expected))::int from taken)";

/// Adds the same for registers whose last number is believed to be known: so many numbers after the last one of each.
pub fn take_expected(statement: &mut Statement, expected: &BTreeMap<SiteId, Taking>) {
    let sites = statement.bind(expected.keys().map(SiteId::as_str).collect::<Vec<_>>());
    let last = statement.bind(expected.values().map(|taking| taking.after).collect::<Vec<_>>());
    let counts = statement.bind(expected.values().map(|taking| taking.count).collect::<Vec<_>>());
    statement.part(
        "expected",
        &format!(
            "select * from unnest({sites}::text[], {last}::bigint[], {counts}::bigint[]) as e (site_id, last_number, n)"
        ),
    );
    statement.part(
        "locked",
        &format!(
            "select site_id from intake.registers where site_id = any({sites}) order by site_id for update"
        ),
    );
    statement.part(
        "taken",
        "update intake.registers as register set last_number = expected.last_number + expected.n
         from locked join expected using (site_id)
         where register.site_id = locked.site_id and register.last_number = expected.last_number
         returning register.site_id",
    );
}
