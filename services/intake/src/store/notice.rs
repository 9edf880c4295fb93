//! Notices: `intake.notices`.
//!
//! A stream reads below the oldest running transaction only, in the order of transaction ids: there nothing can appear any
//! more, so that no notice is passed by, whichever replica writes it (the same promise as that of the event feed).

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{CaseId, NoticeId, Timestamp};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use super::{optional_word, word};
use crate::domain::{NewNotice, Notice, Recipient};

const COLUMNS: &str =
    "notice_id, kind, case_id, recipient, created_at, acknowledged_at, acknowledged_by, version";

/// A place in the stream: transaction, then number in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// The transaction that wrote it.
    pub transaction: i64,
    /// Which of its notices.
    pub number: i64,
}

/// Inserts notices; gives those that are new, of the places of `notices`. An occasion that was told before makes none.
#[tracing::instrument(name = "db.notice.insert", skip_all, fields(notices = notices.len()))]
pub async fn insert(
    connection: &mut PgConnection,
    notices: &[&NewNotice],
    now: Timestamp,
) -> sqlx::Result<Vec<Notice>> {
    let sql = format!(
        "insert into intake.notices (notice_id, kind, case_id, recipient, occasion, created_at, version)
         select n.notice_id, n.kind, n.case_id, n.recipient, n.occasion, $6, 1
         from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[])
             as n (notice_id, kind, case_id, recipient, occasion)
         on conflict on constraint notices_occasion_key do nothing
         returning {COLUMNS}"
    );
    let rows = sqlx::query_as::<_, NoticeRow>(AssertSqlSafe(sql))
        .bind(notices.iter().map(|_| NoticeId::at(now).uuid()).collect::<Vec<_>>())
        .bind(notices.iter().map(|notice| notice.kind.as_str()).collect::<Vec<_>>())
        .bind(notices.iter().map(|notice| notice.case.uuid()).collect::<Vec<_>>())
        .bind(notices.iter().map(|notice| notice.recipient.to_string()).collect::<Vec<_>>())
        .bind(notices.iter().map(|notice| notice.occasion.as_str()).collect::<Vec<_>>())
        .bind(now.to_sqlx());
    rows.fetch_all(connection).await?.into_iter().map(Notice::try_from).collect()
}

/// The notice with this id, locked until the transaction ends.
#[tracing::instrument(name = "db.notice.lock", skip_all)]
pub async fn lock(connection: &mut PgConnection, id: NoticeId) -> sqlx::Result<Option<Notice>> {
    let sql = format!("select {COLUMNS} from intake.notices where notice_id = $1 for update");
    let row = sqlx::query_as::<_, NoticeRow>(AssertSqlSafe(sql)).bind(id.uuid());
    row.fetch_optional(connection).await?.map(Notice::try_from).transpose()
}

/// Saves who read it when.
#[tracing::instrument(name = "db.notice.update", skip_all)]
pub async fn update(connection: &mut PgConnection, notice: &Notice) -> sqlx::Result<()> {
    sqlx::query(
        "update intake.notices set acknowledged_at = $2, acknowledged_by = $3, version = $4 where notice_id = $1",
    )
    .bind(notice.id.uuid())
    .bind(notice.acknowledged_at.map(ToSqlx::to_sqlx))
    .bind(notice.acknowledged_by.as_ref().map(ToString::to_string))
    .bind(notice.version)
    .execute(connection)
    .await?;
    Ok(())
}

/// A page of the notices for any of these recipients, newest first.
#[tracing::instrument(name = "db.notice.list", skip_all)]
pub async fn list(
    connection: &mut PgConnection,
    recipients: &[Recipient],
    unread_only: bool,
    after: Option<NoticeId>,
    limit: i64,
) -> sqlx::Result<Vec<Notice>> {
    // In words of its own, so that the index of what is unread fits.
    let unread = if unread_only { "and acknowledged_at is null" } else { "" };
    let sql = format!(
        "select {COLUMNS} from intake.notices
         where recipient = any($1) and ($2::uuid is null or notice_id < $2) {unread}
         order by notice_id desc limit $3"
    );
    let rows = sqlx::query_as::<_, NoticeRow>(AssertSqlSafe(sql))
        .bind(recipients.iter().map(ToString::to_string).collect::<Vec<_>>())
        .bind(after.map(NoticeId::uuid))
        .bind(limit);
    rows.fetch_all(connection).await?.into_iter().map(Notice::try_from).collect()
}

/// At most `limit` unread notices for any of these recipients after a place, in the order of the stream, and the place to go
/// on from.
#[tracing::instrument(name = "db.notice.read_on", level = "debug", skip_all)]
pub async fn read_on(
    connection: &mut PgConnection,
    recipients: &[Recipient],
    after: Place,
    limit: i64,
) -> sqlx::Result<(Vec<Notice>, Place)> {
    let sql = format!(
        "select {COLUMNS}, transaction_id, notice_seq from intake.notices
         where recipient = any($1) and acknowledged_at is null and (transaction_id, notice_seq) > ($2, $3)
           and transaction_id < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
         order by transaction_id, notice_seq limit $4"
    );
    let rows = sqlx::query_as::<_, PlacedRow>(AssertSqlSafe(sql))
        .bind(recipients.iter().map(ToString::to_string).collect::<Vec<_>>())
        .bind(after.transaction)
        .bind(after.number)
        .bind(limit);
    let rows = rows.fetch_all(connection).await?;
    let place = |row: &PlacedRow| Place { transaction: row.transaction_id, number: row.notice_seq };
    let end = rows.last().map_or(after, place);
    let notices = rows.into_iter().map(|row| Notice::try_from(row.notice)).collect::<Result<_, _>>()?;
    Ok((notices, end))
}

/// Whether this server can have given out a place: none is beyond its oldest running transaction.
#[tracing::instrument(name = "db.notice.is_known", skip_all)]
pub async fn is_known(connection: &mut PgConnection, place: Place) -> sqlx::Result<bool> {
    sqlx::query_scalar("select $1 <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        .bind(place.transaction)
        .fetch_one(connection)
        .await
}

#[derive(FromRow)]
struct PlacedRow {
    #[sqlx(flatten)]
    notice: NoticeRow,
    transaction_id: i64,
    notice_seq: i64,
}

#[derive(FromRow)]
struct NoticeRow {
    notice_id: Uuid,
    kind: String,
    case_id: Uuid,
    recipient: String,
    created_at: SqlTimestamp,
    acknowledged_at: Option<SqlTimestamp>,
    acknowledged_by: Option<String>,
    version: i64,
}

impl TryFrom<NoticeRow> for Notice {
    type Error = sqlx::Error;
    fn try_from(row: NoticeRow) -> Result<Self, Self::Error> {
        Ok(Self {
            id: NoticeId::from_uuid(row.notice_id),
            kind: word("kind", &row.kind)?,
            case: CaseId::from_uuid(row.case_id),
            recipient: word("recipient", &row.recipient)?,
            created_at: row.created_at.to_jiff(),
            acknowledged_at: row.acknowledged_at.map(SqlTimestamp::to_jiff),
            acknowledged_by: optional_word("acknowledged_by", row.acknowledged_by)?,
            version: row.version,
        })
    }
}
