//! Published numbers.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{PublishedNumberId, SiteId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use super::word;
use crate::domain::PublishedNumber;

const COLUMNS: &str = "published_number_id, number, site_id, language, default_category, display_name, channel, \
     created_at, updated_at, deleted_at, version";

/// Inserts a number; false when it is published already.
#[tracing::instrument(name = "db.published_number.insert", skip_all)]
pub async fn insert(connection: &mut PgConnection, number: &PublishedNumber) -> sqlx::Result<bool> {
    let sql = format!(
        "insert into intake.published_numbers ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (number) where deleted_at is null do nothing"
    );
    let inserted = sqlx::query(AssertSqlSafe(sql))
        .bind(number.id.uuid())
        .bind(&number.number)
        .bind(number.site.as_str())
        .bind(number.language.as_deref())
        .bind(number.default_category.as_deref())
        .bind(&number.display_name)
        .bind(number.channel.as_str())
        .bind(number.created_at.to_sqlx())
        .bind(number.updated_at.to_sqlx())
        .bind(number.deleted_at.map(ToSqlx::to_sqlx))
        .bind(number.version)
        .execute(connection)
        .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Writes what may change of a number.
#[tracing::instrument(name = "db.published_number.update", skip_all)]
pub async fn update(connection: &mut PgConnection, number: &PublishedNumber) -> sqlx::Result<()> {
    sqlx::query(
        "update intake.published_numbers
         set site_id = $2, language = $3, default_category = $4, display_name = $5, channel = $6, updated_at = $7,
             deleted_at = $8, version = $9
         where published_number_id = $1",
    )
    .bind(number.id.uuid())
    .bind(number.site.as_str())
    .bind(number.language.as_deref())
    .bind(number.default_category.as_deref())
    .bind(&number.display_name)
    .bind(number.channel.as_str())
    .bind(number.updated_at.to_sqlx())
    .bind(number.deleted_at.map(ToSqlx::to_sqlx))
    .bind(number.version)
    .execute(connection)
    .await?;
    Ok(())
}

/// The number with this id, also when it was deleted; `lock` holds it until the transaction ends.
#[tracing::instrument(name = "db.published_number.find", skip_all)]
pub async fn find(
    connection: &mut PgConnection,
    id: PublishedNumberId,
    lock: bool,
) -> sqlx::Result<Option<PublishedNumber>> {
    let lock = if lock { "for update" } else { "" };
    let sql = format!("select {COLUMNS} from intake.published_numbers where published_number_id = $1 {lock}");
    let row = sqlx::query_as::<_, NumberRow>(AssertSqlSafe(sql)).bind(id.uuid()).fetch_optional(connection);
    row.await?.map(PublishedNumber::try_from).transpose()
}

/// Those of these numbers that are published.
#[tracing::instrument(name = "db.published_number.find_dialled", skip_all)]
pub async fn find_dialled(
    connection: &mut PgConnection,
    numbers: &[String],
) -> sqlx::Result<Vec<PublishedNumber>> {
    let sql = format!(
        "select {COLUMNS} from intake.published_numbers where number = any($1) and deleted_at is null"
    );
    let rows = sqlx::query_as::<_, NumberRow>(AssertSqlSafe(sql)).bind(numbers).fetch_all(connection);
    rows.await?.into_iter().map(PublishedNumber::try_from).collect()
}

/// A page of published numbers, of one site or all, by id.
#[tracing::instrument(name = "db.published_number.list", skip_all)]
pub async fn list(
    connection: &mut PgConnection,
    site: Option<&SiteId>,
    after: Option<PublishedNumberId>,
    limit: i64,
) -> sqlx::Result<Vec<PublishedNumber>> {
    let sql = format!(
        "select {COLUMNS} from intake.published_numbers
         where deleted_at is null and ($1::text is null or site_id = $1)
           and ($2::uuid is null or published_number_id > $2)
         order by published_number_id limit $3"
    );
    let rows = sqlx::query_as::<_, NumberRow>(AssertSqlSafe(sql))
        .bind(site.map(SiteId::as_str))
        .bind(after.map(PublishedNumberId::uuid))
        .bind(limit);
    rows.fetch_all(connection).await?.into_iter().map(PublishedNumber::try_from).collect()
}

#[derive(FromRow)]
struct NumberRow {
    published_number_id: Uuid,
    number: String,
    site_id: String,
    language: Option<String>,
    default_category: Option<String>,
    display_name: String,
    channel: String,
    created_at: SqlTimestamp,
    updated_at: SqlTimestamp,
    deleted_at: Option<SqlTimestamp>,
    version: i64,
}

impl TryFrom<NumberRow> for PublishedNumber {
    type Error = sqlx::Error;
    fn try_from(row: NumberRow) -> Result<Self, Self::Error> {
        Ok(Self {
            id: PublishedNumberId::from_uuid(row.published_number_id),
            number: row.number,
            site: word("site_id", &row.site_id)?,
            language: row.language,
            default_category: row.default_category,
            display_name: row.display_name,
            channel: word("channel", &row.channel)?,
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
            deleted_at: row.deleted_at.map(SqlTimestamp::to_jiff),
            version: row.version,
        })
    }
}
