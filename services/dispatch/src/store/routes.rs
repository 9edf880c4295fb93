//! `dispatch.routes`: the routing tables.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{Channel, Kind, RouteId, SiteId};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{StoreError, read, read_optional};
use crate::domain::routing::{Conditions, Route};

const TABLE: &str = "dispatch.routes";
const COLUMNS: &str = "route_id, site_id, kind, channel, category_prefix, district, unit_id, created_at";

#[derive(sqlx::FromRow)]
struct RouteRow {
    route_id: Uuid,
    site_id: String,
    kind: Option<String>,
    channel: Option<String>,
    category_prefix: String,
    district: String,
    unit_id: String,
    created_at: Timestamp,
}

impl TryFrom<RouteRow> for Route {
    type Error = StoreError;
    fn try_from(row: RouteRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: RouteId::from_uuid(row.route_id),
            site: read(TABLE, "site_id", &row.site_id)?,
            conditions: Conditions {
                kind: read_optional(TABLE, "kind", row.kind.as_deref())?,
                channel: read_optional(TABLE, "channel", row.channel.as_deref())?,
                category_prefix: row.category_prefix,
                district: row.district,
            },
            unit: read(TABLE, "unit_id", &row.unit_id)?,
            created_at: row.created_at.to_jiff(),
        })
    }
}

/// Keeps a new line; false when the site has one with equal conditions.
///
/// # Errors
/// [`StoreError::Sql`].
#[tracing::instrument(name = "db.route.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, route: &Route) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "insert into dispatch.routes
             (route_id, site_id, kind, channel, category_prefix, district, unit_id, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict on constraint routes_conditions_key do nothing",
    )
    .bind(route.id.uuid())
    .bind(route.site.as_str())
    .bind(route.conditions.kind.map(Kind::as_str))
    .bind(route.conditions.channel.map(Channel::as_str))
    .bind(&route.conditions.category_prefix)
    .bind(&route.conditions.district)
    .bind(route.unit.as_str())
    .bind(route.created_at.to_sqlx())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The line of the site with the same conditions.
///
/// # Errors
/// [`StoreError::Sql`].
#[tracing::instrument(name = "db.route.find_equal", skip_all)]
pub async fn find_equal(conn: &mut PgConnection, route: &Route) -> Result<Option<RouteId>, StoreError> {
    let id = sqlx::query_scalar(
        "select route_id from dispatch.routes
         where site_id = $1 and kind is not distinct from $2 and channel is not distinct from $3
           and category_prefix = $4 and district = $5",
    )
    .bind(route.site.as_str())
    .bind(route.conditions.kind.map(Kind::as_str))
    .bind(route.conditions.channel.map(Channel::as_str))
    .bind(&route.conditions.category_prefix)
    .bind(&route.conditions.district)
    .fetch_optional(conn)
    .await?;
    Ok(id.map(RouteId::from_uuid))
}

/// Keeps in mind that orders still wait that this line fits.
///
/// # Errors
/// [`StoreError::Sql`].
#[tracing::instrument(name = "db.route.keep_backlog", skip_all)]
pub async fn keep_backlog(conn: &mut PgConnection, id: RouteId) -> Result<(), StoreError> {
    sqlx::query("update dispatch.routes set backlog = true where route_id = $1")
        .bind(id.uuid())
        .execute(conn)
        .await?;
    Ok(())
}

/// The lines that such orders wait for, oldest line first.
///
/// # Errors
/// [`StoreError::Sql`].
#[tracing::instrument(name = "db.route.with_backlog", skip_all)]
pub async fn with_backlog(conn: &mut PgConnection) -> Result<Vec<RouteId>, StoreError> {
    let sql = "select route_id from dispatch.routes where backlog order by created_at, route_id";
    let ids: Vec<Uuid> = sqlx::query_scalar(sql).fetch_all(conn).await?;
    Ok(ids.into_iter().map(RouteId::from_uuid).collect())
}

/// Takes the line's backlog over, to be routed or kept again by this transaction; none when nothing is left of it.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.route.take_backlog", skip_all)]
pub async fn take_backlog(conn: &mut PgConnection, id: RouteId) -> Result<Option<Route>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "update dispatch.routes set backlog = false where route_id = $1 and backlog returning {COLUMNS}"
    ));
    let row = sqlx::query_as::<_, RouteRow>(sql).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Route::try_from).transpose()
}

/// Holds back new lines until the end of the transaction, so that no order is left unrouted beside a line that fits it.
/// Readers and other holders are not held back.
///
/// # Errors
/// [`StoreError::Sql`].
#[tracing::instrument(name = "db.route.hold_back_new_lines", skip_all)]
pub async fn hold_back_new_lines(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("lock table dispatch.routes in share mode").execute(conn).await?;
    Ok(())
}

/// All lines of these sites.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.route.of_sites", skip_all)]
pub async fn of_sites<'a>(
    conn: &mut PgConnection,
    sites: impl IntoIterator<Item = &'a SiteId>,
) -> Result<Vec<Route>, StoreError> {
    let sites: Vec<&str> = sites.into_iter().map(SiteId::as_str).collect();
    let sql = AssertSqlSafe(format!("select {COLUMNS} from dispatch.routes where site_id = any($1)"));
    let rows = sqlx::query_as::<_, RouteRow>(sql).bind(sites).fetch_all(conn).await?;
    rows.into_iter().map(Route::try_from).collect()
}

/// The lines of a site, oldest first, from after the one made at `after.0` with id `after.1` on.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.route.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    site: &SiteId,
    after: Option<(jiff::Timestamp, RouteId)>,
    limit: i64,
) -> Result<Vec<Route>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "select {COLUMNS} from dispatch.routes
             where site_id = $1 and ($2::timestamptz is null or (created_at, route_id) > ($2, $3))
             order by created_at, route_id limit $4"
    ));
    let rows = sqlx::query_as::<_, RouteRow>(sql)
        .bind(site.as_str())
        .bind(after.map(|(at, _)| at.to_sqlx()))
        .bind(after.map(|(_, id)| id.uuid()))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Route::try_from).collect()
}
