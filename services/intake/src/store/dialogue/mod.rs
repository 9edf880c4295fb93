//! The SQL of dialogues and of the messages that they send.

pub mod cases;
pub mod message;
pub mod turn;

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{Timestamp, id::DialogueId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, types::Json};
use uuid::Uuid;

use super::word;
use crate::domain::dialogue::{Dialogue, Memory, Shown};

const COLUMNS: &str =
    "dialogue_id, site_id, channel, language, started_by, memory, shown, heard_at, created_at";

/// Inserts a dialogue.
#[tracing::instrument(name = "db.dialogue.insert", skip_all)]
pub async fn insert(connection: &mut PgConnection, dialogue: &Dialogue) -> sqlx::Result<()> {
    sqlx::query(
        "insert into intake.dialogues
             (dialogue_id, site_id, channel, language, started_by, state, turn, memory, shown, contact_id, heard_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(dialogue.id.uuid())
    .bind(dialogue.site.as_str())
    .bind(dialogue.channel.as_str())
    .bind(dialogue.language.as_str())
    .bind(dialogue.started_by.to_string())
    .bind(dialogue.shown.state.as_str())
    .bind(dialogue.shown.turn)
    .bind(Json(&dialogue.memory))
    .bind(Json(&dialogue.shown))
    .bind(dialogue.shown.contact.map(kexiang_core::ContactId::uuid))
    .bind(dialogue.heard_at.to_sqlx())
    .bind(dialogue.created_at.to_sqlx())
    .execute(connection)
    .await?;
    Ok(())
}

/// Saves what turns change. The row is locked by [`lock`].
#[tracing::instrument(name = "db.dialogue.update", skip_all)]
pub async fn update(connection: &mut PgConnection, dialogue: &Dialogue) -> sqlx::Result<()> {
    sqlx::query(
        "update intake.dialogues set state = $2, turn = $3, memory = $4, shown = $5, contact_id = $6, heard_at = $7
         where dialogue_id = $1",
    )
    .bind(dialogue.id.uuid())
    .bind(dialogue.shown.state.as_str())
    .bind(dialogue.shown.turn)
    .bind(Json(&dialogue.memory))
    .bind(Json(&dialogue.shown))
    .bind(dialogue.shown.contact.map(kexiang_core::ContactId::uuid))
    .bind(dialogue.heard_at.to_sqlx())
    .execute(connection)
    .await?;
    Ok(())
}

/// The dialogue with this id.
#[tracing::instrument(name = "db.dialogue.find", skip_all)]
pub async fn find(connection: &mut PgConnection, id: DialogueId) -> sqlx::Result<Option<Dialogue>> {
    let sql = format!("select {COLUMNS} from intake.dialogues where dialogue_id = $1");
    let row = sqlx::query_as::<_, DialogueRow>(AssertSqlSafe(sql)).bind(id.uuid());
    row.fetch_optional(connection).await?.map(Dialogue::try_from).transpose()
}

/// The same, locked until the transaction ends.
#[tracing::instrument(name = "db.dialogue.lock", skip_all)]
pub async fn lock(connection: &mut PgConnection, id: DialogueId) -> sqlx::Result<Option<Dialogue>> {
    let sql = format!("select {COLUMNS} from intake.dialogues where dialogue_id = $1 for update");
    let row = sqlx::query_as::<_, DialogueRow>(AssertSqlSafe(sql)).bind(id.uuid());
    row.fetch_optional(connection).await?.map(Dialogue::try_from).transpose()
}

/// Open dialogues in which nothing was heard since `before`, locked; those that another replica has are left to it.
#[tracing::instrument(name = "db.dialogue.lock_silent", level = "debug", skip_all)]
pub async fn lock_silent(
    connection: &mut PgConnection,
    before: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<Dialogue>> {
    let sql = format!(
        "select {COLUMNS} from intake.dialogues where state = 'OPEN' and heard_at <= $1
         order by heard_at limit $2 for update skip locked"
    );
    let rows = sqlx::query_as::<_, DialogueRow>(AssertSqlSafe(sql)).bind(before.to_sqlx()).bind(limit);
    rows.fetch_all(connection).await?.into_iter().map(Dialogue::try_from).collect()
}

/// Abandoned dialogues that are no contact yet, oldest first.
#[tracing::instrument(name = "db.dialogue.unregistered", level = "debug", skip_all)]
pub async fn unregistered(connection: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Dialogue>> {
    let sql = format!(
        "select {COLUMNS} from intake.dialogues where state = 'ABANDONED' and contact_id is null
         order by dialogue_id limit $1"
    );
    let rows = sqlx::query_as::<_, DialogueRow>(AssertSqlSafe(sql)).bind(limit).fetch_all(connection).await?;
    rows.into_iter().map(Dialogue::try_from).collect()
}

#[derive(FromRow)]
struct DialogueRow {
    dialogue_id: Uuid,
    site_id: String,
    channel: String,
    language: String,
    started_by: String,
    memory: Json<Memory>,
    shown: Json<Shown>,
    heard_at: SqlTimestamp,
    created_at: SqlTimestamp,
}

impl TryFrom<DialogueRow> for Dialogue {
    type Error = sqlx::Error;
    fn try_from(row: DialogueRow) -> Result<Self, Self::Error> {
        Ok(Self {
            id: DialogueId::from_uuid(row.dialogue_id),
            site: word("site_id", &row.site_id)?,
            channel: word("channel", &row.channel)?,
            language: word("language", &row.language)?,
            started_by: word("started_by", &row.started_by)?,
            memory: row.memory.0,
            shown: row.shown.0,
            heard_at: row.heard_at.to_jiff(),
            created_at: row.created_at.to_jiff(),
        })
    }
}
