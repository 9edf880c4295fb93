//! Uploads under way, and the chunks of those that come in several calls.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{EvidenceId, Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

use super::hash;
use crate::domain::evidence::{Announced, Progress};

/// A chunk that is in the object store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Where it begins.
    pub offset: i64,
    /// Bytes.
    pub size: i64,
    /// CRC-32.
    pub crc32: u32,
    /// Where the store has it.
    pub key: String,
}

/// Inserts an upload that begins.
#[tracing::instrument(name = "db.evidence_upload.insert", skip_all)]
pub async fn insert(
    connection: &mut PgConnection,
    id: EvidenceId,
    announced: &Announced,
    progress: Progress,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into intake.evidence_uploads (evidence_id, expected_size, expected_sha256, received_bytes, expires_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(id.uuid())
    .bind(announced.size)
    .bind(announced.sha256.map(|hash| hash.bytes().to_vec()))
    .bind(progress.received)
    .bind(progress.expires_at.to_sqlx())
    .execute(connection)
    .await?;
    Ok(())
}

/// What was announced.
#[tracing::instrument(name = "db.evidence_upload.announced", skip_all)]
pub async fn announced(connection: &mut PgConnection, id: EvidenceId) -> sqlx::Result<Announced> {
    let row: Option<(Option<i64>, Option<Vec<u8>>)> = sqlx::query_as(
        "select expected_size, expected_sha256 from intake.evidence_uploads where evidence_id = $1",
    )
    .bind(id.uuid())
    .fetch_optional(connection)
    .await?;
    let (size, sha256) = row.unwrap_or_default();
    Ok(Announced { size, sha256: sha256.map(|bytes| hash("expected_sha256", bytes)).transpose()? })
}

/// Adds a chunk to an upload whose evidence is locked.
#[tracing::instrument(name = "db.evidence_upload.append", skip_all)]
pub async fn append(
    connection: &mut PgConnection,
    id: EvidenceId,
    chunk: &Chunk,
    progress: Progress,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into intake.evidence_chunks (evidence_id, chunk_offset, size_bytes, crc32, object_key)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(id.uuid())
    .bind(chunk.offset)
    .bind(chunk.size)
    .bind(i64::from(chunk.crc32))
    .bind(&chunk.key)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "update intake.evidence_uploads set received_bytes = $2, expires_at = $3 where evidence_id = $1",
    )
    .bind(id.uuid())
    .bind(progress.received)
    .bind(progress.expires_at.to_sqlx())
    .execute(connection)
    .await?;
    Ok(())
}

/// All chunks in order.
#[tracing::instrument(name = "db.evidence_upload.chunks", skip_all)]
pub async fn chunks(connection: &mut PgConnection, id: EvidenceId) -> sqlx::Result<Vec<Chunk>> {
    let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(
        "select chunk_offset, size_bytes, crc32, object_key from intake.evidence_chunks
         where evidence_id = $1 order by chunk_offset",
    )
    .bind(id.uuid())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(chunk).collect())
}

/// The chunk that begins there.
#[tracing::instrument(name = "db.evidence_upload.chunk_at", skip_all)]
pub async fn chunk_at(
    connection: &mut PgConnection,
    id: EvidenceId,
    offset: i64,
) -> sqlx::Result<Option<Chunk>> {
    let row: Option<(i64, i64, i64, String)> = sqlx::query_as(
        "select chunk_offset, size_bytes, crc32, object_key from intake.evidence_chunks
         where evidence_id = $1 and chunk_offset = $2",
    )
    .bind(id.uuid())
    .bind(offset)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(chunk))
}

fn chunk((offset, size, crc32, key): (i64, i64, i64, String)) -> Chunk {
    Chunk { offset, size, crc32: u32::try_from(crc32).unwrap_or_default(), key }
}

/// Closes an upload: it takes nothing more, and its folder is swept later.
#[tracing::instrument(name = "db.evidence_upload.close", skip_all)]
pub async fn close(connection: &mut PgConnection, id: EvidenceId, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query(
        "update intake.evidence_uploads set closed_at = $2 where evidence_id = $1 and closed_at is null",
    )
    .bind(id.uuid())
    .bind(now.to_sqlx())
    .execute(connection)
    .await?;
    Ok(())
}

/// Some of the uploads that got nothing for too long.
#[tracing::instrument(name = "db.evidence_upload.expired", skip_all)]
pub async fn expired(
    connection: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<EvidenceId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select evidence_id from intake.evidence_uploads where closed_at is null and expires_at <= $1
         order by expires_at limit $2",
    )
    .bind(now.to_sqlx())
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(EvidenceId::from_uuid).collect())
}

/// Whether the upload is still open and over its time: looked at again once its evidence is locked.
#[tracing::instrument(name = "db.evidence_upload.is_expired", skip_all)]
pub async fn is_expired(connection: &mut PgConnection, id: EvidenceId, now: Timestamp) -> sqlx::Result<bool> {
    let expires_at: Option<SqlTimestamp> = sqlx::query_scalar(
        "select expires_at from intake.evidence_uploads where evidence_id = $1 and closed_at is null",
    )
    .bind(id.uuid())
    .fetch_optional(connection)
    .await?;
    Ok(expires_at.is_some_and(|at| at.to_jiff() <= now))
}

/// Some of the uploads that were closed before `before`, by chance: a folder that can't be swept holds up no other.
#[tracing::instrument(name = "db.evidence_upload.closed", skip_all)]
pub async fn closed(
    connection: &mut PgConnection,
    before: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<EvidenceId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select evidence_id from intake.evidence_uploads where closed_at < $1 order by random() limit $2",
    )
    .bind(before.to_sqlx())
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(EvidenceId::from_uuid).collect())
}

/// Forgets a closed upload whose folder is swept.
#[tracing::instrument(name = "db.evidence_upload.forget", skip_all)]
pub async fn forget(connection: &mut PgConnection, id: EvidenceId) -> sqlx::Result<()> {
    sqlx::query("delete from intake.evidence_uploads where evidence_id = $1 and closed_at is not null")
        .bind(id.uuid())
        .execute(connection)
        .await?;
    Ok(())
}
