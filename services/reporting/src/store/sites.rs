//! The sites of which a case is known, and their zones: `reporting.sites`.

use std::collections::BTreeMap;

use kexiang_core::SiteId;
use sqlx::PgConnection;

use super::decode;
use crate::domain::{facts::CaseFacts, period::SiteZone};

/// Notes the sites of these cases, each with the zone that the last of its cases names.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.site.upsert_of", skip_all)]
pub async fn upsert_of(conn: &mut PgConnection, cases: &[CaseFacts]) -> sqlx::Result<()> {
    let zones: BTreeMap<&str, &str> = cases.iter().map(|c| (c.site.as_str(), c.zone.name())).collect();
    let (sites, zones): (Vec<_>, Vec<_>) = zones.into_iter().unzip();
    sqlx::query(
        "insert into reporting.sites (site_id, time_zone)
         select * from unnest($1::text[], $2::text[])
         on conflict (site_id) do update set time_zone = excluded.time_zone
         where sites.* is distinct from excluded.*",
    )
    .bind(sites)
    .bind(zones)
    .execute(conn)
    .await?;
    Ok(())
}

/// The zone of a site; `None` when no case of it is known.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.site.find_zone", skip_all)]
pub async fn find_zone(conn: &mut PgConnection, site: &SiteId) -> sqlx::Result<Option<SiteZone>> {
    let name: Option<String> = sqlx::query_scalar("select time_zone from reporting.sites where site_id = $1")
        .bind(site.as_str())
        .fetch_optional(conn)
        .await?;
    name.map(|name| SiteZone::parse(&name).map_err(decode)).transpose()
}
