//! Connections: how many, how long one waits for one and for an answer, and how they are measured.
//!
//! A server that hangs holds nobody for long: a connection is had within five seconds or not at all, one that does not answer
//! a ping is given up for a new one, and the server itself ends a statement after thirty seconds, be it slow or waiting for
//! a lock. Each is [`Unavailable`](crate::Fault::Unavailable). What may take longer, such as a migration, has a connection
//! of its own.
//!
//! At kill -9 of the server every open connection fails once with [`Unavailable`](crate::Fault::Unavailable); those which
//! rested are tried before they are given out, so that a restarted server is used at once.

use std::{str::FromStr, time::Duration};

use kexiang_telemetry::instruments;
use opentelemetry::KeyValue;
use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio_util::sync::CancellationToken;

/// Connections to one database under one role.
pub type Pool = sqlx::PgPool;

/// Longest wait for a connection; then the call is refused as unavailable rather than queued.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection which rested longer is tried with a ping before it is given out; younger ones are not worth the round trip.
const PING_AFTER: Duration = Duration::from_secs(1);
/// Longest wait for the answer to a ping.
const PING_TIMEOUT: Duration = Duration::from_secs(1);
/// Distinct statements kept prepared per connection: more than any service has.
const STATEMENT_CACHE: usize = 512;
/// The server ends a transaction which was left open, since it would hold locks and every event feed back. Milliseconds.
const IDLE_IN_TRANSACTION_MS: &str = "60000";
/// The server ends a statement which takes longer: the longest call has given up by then. Milliseconds.
const STATEMENT_TIMEOUT_MS: &str = "30000";
/// How often the pool's size is recorded.
const REPORT_EVERY: Duration = Duration::from_secs(5);

/// A pool which opens its connections when they are first needed: a service starts, and says so, while its database is away.
///
/// # Errors
/// [`sqlx::Error::Configuration`] when `url` is not an address.
pub fn connect(url: &str, application_name: &str, max_connections: u32) -> sqlx::Result<Pool> {
    let options = PgConnectOptions::from_str(url)?
        .application_name(application_name)
        .statement_cache_capacity(STATEMENT_CACHE)
        .options([
            ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION_MS),
            ("statement_timeout", STATEMENT_TIMEOUT_MS),
        ]);
    let pool = PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|connection, rest| {
            Box::pin(async move { Ok(rest.idle_for < PING_AFTER || answers(connection).await) })
        });
    Ok(pool.connect_lazy_with(options))
}

async fn answers(connection: &mut PgConnection) -> bool {
    tokio::time::timeout(PING_TIMEOUT, connection.ping()).await.is_ok_and(|answer| answer.is_ok())
}

/// Records used and idle connections of `service`'s pool every few seconds until `shutdown`.
pub async fn report_pool(pool: Pool, service: &'static str, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(REPORT_EVERY);
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        let idle = pool.num_idle() as u64;
        let used = u64::from(pool.size()).saturating_sub(idle);
        for (state, count) in [("idle", idle), ("used", used)] {
            let attributes =
                [KeyValue::new(instruments::SERVICE, service), KeyValue::new(instruments::STATE, state)];
            instruments::pool_connections().record(count, &attributes);
        }
    }
}
