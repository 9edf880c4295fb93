//! Sites.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::SiteId;
use sqlx::{FromRow, PgConnection};

use super::word;
use crate::domain::Site;

/// Inserts a site with an empty register; false when the id is taken.
#[tracing::instrument(name = "db.site.insert", skip_all)]
pub async fn insert(connection: &mut PgConnection, site: &Site) -> sqlx::Result<bool> {
    let inserted = sqlx::query(
        "insert into intake.sites (site_id, display_name, time_zone, phone_region, created_at, answer_limit_seconds)
         values ($1, $2, $3, $4, $5, $6) on conflict on constraint sites_pkey do nothing",
    )
    .bind(site.id.as_str())
    .bind(&site.display_name)
    .bind(&site.time_zone)
    .bind(&site.phone_region)
    .bind(site.created_at.to_sqlx())
    .bind(i32::try_from(site.answer_limit_seconds).unwrap_or(i32::MAX))
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if inserted == 0 {
        return Ok(false);
    }
    sqlx::query("insert into intake.registers (site_id) values ($1)")
        .bind(site.id.as_str())
        .execute(connection)
        .await?;
    Ok(true)
}

/// The site with this id.
#[tracing::instrument(name = "db.site.find", skip_all)]
pub async fn find(connection: &mut PgConnection, id: &SiteId) -> sqlx::Result<Option<Site>> {
    sqlx::query_as::<_, SiteRow>(
        "select site_id, display_name, time_zone, phone_region, created_at, answer_limit_seconds
         from intake.sites where site_id = $1",
    )
    .bind(id.as_str())
    .fetch_optional(connection)
    .await?
    .map(Site::try_from)
    .transpose()
}

/// Sites after `after`, by id.
#[tracing::instrument(name = "db.site.list", skip_all)]
pub async fn list(
    connection: &mut PgConnection,
    after: Option<&SiteId>,
    limit: i64,
) -> sqlx::Result<Vec<Site>> {
    sqlx::query_as::<_, SiteRow>(
        "select site_id, display_name, time_zone, phone_region, created_at, answer_limit_seconds from intake.sites
         where $1::text is null or site_id > $1 order by site_id limit $2",
    )
    .bind(after.map(SiteId::as_str))
    .bind(limit)
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Site::try_from)
    .collect()
}

#[derive(FromRow)]
struct SiteRow {
    site_id: String,
    display_name: String,
    time_zone: String,
    phone_region: String,
    created_at: SqlTimestamp,
    answer_limit_seconds: i32,
}

impl TryFrom<SiteRow> for Site {
    type Error = sqlx::Error;
    fn try_from(row: SiteRow) -> Result<Self, Self::Error> {
        Ok(Self {
            id: word("site_id", &row.site_id)?,
            display_name: row.display_name,
            time_zone: row.time_zone,
            phone_region: row.phone_region,
            created_at: row.created_at.to_jiff(),
            answer_limit_seconds: row.answer_limit_seconds.unsigned_abs(),
        })
    }
}
