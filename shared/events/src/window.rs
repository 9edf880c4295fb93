//! Reading the log in windows of transaction ids; the promises are told in the crate's head.

use jiff_sqlx::Timestamp as SqlTimestamp;
use kexiang_core::EventId;
use serde_json::Value;
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use crate::log::StoredEvent;

/// Events read into one window; a single larger transaction still comes whole.
const WINDOW_EVENTS: i64 = 500;

/// Everything below this transaction id has been read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(i64);

/// The text is no position of a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a position that was given out")]
pub struct InvalidPosition;

impl Position {
    /// Reads a position; empty is the beginning.
    ///
    /// # Errors
    /// [`InvalidPosition`].
    pub fn parse(text: &str) -> Result<Self, InvalidPosition> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        text.parse().ok().filter(|id| *id >= 0).map(Self).ok_or(InvalidPosition)
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One window of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// In order.
    pub events: Vec<StoredEvent>,
    /// Where the next window starts.
    pub end: Position,
    /// Nothing more could be read when this was.
    pub caught_up: bool,
}

/// Reads the log of one schema.
pub struct Reader {
    schema: &'static str,
}

impl Reader {
    /// A reader of this schema's log.
    #[must_use]
    pub const fn new(schema: &'static str) -> Self {
        Self { schema }
    }

    /// The next window from `start` on; empty when nothing can be given yet.
    ///
    /// # Errors
    /// Those of PostgreSQL.
    #[tracing::instrument(name = "db.event.read", level = "debug", skip_all)]
    pub async fn next(&self, connection: &mut PgConnection, start: Position) -> sqlx::Result<Window> {
        let mut limit = WINDOW_EVENTS;
        loop {
            let Cut { horizon, end, is_empty } = self.cut(connection, start, limit).await?;
            if is_empty {
                return Ok(Window { events: Vec::new(), end, caught_up: true });
            }
            let drawn = self.draw_down(connection, start, end).await?;
            if drawn > start || end >= horizon {
                let events = self.read(connection, start, drawn).await?;
                return Ok(Window { events, end: drawn, caught_up: drawn >= horizon || drawn == start });
            }
            // The cut fell where no consistent end is: look further.
            limit *= 2;
        }
    }

    /// Where a window of about `limit` events could end: at the horizon, or after the limit's transaction. One statement, so
    /// that rows and horizon are of one snapshot.
    async fn cut(&self, connection: &mut PgConnection, start: Position, limit: i64) -> sqlx::Result<Cut> {
        let sql = format!(
            "with horizon as materialized (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as id)
             select (select id from horizon), max(transaction_id), count(*) from (
                 select transaction_id from {}.event_log
                 where transaction_id >= $1 and transaction_id < (select id from horizon)
                 order by transaction_id limit $2) as window_rows",
            self.schema
        );
        let (horizon, last, count): (i64, Option<i64>, i64) =
            sqlx::query_as(AssertSqlSafe(sql)).bind(start.0).bind(limit).fetch_one(connection).await?;
        let horizon = Position(horizon);
        let end = match last {
            Some(last) if count == limit => Position(last + 1).min(horizon),
            _ => horizon.max(start),
        };
        Ok(Cut { horizon, end, is_empty: last.is_none() })
    }

    /// Lowers `end` until no event of the window has an older event of its subject outside.
    async fn draw_down(
        &self,
        connection: &mut PgConnection,
        start: Position,
        mut end: Position,
    ) -> sqlx::Result<Position> {
        let sql = format!(
            "select min(inside.transaction_id) from {schema}.event_log as inside
             where inside.transaction_id >= $1 and inside.transaction_id < $2
               and exists (select from {schema}.event_log as outside
                           where outside.subject = inside.subject
                             and outside.event_seq < inside.event_seq
                             and outside.transaction_id >= $2)",
            schema = self.schema
        );
        loop {
            let torn: Option<i64> = sqlx::query_scalar(AssertSqlSafe(sql.clone()))
                .bind(start.0)
                .bind(end.0)
                .fetch_one(&mut *connection)
                .await?;
            match torn {
                None => return Ok(end),
                Some(transaction_id) => end = Position(transaction_id),
            }
        }
    }

    async fn read(
        &self,
        connection: &mut PgConnection,
        start: Position,
        end: Position,
    ) -> sqlx::Result<Vec<StoredEvent>> {
        let sql = format!(
            "select event_id, event_type, subject, occurred_at, recorded_at, actor, cause, traceparent, data
             from {}.event_log where transaction_id >= $1 and transaction_id < $2
             order by event_seq",
            self.schema
        );
        let rows: Vec<EventRow> =
            sqlx::query_as(AssertSqlSafe(sql)).bind(start.0).bind(end.0).fetch_all(connection).await?;
        Ok(rows.into_iter().map(StoredEvent::from).collect())
    }
}

struct Cut {
    /// Below the oldest running transaction of the server nothing can appear any more.
    horizon: Position,
    end: Position,
    is_empty: bool,
}

/// Whether `position` can have been given out by this server: none is beyond its oldest running transaction.
///
/// # Errors
/// Those of PostgreSQL.
pub async fn is_known(connection: &mut PgConnection, position: Position) -> sqlx::Result<bool> {
    sqlx::query_scalar("select $1 <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        .bind(position.0)
        .fetch_one(connection)
        .await
}

#[derive(FromRow)]
struct EventRow {
    event_id: Uuid,
    event_type: String,
    subject: String,
    occurred_at: SqlTimestamp,
    recorded_at: SqlTimestamp,
    actor: String,
    cause: Option<Uuid>,
    traceparent: Option<String>,
    data: Value,
}

impl From<EventRow> for StoredEvent {
    fn from(row: EventRow) -> Self {
        Self {
            id: EventId::from_uuid(row.event_id),
            event_type: row.event_type,
            subject: row.subject,
            occurred_at: row.occurred_at.to_jiff(),
            recorded_at: row.recorded_at.to_jiff(),
            actor: row.actor,
            cause: row.cause.map(EventId::from_uuid),
            traceparent: row.traceparent,
            data: row.data,
        }
    }
}
