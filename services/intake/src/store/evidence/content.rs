//! The rows of what is in the object store. The protocol that they serve stands in `app/evidence/mod.rs`.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{EvidenceId, EvidenceObjectId, Timestamp};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::hash;
use crate::domain::evidence::ContentHash;

/// An object that is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimed {
    /// Which.
    pub id: EvidenceObjectId,
    /// Whether the store is known to have it.
    pub is_placed: bool,
}

/// An object, and the content that its key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentObject {
    /// Which.
    pub id: EvidenceObjectId,
    /// Its content.
    pub sha256: ContentHash,
}

/// Claims the living object of this content for evidence that is locked, or a new one: from here on the cleaner leaves it.
/// Waits for a cleaner that is just condemning it, and then takes a new one.
#[tracing::instrument(name = "db.evidence_object.claim", skip_all)]
pub async fn claim(
    connection: &mut PgConnection,
    evidence: EvidenceId,
    sha256: &ContentHash,
    size: i64,
    now: Timestamp,
) -> sqlx::Result<Claimed> {
    let (id, placed_at): (Uuid, Option<SqlTimestamp>) = sqlx::query_as(
        "insert into intake.evidence_objects (object_id, sha256, size_bytes, created_at) values ($1, $2, $3, $4)
         on conflict (sha256) where condemned_at is null do update set unreferenced_at = null
         returning object_id, placed_at",
    )
    .bind(EvidenceObjectId::at(now).uuid())
    .bind(&sha256.bytes()[..])
    .bind(size)
    .bind(now.to_sqlx())
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query("update intake.evidence set object_id = $2 where evidence_id = $1")
        .bind(evidence.uuid())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(Claimed { id: EvidenceObjectId::from_uuid(id), is_placed: placed_at.is_some() })
}

/// Notes that the store has a claimed object.
#[tracing::instrument(name = "db.evidence_object.place", skip_all)]
pub async fn place(connection: &mut PgConnection, id: EvidenceObjectId, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query(
        "update intake.evidence_objects set placed_at = $2 where object_id = $1 and placed_at is null",
    )
    .bind(id.uuid())
    .bind(now.to_sqlx())
    .execute(connection)
    .await?;
    Ok(())
}

/// The object that evidence refers to.
#[tracing::instrument(name = "db.evidence_object.find", skip_all)]
pub async fn find(connection: &mut PgConnection, of: EvidenceId) -> sqlx::Result<Option<ContentObject>> {
    sqlx::query_as::<_, ObjectRow>(
        "select o.object_id, o.sha256 from intake.evidence e join intake.evidence_objects o using (object_id)
         where e.evidence_id = $1",
    )
    .bind(of.uuid())
    .fetch_optional(connection)
    .await?
    .map(ContentObject::try_from)
    .transpose()
}

/// Locks the object before a reference to it ends: of two last references that end at once, the second sees that it is the last.
#[tracing::instrument(name = "db.evidence_object.lock", skip_all)]
pub async fn lock(connection: &mut PgConnection, id: EvidenceObjectId) -> sqlx::Result<()> {
    let lock = "select from intake.evidence_objects where object_id = $1 for update";
    sqlx::query(lock).bind(id.uuid()).execute(connection).await?;
    Ok(())
}

/// After a reference to a locked object ended: notes since when it has none, if it has none.
#[tracing::instrument(name = "db.evidence_object.release", skip_all)]
pub async fn release(
    connection: &mut PgConnection,
    id: EvidenceObjectId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "update intake.evidence_objects set unreferenced_at = $2
         where object_id = $1 and unreferenced_at is null
             and not exists (select from intake.evidence where object_id = $1)",
    )
    .bind(id.uuid())
    .bind(now.to_sqlx())
    .execute(connection)
    .await?;
    Ok(())
}

/// Condemns some of the objects that nobody has referred to since `before`; gives how many. Objects that somebody is just
/// claiming are locked by them and left for the next time.
#[tracing::instrument(name = "db.evidence_object.condemn", skip_all)]
pub async fn condemn(
    connection: &mut PgConnection,
    before: Timestamp,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    // Rows are locked first and looked at again afterwards: a claim may have come between.
    let free: Vec<Uuid> = sqlx::query_scalar(
        "select object_id from intake.evidence_objects where unreferenced_at < $1 and condemned_at is null
         order by unreferenced_at limit $2 for update skip locked",
    )
    .bind(before.to_sqlx())
    .bind(limit)
    .fetch_all(&mut *connection)
    .await?;
    let condemned = sqlx::query(
        "update intake.evidence_objects o set condemned_at = $2
         where o.object_id = any($1) and o.unreferenced_at is not null and o.condemned_at is null
             and not exists (select from intake.evidence e where e.object_id = o.object_id)",
    )
    .bind(free)
    .bind(now.to_sqlx())
    .execute(connection)
    .await?;
    Ok(condemned.rows_affected())
}

/// Some of the condemned objects, by chance: one that the store does not give up holds up no other.
#[tracing::instrument(name = "db.evidence_object.condemned", skip_all)]
pub async fn condemned(connection: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<ContentObject>> {
    sqlx::query_as::<_, ObjectRow>(
        "select object_id, sha256 from intake.evidence_objects where condemned_at is not null
         order by random() limit $1",
    )
    .bind(limit)
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(ContentObject::try_from)
    .collect()
}

/// Forgets a condemned object that the store has no more.
#[tracing::instrument(name = "db.evidence_object.forget", skip_all)]
pub async fn forget(connection: &mut PgConnection, id: EvidenceObjectId) -> sqlx::Result<()> {
    sqlx::query("delete from intake.evidence_objects where object_id = $1 and condemned_at is not null")
        .bind(id.uuid())
        .execute(connection)
        .await?;
    Ok(())
}

#[derive(FromRow)]
struct ObjectRow {
    object_id: Uuid,
    sha256: Vec<u8>,
}

impl TryFrom<ObjectRow> for ContentObject {
    type Error = sqlx::Error;
    fn try_from(row: ObjectRow) -> Result<Self, Self::Error> {
        Ok(Self { id: EvidenceObjectId::from_uuid(row.object_id), sha256: hash("sha256", row.sha256)? })
    }
}
