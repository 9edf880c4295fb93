//! What was said.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{Timestamp, id::DialogueId};
use sqlx::{FromRow, PgConnection, types::Json};

use crate::domain::dialogue::{Shown, Turn};

/// A turn and how its input is known again.
#[derive(Debug, Clone)]
pub struct KeptTurn {
    /// What was said.
    pub turn: Turn,
    /// Of the input.
    pub input_hash: Option<Vec<u8>>,
}

/// An input that is heard.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    /// In which turn.
    pub number: i32,
    /// But for one-time codes.
    pub input: &'a str,
    /// Of the input.
    pub hash: [u8; 32],
    /// When.
    pub at: Timestamp,
}

/// Keeps what the service says.
#[tracing::instrument(name = "db.dialogue_turn.insert", skip_all)]
pub async fn insert(connection: &mut PgConnection, dialogue: DialogueId, shown: &Shown) -> sqlx::Result<()> {
    let citation = shown.step.citation;
    sqlx::query(
        "insert into intake.dialogue_turns
             (dialogue_id, number, prompt, article_id, version_number, shown, prompt_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(dialogue.uuid())
    .bind(shown.turn)
    .bind(&shown.step.prompt)
    .bind(citation.map(|version| version.article.uuid()))
    .bind(citation.map(|version| version.number))
    .bind(Json(shown))
    .bind(shown.said_at.to_sqlx())
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps what the caller says upon it. The dialogue is locked.
#[tracing::instrument(name = "db.dialogue_turn.hear", skip_all)]
pub async fn hear(connection: &mut PgConnection, dialogue: DialogueId, heard: Heard<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "update intake.dialogue_turns set input = $3, input_hash = $4, input_at = $5
         where dialogue_id = $1 and number = $2",
    )
    .bind(dialogue.uuid())
    .bind(heard.number)
    .bind(heard.input)
    .bind(&heard.hash[..])
    .bind(heard.at.to_sqlx())
    .execute(connection)
    .await?;
    Ok(())
}

/// The turns after `after`, oldest first.
#[tracing::instrument(name = "db.dialogue_turn.list", skip_all)]
pub async fn list(
    connection: &mut PgConnection,
    dialogue: DialogueId,
    after: i32,
    limit: i64,
) -> sqlx::Result<Vec<KeptTurn>> {
    let rows = sqlx::query_as::<_, TurnRow>(
        "select shown, input, input_hash, input_at from intake.dialogue_turns
         where dialogue_id = $1 and number > $2 order by number limit $3",
    )
    .bind(dialogue.uuid())
    .bind(after)
    .bind(limit);
    Ok(rows.fetch_all(connection).await?.into_iter().map(TurnRow::read).collect())
}

/// The turn with this number.
///
/// # Errors
/// `RowNotFound` where there is none.
pub async fn get(connection: &mut PgConnection, dialogue: DialogueId, number: i32) -> sqlx::Result<KeptTurn> {
    let found = list(connection, dialogue, number - 1, 1).await?.pop();
    found.filter(|kept| kept.turn.shown.turn == number).ok_or(sqlx::Error::RowNotFound)
}

#[derive(FromRow)]
struct TurnRow {
    shown: Json<Shown>,
    input: Option<String>,
    input_hash: Option<Vec<u8>>,
    input_at: Option<SqlTimestamp>,
}

impl TurnRow {
    fn read(self) -> KeptTurn {
        let input_at = self.input_at.map(SqlTimestamp::to_jiff);
        KeptTurn {
            turn: Turn { shown: self.shown.0, input: self.input, input_at },
            input_hash: self.input_hash,
        }
    }
}
