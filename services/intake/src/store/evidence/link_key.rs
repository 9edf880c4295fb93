//! The keys that sign download links.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::Timestamp;
use sqlx::{FromRow, PgConnection};

use crate::domain::evidence::link::LinkKey;

/// The key that signs now.
#[tracing::instrument(name = "db.evidence_link_key.signing", skip_all)]
pub async fn signing(connection: &mut PgConnection) -> sqlx::Result<Option<LinkKey>> {
    let sql = "select key_id, secret, created_at from intake.evidence_link_keys where retired_at is null";
    Ok(sqlx::query_as::<_, KeyRow>(sql).fetch_optional(connection).await?.map(LinkKey::from))
}

/// The key of this name, signing or retired.
#[tracing::instrument(name = "db.evidence_link_key.find", skip_all)]
pub async fn find(connection: &mut PgConnection, id: &str) -> sqlx::Result<Option<LinkKey>> {
    let sql = "select key_id, secret, created_at from intake.evidence_link_keys where key_id = $1";
    Ok(sqlx::query_as::<_, KeyRow>(sql).bind(id).fetch_optional(connection).await?.map(LinkKey::from))
}

/// Retires a key: it signs no more.
#[tracing::instrument(name = "db.evidence_link_key.retire", skip_all)]
pub async fn retire(connection: &mut PgConnection, id: &str, now: Timestamp) -> sqlx::Result<()> {
    let sql = "update intake.evidence_link_keys set retired_at = $2 where key_id = $1 and retired_at is null";
    sqlx::query(sql).bind(id).bind(now.to_sqlx()).execute(connection).await?;
    Ok(())
}

/// Makes a key the one that signs, unless another does already: of two who make one at once the first one's stays.
#[tracing::instrument(name = "db.evidence_link_key.insert", skip_all)]
pub async fn insert(connection: &mut PgConnection, key: &LinkKey) -> sqlx::Result<()> {
    let sql = "insert into intake.evidence_link_keys (key_id, secret, created_at) values ($1, $2, $3)
               on conflict do nothing";
    let insert = sqlx::query(sql).bind(&key.id).bind(&key.secret).bind(key.created_at.to_sqlx());
    insert.execute(connection).await?;
    Ok(())
}

/// Forgets keys that were retired before `before`: all links that they signed are over.
#[tracing::instrument(name = "db.evidence_link_key.forget", skip_all)]
pub async fn forget_before(connection: &mut PgConnection, before: Timestamp) -> sqlx::Result<()> {
    let sql = "delete from intake.evidence_link_keys where retired_at < $1";
    sqlx::query(sql).bind(before.to_sqlx()).execute(connection).await?;
    Ok(())
}

#[derive(FromRow)]
struct KeyRow {
    key_id: String,
    secret: Vec<u8>,
    created_at: SqlTimestamp,
}

impl From<KeyRow> for LinkKey {
    fn from(row: KeyRow) -> Self {
        Self { id: row.key_id, secret: row.secret, created_at: row.created_at.to_jiff() }
    }
}
