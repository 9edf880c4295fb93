//! Evidence: its rows. What is in the object store has rows of its own: [`content`]; uploads under way: [`upload`].

pub mod content;
pub mod link_key;
pub mod upload;

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{CaseId, ContactId, EvidenceId, EvidenceObjectId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{Inconsistent, optional_word, word};
use crate::domain::evidence::{ContentHash, Deletion, Evidence, FileName, MediaType, Parent, Progress};

/// Selects all of a row, with the progress of its upload.
const SELECT: &str = "select e.evidence_id, e.parent_collection, e.parent_id, e.file_name, e.media_type,
     e.detected_media_type, e.size_bytes, e.sha256, e.state, e.created_by, e.created_at, e.stored_at, e.deleted_at,
     e.deleted_by, e.delete_reason, e.version, u.received_bytes, u.expires_at
     from intake.evidence e left join intake.evidence_uploads u
         on u.evidence_id = e.evidence_id and u.closed_at is null";

/// Inserts evidence whose upload begins.
#[tracing::instrument(name = "db.evidence.insert", skip_all)]
pub async fn insert(connection: &mut PgConnection, evidence: &Evidence) -> sqlx::Result<()> {
    let (collection, parent) = evidence.parent.parts();
    sqlx::query(
        "insert into intake.evidence
             (evidence_id, parent_collection, parent_id, file_name, media_type, state, created_by, created_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(evidence.id.uuid())
    .bind(collection)
    .bind(parent)
    .bind(evidence.file_name.as_str())
    .bind(evidence.media_type.as_str())
    .bind(evidence.state.as_str())
    .bind(evidence.created_by.to_string())
    .bind(evidence.created_at.to_sqlx())
    .bind(evidence.version)
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether the parent is there, as far as this service can know; a work order always is.
#[tracing::instrument(name = "db.evidence.has_parent", skip_all)]
pub async fn has_parent(connection: &mut PgConnection, parent: Parent) -> sqlx::Result<bool> {
    let (sql, id) = match parent {
        Parent::Case(id) => ("select exists (select from intake.cases where case_id = $1)", CaseId::uuid(id)),
        Parent::Contact(id) => {
            ("select exists (select from intake.contacts where contact_id = $1)", ContactId::uuid(id))
        }
        Parent::WorkOrder(_) => return Ok(true),
    };
    sqlx::query_scalar(sql).bind(id).fetch_one(connection).await
}

/// The evidence with this id.
#[tracing::instrument(name = "db.evidence.find", skip_all)]
pub async fn find(connection: &mut PgConnection, id: EvidenceId) -> sqlx::Result<Option<Evidence>> {
    let sql = format!("{SELECT} where e.evidence_id = $1");
    let row = sqlx::query_as::<_, EvidenceRow>(sqlx::AssertSqlSafe(sql));
    row.bind(id.uuid()).fetch_optional(connection).await?.map(Evidence::try_from).transpose()
}

/// The same, locked until the transaction ends. Locked first and read afterwards: one statement for both would show the upload as
/// it was before the wait for the lock.
#[tracing::instrument(name = "db.evidence.lock", skip_all)]
pub async fn lock(connection: &mut PgConnection, id: EvidenceId) -> sqlx::Result<Option<Evidence>> {
    let lock = "select from intake.evidence where evidence_id = $1 for update";
    sqlx::query(lock).bind(id.uuid()).execute(&mut *connection).await?;
    find(connection, id).await
}

/// Evidence of a parent after `after`, oldest first.
#[tracing::instrument(name = "db.evidence.list", skip_all)]
pub async fn list(
    connection: &mut PgConnection,
    parent: Parent,
    show_deleted: bool,
    after: Option<EvidenceId>,
    limit: i64,
) -> sqlx::Result<Vec<Evidence>> {
    let (collection, id) = parent.parts();
    let sql = format!(
        "{SELECT} where e.parent_id = $1 and e.parent_collection = $2 and ($3 or e.state <> 'DELETED')
             and ($4::uuid is null or e.evidence_id > $4)
         order by e.evidence_id limit $5"
    );
    sqlx::query_as::<_, EvidenceRow>(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .bind(collection)
        .bind(show_deleted)
        .bind(after.map(EvidenceId::uuid))
        .bind(limit)
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(Evidence::try_from)
        .collect()
}

/// Writes what changes of locked evidence, and which object it refers to.
#[tracing::instrument(name = "db.evidence.update", skip_all)]
pub async fn update(
    connection: &mut PgConnection,
    evidence: &Evidence,
    object: Option<EvidenceObjectId>,
) -> sqlx::Result<()> {
    let deletion = evidence.deletion.as_ref();
    sqlx::query(
        "update intake.evidence set detected_media_type = $2, size_bytes = $3, sha256 = $4, object_id = $5, state = $6,
             stored_at = $7, deleted_at = $8, deleted_by = $9, delete_reason = $10, version = $11
         where evidence_id = $1",
    )
    .bind(evidence.id.uuid())
    .bind(evidence.detected.map(MediaType::as_str))
    .bind(evidence.size)
    .bind(evidence.sha256.map(|hash| hash.bytes().to_vec()))
    .bind(object.map(EvidenceObjectId::uuid))
    .bind(evidence.state.as_str())
    .bind(evidence.stored_at.map(ToSqlx::to_sqlx))
    .bind(deletion.map(|deletion| deletion.at.to_sqlx()))
    .bind(deletion.map(|deletion| deletion.by.to_string()))
    .bind(deletion.map(|deletion| deletion.reason.as_str()))
    .bind(evidence.version)
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes the row of an upload that is given up; gives the object that it had claimed. Rows in other states stay.
#[tracing::instrument(name = "db.evidence.give_up", skip_all)]
pub async fn give_up(
    connection: &mut PgConnection,
    id: EvidenceId,
) -> sqlx::Result<Option<EvidenceObjectId>> {
    let object: Option<Option<Uuid>> = sqlx::query_scalar(
        "delete from intake.evidence where evidence_id = $1 and state = 'UPLOADING' returning object_id",
    )
    .bind(id.uuid())
    .fetch_optional(connection)
    .await?;
    Ok(object.flatten().map(EvidenceObjectId::from_uuid))
}

#[derive(FromRow)]
struct EvidenceRow {
    evidence_id: Uuid,
    parent_collection: String,
    parent_id: Uuid,
    file_name: String,
    media_type: String,
    detected_media_type: Option<String>,
    size_bytes: Option<i64>,
    sha256: Option<Vec<u8>>,
    state: String,
    created_by: String,
    created_at: SqlTimestamp,
    stored_at: Option<SqlTimestamp>,
    deleted_at: Option<SqlTimestamp>,
    deleted_by: Option<String>,
    delete_reason: Option<String>,
    version: i64,
    received_bytes: Option<i64>,
    expires_at: Option<SqlTimestamp>,
}

impl TryFrom<EvidenceRow> for Evidence {
    type Error = sqlx::Error;
    fn try_from(row: EvidenceRow) -> Result<Self, Self::Error> {
        let deleted = row.deleted_at.zip(row.deleted_by);
        let deletion = deleted.map(|(at, by)| {
            let reason = row.delete_reason.unwrap_or_default();
            Ok::<_, sqlx::Error>(Deletion { at: at.to_jiff(), by: word("deleted_by", &by)?, reason })
        });
        let progress = row.received_bytes.zip(row.expires_at);
        Ok(Self {
            id: EvidenceId::from_uuid(row.evidence_id),
            parent: Parent::of_parts(&row.parent_collection, row.parent_id)
                .ok_or_else(|| inconsistent("parent_collection", row.parent_collection))?,
            file_name: FileName::from_stored(row.file_name),
            media_type: word("media_type", &row.media_type)?,
            detected: optional_word("detected_media_type", row.detected_media_type)?,
            size: row.size_bytes,
            sha256: row.sha256.map(|bytes| hash("sha256", bytes)).transpose()?,
            state: word("state", &row.state)?,
            created_by: word("created_by", &row.created_by)?,
            created_at: row.created_at.to_jiff(),
            stored_at: row.stored_at.map(SqlTimestamp::to_jiff),
            deletion: deletion.transpose()?,
            version: row.version,
            progress: progress
                .map(|(received, expires_at)| Progress { received, expires_at: expires_at.to_jiff() }),
        })
    }
}

fn hash(column: &'static str, bytes: Vec<u8>) -> sqlx::Result<ContentHash> {
    let bytes = <[u8; 32]>::try_from(bytes);
    bytes.map(ContentHash::new).map_err(|bytes| inconsistent(column, format!("{} bytes", bytes.len())))
}

fn inconsistent(column: &'static str, value: String) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(Inconsistent { column, value }))
}
