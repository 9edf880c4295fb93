//! Messages to be sent.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{
    CaseId, PhoneNumber, Timestamp,
    id::{DialogueId, OutboundMessageId},
};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use super::word;
use crate::domain::message::{About, MessageChannel, OutboundMessage};

const COLUMNS: &str = "message_id, channel, recipient, body, state, dialogue_id, case_id, lease_id, lease_expires_at, expires_at, created_at";

/// Makes those wait who send to the same phone, until the transaction ends, and tells how many messages of dialogues went to it since then.
#[tracing::instrument(name = "db.message.count_to", skip_all)]
pub async fn count_to(
    connection: &mut PgConnection,
    phone: &PhoneNumber,
    since: Timestamp,
) -> sqlx::Result<i64> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('intake.outbound_messages ' || $1, 0))")
        .bind(phone.as_str())
        .execute(&mut *connection)
        .await?;
    let count = "select count(*) from intake.outbound_messages where recipient = $1 and created_at > $2 and dialogue_id is not null";
    sqlx::query_scalar(count).bind(phone.as_str()).bind(since.to_sqlx()).fetch_one(connection).await
}

/// Inserts messages, all in one statement.
#[tracing::instrument(name = "db.message.insert", skip_all, fields(messages = messages.len()))]
pub async fn insert(connection: &mut PgConnection, messages: &[OutboundMessage]) -> sqlx::Result<()> {
    let dialogue = |message: &OutboundMessage| message.about.dialogue().map(DialogueId::uuid);
    let case = |message: &OutboundMessage| message.about.case().map(CaseId::uuid);
    sqlx::query(
        "insert into intake.outbound_messages
             (message_id, channel, recipient, body, state, dialogue_id, case_id, expires_at, created_at)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[],
                              $8::timestamptz[], $9::timestamptz[])",
    )
    .bind(messages.iter().map(|message| message.id.uuid()).collect::<Vec<_>>())
    .bind(messages.iter().map(|message| message.channel.as_str()).collect::<Vec<_>>())
    .bind(messages.iter().map(|message| message.recipient.as_str()).collect::<Vec<_>>())
    .bind(messages.iter().map(|message| message.body.as_deref()).collect::<Vec<_>>())
    .bind(messages.iter().map(|message| message.state.as_str()).collect::<Vec<_>>())
    .bind(messages.iter().map(dialogue).collect::<Vec<_>>())
    .bind(messages.iter().map(case).collect::<Vec<_>>())
    .bind(messages.iter().map(|message| message.expires_at.to_sqlx()).collect::<Vec<_>>())
    .bind(messages.iter().map(|message| message.created_at.to_sqlx()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// A lease to be given.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    /// Its id.
    pub id: Uuid,
    /// Until when.
    pub until: Timestamp,
    /// Messages at most.
    pub limit: i64,
}

/// Takes the oldest messages that nobody has; those that another replica is taking are left to it.
#[tracing::instrument(name = "db.message.lease", skip_all)]
pub async fn lease(
    connection: &mut PgConnection,
    channel: MessageChannel,
    lease: Lease,
    now: Timestamp,
) -> sqlx::Result<Vec<OutboundMessage>> {
    let sql = format!(
        "with taken as (
             select message_id as id from intake.outbound_messages
             where channel = $1 and state in ('PENDING', 'LEASED') and expires_at > $2
               and (state = 'PENDING' or lease_expires_at <= $2)
             order by message_id limit $3 for update skip locked
         )
         update intake.outbound_messages set state = 'LEASED', lease_id = $4, lease_expires_at = $5
         from taken where message_id = taken.id returning {COLUMNS}"
    );
    let rows = sqlx::query_as::<_, MessageRow>(AssertSqlSafe(sql))
        .bind(channel.as_str())
        .bind(now.to_sqlx())
        .bind(lease.limit)
        .bind(lease.id)
        .bind(lease.until.to_sqlx());
    read(rows.fetch_all(connection).await?)
}

/// What is leased under this lease still.
#[tracing::instrument(name = "db.message.leased", skip_all)]
pub async fn leased(connection: &mut PgConnection, lease: Uuid) -> sqlx::Result<Vec<OutboundMessage>> {
    let sql = format!(
        "select {COLUMNS} from intake.outbound_messages where lease_id = $1 and state = 'LEASED' order by message_id"
    );
    let rows = sqlx::query_as::<_, MessageRow>(AssertSqlSafe(sql)).bind(lease);
    read(rows.fetch_all(connection).await?)
}

/// The message with this id, locked until the transaction ends.
#[tracing::instrument(name = "db.message.lock", skip_all)]
pub async fn lock(
    connection: &mut PgConnection,
    id: OutboundMessageId,
) -> sqlx::Result<Option<OutboundMessage>> {
    let sql = format!("select {COLUMNS} from intake.outbound_messages where message_id = $1 for update");
    let row = sqlx::query_as::<_, MessageRow>(AssertSqlSafe(sql)).bind(id.uuid());
    row.fetch_optional(connection).await?.map(MessageRow::read).transpose()
}

/// Messages whose time is over, locked; those that another replica has are left to it.
#[tracing::instrument(name = "db.message.lock_over", level = "debug", skip_all)]
pub async fn lock_over(
    connection: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<OutboundMessage>> {
    let sql = format!(
        "select {COLUMNS} from intake.outbound_messages where state in ('PENDING', 'LEASED') and expires_at <= $1
         order by expires_at limit $2 for update skip locked"
    );
    let rows = sqlx::query_as::<_, MessageRow>(AssertSqlSafe(sql)).bind(now.to_sqlx()).bind(limit);
    read(rows.fetch_all(connection).await?)
}

/// Keeps how a message ended; the body goes. The row is locked.
#[tracing::instrument(name = "db.message.finish", level = "debug", skip_all)]
pub async fn finish(
    connection: &mut PgConnection,
    message: &OutboundMessage,
    failure: Option<&str>,
) -> sqlx::Result<()> {
    let update =
        "update intake.outbound_messages set state = $2, body = null, failure = $3 where message_id = $1";
    sqlx::query(update)
        .bind(message.id.uuid())
        .bind(message.state.as_str())
        .bind(failure)
        .execute(connection)
        .await?;
    Ok(())
}

fn read(rows: Vec<MessageRow>) -> sqlx::Result<Vec<OutboundMessage>> {
    let mut messages: Vec<_> = rows.into_iter().map(MessageRow::read).collect::<sqlx::Result<_>>()?;
    messages.sort_by_key(|message| message.id);
    Ok(messages)
}

#[derive(FromRow)]
struct MessageRow {
    message_id: Uuid,
    channel: String,
    recipient: String,
    body: Option<String>,
    state: String,
    dialogue_id: Option<Uuid>,
    case_id: Option<Uuid>,
    lease_id: Option<Uuid>,
    lease_expires_at: Option<SqlTimestamp>,
    expires_at: SqlTimestamp,
    created_at: SqlTimestamp,
}

impl MessageRow {
    fn read(self) -> sqlx::Result<OutboundMessage> {
        let about = match (self.dialogue_id, self.case_id) {
            (Some(dialogue), _) => About::Dialogue(DialogueId::from_uuid(dialogue)),
            (None, case) => About::Case(CaseId::from_uuid(case.ok_or(sqlx::Error::RowNotFound)?)),
        };
        Ok(OutboundMessage {
            id: OutboundMessageId::from_uuid(self.message_id),
            channel: word("channel", &self.channel)?,
            recipient: self.recipient,
            body: self.body,
            state: word("state", &self.state)?,
            about,
            lease: self.lease_id,
            lease_expires_at: self.lease_expires_at.map(SqlTimestamp::to_jiff),
            expires_at: self.expires_at.to_jiff(),
            created_at: self.created_at.to_jiff(),
        })
    }
}
