//! Public registers: gapless numbers (IN-3).

use std::collections::BTreeMap;

use kexiang_core::SiteId;
use sqlx::PgConnection;

use super::word;

/// Takes the next `n` numbers of each register and gives the first of each. The rows stay locked until the transaction
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
         returning register.site_id, register.last_number - wanted.n + 1",
    )
    .bind(sites)
    .bind(counts)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|(site, first)| Ok((word("site_id", &site)?, first))).collect()
}
