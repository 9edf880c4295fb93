//! Schemas of own fields, by version.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{Actor, FieldSchemaId};
use sqlx::{FromRow, PgConnection, types::Json};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::field_schema::{FieldDefinition, FieldSchema};

#[derive(FromRow)]
struct FieldSchemaRow {
    field_schema_id: Uuid,
    pack: String,
    version: i32,
    fields: Json<Vec<FieldDefinition>>,
    created_at: Timestamp,
    created_by: String,
    published_at: Option<Timestamp>,
    published_by: Option<String>,
}

impl TryFrom<FieldSchemaRow> for FieldSchema {
    type Error = sqlx::Error;
    fn try_from(row: FieldSchemaRow) -> Result<Self, sqlx::Error> {
        let published = row
            .published_at
            .zip(row.published_by)
            .map(|(at, by)| Ok::<_, sqlx::Error>((at.to_jiff(), by.parse().map_err(inconsistent)?)));
        Ok(Self {
            id: FieldSchemaId::from_uuid(row.field_schema_id),
            pack: row.pack,
            version: row.version,
            fields: row.fields.0,
            created_at: row.created_at.to_jiff(),
            created_by: row.created_by.parse().map_err(inconsistent)?,
            published: published.transpose()?,
        })
    }
}

/// The version after the last one of a pack; others who ask wait until the transaction ends.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.field_schema.next_version", skip_all)]
pub async fn next_version(conn: &mut PgConnection, pack: &str) -> sqlx::Result<i32> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('customer_records.field_schemas:' || $1, 0))")
        .bind(pack)
        .execute(&mut *conn)
        .await?;
    sqlx::query_scalar(
        "select coalesce(max(version), 0) + 1 from customer_records.field_schemas where pack = $1",
    )
    .bind(pack)
    .fetch_one(conn)
    .await
}

/// Inserts a schema.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.field_schema.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, schema: &FieldSchema) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.field_schemas (field_schema_id, pack, version, fields, created_at, created_by)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(schema.id.uuid())
    .bind(&schema.pack)
    .bind(schema.version)
    .bind(Json(&schema.fields))
    .bind(schema.created_at.to_sqlx())
    .bind(schema.created_by.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// The schema of this id.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.field_schema.find", skip_all)]
pub async fn find(conn: &mut PgConnection, id: FieldSchemaId) -> sqlx::Result<Option<FieldSchema>> {
    let row: Option<FieldSchemaRow> =
        sqlx::query_as("select * from customer_records.field_schemas where field_schema_id = $1")
            .bind(id.uuid())
            .fetch_optional(conn)
            .await?;
    row.map(TryFrom::try_from).transpose()
}

/// The schema of this id, locked until the transaction ends.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.field_schema.find_for_update", skip_all)]
pub async fn find_for_update(
    conn: &mut PgConnection,
    id: FieldSchemaId,
) -> sqlx::Result<Option<FieldSchema>> {
    let row: Option<FieldSchemaRow> =
        sqlx::query_as("select * from customer_records.field_schemas where field_schema_id = $1 for update")
            .bind(id.uuid())
            .fetch_optional(conn)
            .await?;
    row.map(TryFrom::try_from).transpose()
}

/// Writes that a schema is published, when and by whom.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.field_schema.publish", skip_all)]
pub async fn publish(
    conn: &mut PgConnection,
    id: FieldSchemaId,
    at: jiff::Timestamp,
    by: &Actor,
) -> sqlx::Result<()> {
    sqlx::query(
        "update customer_records.field_schemas set published_at = $2, published_by = $3 where field_schema_id = $1",
    )
    .bind(id.uuid())
    .bind(at.to_sqlx())
    .bind(by.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// Schemas of a pack, or of all, older than `after`, newest first.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.field_schema.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    pack: Option<&str>,
    after: Option<FieldSchemaId>,
    limit: i64,
) -> sqlx::Result<Vec<FieldSchema>> {
    let rows: Vec<FieldSchemaRow> = sqlx::query_as(
        "select * from customer_records.field_schemas
         where field_schema_id < $1 and ($2::text is null or pack = $2)
         order by field_schema_id desc limit $3",
    )
    .bind(after.map_or(Uuid::max(), FieldSchemaId::uuid))
    .bind(pack)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}
