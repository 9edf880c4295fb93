//! How far a worker has read intake's own log: a cursor like those of the logs of others.

use sqlx::PgConnection;

/// Where the worker stands; empty before it has read anything.
#[tracing::instrument(name = "db.own_log.position", level = "debug", skip_all)]
pub async fn position(connection: &mut PgConnection, consumer: &str) -> sqlx::Result<String> {
    let position = sqlx::query_scalar("select position from intake.consumer_cursors where consumer = $1");
    Ok(position.bind(consumer).fetch_optional(connection).await?.unwrap_or_default())
}

/// Moves the cursor in the transaction of what was done, unless another replica has moved it: false then.
#[tracing::instrument(name = "db.own_log.advance", skip_all)]
pub async fn advance(
    connection: &mut PgConnection,
    consumer: &str,
    from: &str,
    to: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into intake.consumer_cursors as cursor (consumer, position) values ($1, $3)
         on conflict (consumer) do update set position = $3 where cursor.position = $2",
    )
    .bind(consumer)
    .bind(from)
    .bind(to)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
