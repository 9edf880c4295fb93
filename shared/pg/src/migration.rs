//! A service's tables: brought up to date by the service's own role, never by the administrator.
//!
//! Each migration commits together with its line in the ledger `<schema>._sqlx_migrations`: killed in the middle, the next
//! run goes on where it stopped. Any number of processes may migrate one database at once; they take turns.

use std::{collections::HashMap, time::Duration};

use sqlx::{ConnectOptions, Connection, PgConnection, migrate::MigrateError};

use crate::{Pool, Schema, address, sql_text};

/// Advisory lock of those who migrate this database: "kxmigrat".
const MIGRATION_LOCK: i64 = 0x6b78_6d69_6772_6174;
/// How often one whose turn it is not asks again.
const TURN: Duration = Duration::from_millis(50);
/// Longest look at the ledger: readiness hangs on it, so a server that hangs has to count as away.
const LOOK: Duration = Duration::from_secs(5);

/// Applies what `schema`'s migrations lack, as the role which `url` names.
///
/// # Errors
/// [`MigrateError`], among them a migration that was edited after it was applied, and one that is applied but unknown to
/// this program (an older program on a newer database).
pub async fn migrate(url: &str, schema: &Schema) -> Result<(), MigrateError> {
    let mut connection = address::quiet(url)?.application_name("kexiang migrate").connect().await?;
    wait_for_turn(&mut connection).await?;
    schema.migrator.run(&mut connection).await?;
    // The lock goes with the connection.
    connection.close().await?;
    Ok(())
}

/// Asks again and again instead of waiting inside the server: a waiting statement keeps a snapshot, on which another's
/// `CREATE INDEX CONCURRENTLY` would wait, and that would be a deadlock.
async fn wait_for_turn(connection: &mut PgConnection) -> sqlx::Result<()> {
    let attempt = "select pg_try_advisory_lock($1)";
    while !sqlx::query_scalar::<_, bool>(attempt).bind(MIGRATION_LOCK).fetch_one(&mut *connection).await? {
        tokio::time::sleep(TURN).await;
    }
    Ok(())
}

/// Whether [`migrate`] would have something to do or to complain of: a migration missing from the ledger, unfinished or
/// edited, or no ledger at all. Reads only. What a newer program applied does not count: copies of two releases run side by
/// side while a release is rolled out.
///
/// # Errors
/// Of the database; [`sqlx::Error::PoolTimedOut`] when it does not answer within five seconds.
pub async fn pending_migrations(pool: &Pool, schema: &Schema) -> sqlx::Result<bool> {
    tokio::time::timeout(LOOK, read_ledger(pool, schema)).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

async fn read_ledger(pool: &Pool, schema: &Schema) -> sqlx::Result<bool> {
    let ledger = format!("{}._sqlx_migrations", schema.name);
    let mut connection = pool.acquire().await?;
    let present = "select to_regclass($1) is not null";
    if !sqlx::query_scalar::<_, bool>(present).bind(&ledger).fetch_one(&mut *connection).await? {
        return Ok(true);
    }
    let finished = sql_text(format!("select version, checksum from {ledger} where success"));
    let finished: HashMap<i64, Vec<u8>> =
        sqlx::query_as(finished).fetch_all(&mut *connection).await?.into_iter().collect();
    let mut migrations =
        schema.migrator.iter().filter(|migration| migration.migration_type.is_up_migration());
    Ok(migrations.any(|m| finished.get(&m.version).is_none_or(|checksum| checksum[..] != m.checksum[..])))
}
