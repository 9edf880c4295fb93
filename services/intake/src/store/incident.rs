//! Incidents.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{CaseId, IncidentId, SiteId, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use super::word;
use crate::domain::{Area, Incident, IncidentState};

const COLUMNS: &str = "incident_id, site_id, district, category, state, lead_case_id, detected, resolution, \
     reason, created_at, resolved_at, ended_at, updated_at, version";

/// How many reports an incident has, and when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reports {
    /// Cases in it.
    pub count: i64,
    /// The first acceptance.
    pub first_at: Option<Timestamp>,
    /// The last one.
    pub last_at: Option<Timestamp>,
}

/// Takes the area until the transaction ends: of any number of transactions one opens its incident.
#[tracing::instrument(name = "db.incident.take_area", skip_all)]
pub async fn take_area(connection: &mut PgConnection, area: &Area) -> sqlx::Result<()> {
    let key = format!("intake.incident/{}/{}/{}", area.site, area.district, area.category);
    sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(key)
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes incidents, new or locked.
#[tracing::instrument(name = "db.incident.save", skip_all, fields(incidents = incidents.len()))]
pub async fn save(connection: &mut PgConnection, incidents: &[Incident]) -> sqlx::Result<()> {
    for incident in incidents {
        sqlx::query(AssertSqlSafe(format!(
            "insert into intake.incidents ({COLUMNS})
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
             on conflict on constraint incidents_pkey do update set
                 state = excluded.state, lead_case_id = excluded.lead_case_id, resolution = excluded.resolution,
                 reason = excluded.reason, resolved_at = excluded.resolved_at, ended_at = excluded.ended_at,
                 updated_at = excluded.updated_at, version = excluded.version"
        )))
        .bind(incident.id.uuid())
        .bind(incident.site.as_str())
        .bind(&incident.district)
        .bind(&incident.category)
        .bind(incident.state.as_str())
        .bind(incident.lead.map(CaseId::uuid))
        .bind(incident.detected)
        .bind(incident.resolution.as_deref())
        .bind(incident.reason.as_deref())
        .bind(incident.created_at.to_sqlx())
        .bind(incident.resolved_at.map(ToSqlx::to_sqlx))
        .bind(incident.ended_at.map(ToSqlx::to_sqlx))
        .bind(incident.updated_at.to_sqlx())
        .bind(incident.version)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The incident with this id.
#[tracing::instrument(name = "db.incident.find", skip_all)]
pub async fn find(connection: &mut PgConnection, id: IncidentId) -> sqlx::Result<Option<Incident>> {
    let sql = format!("select {COLUMNS} from intake.incidents where incident_id = $1");
    let row = sqlx::query_as::<_, IncidentRow>(AssertSqlSafe(sql)).bind(id.uuid());
    row.fetch_optional(connection).await?.map(Incident::try_from).transpose()
}

/// The same, locked until the transaction ends. Cases are locked before incidents.
#[tracing::instrument(name = "db.incident.lock", skip_all)]
pub async fn lock(connection: &mut PgConnection, id: IncidentId) -> sqlx::Result<Option<Incident>> {
    let sql = format!("select {COLUMNS} from intake.incidents where incident_id = $1 for no key update");
    let row = sqlx::query_as::<_, IncidentRow>(AssertSqlSafe(sql)).bind(id.uuid());
    row.fetch_optional(connection).await?.map(Incident::try_from).transpose()
}

/// The OPEN incidents that these cases lead, locked.
#[tracing::instrument(name = "db.incident.lock_led_by", skip_all)]
pub async fn lock_led_by(connection: &mut PgConnection, leads: &[CaseId]) -> sqlx::Result<Vec<Incident>> {
    let sql = format!(
        "select {COLUMNS} from intake.incidents where state = 'OPEN' and lead_case_id = any($1)
         order by incident_id for no key update"
    );
    let leads: Vec<_> = leads.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as::<_, IncidentRow>(AssertSqlSafe(sql)).bind(leads).fetch_all(connection).await?;
    rows.into_iter().map(Incident::try_from).collect()
}

/// The OPEN incident of an area.
#[tracing::instrument(name = "db.incident.find_open", skip_all)]
pub async fn find_open(connection: &mut PgConnection, area: &Area) -> sqlx::Result<Option<Incident>> {
    let sql = format!(
        "select {COLUMNS} from intake.incidents
         where site_id = $1 and district = $2 and category = $3 and state = 'OPEN'"
    );
    let row = sqlx::query_as::<_, IncidentRow>(AssertSqlSafe(sql))
        .bind(area.site.as_str())
        .bind(&area.district)
        .bind(&area.category);
    row.fetch_optional(connection).await?.map(Incident::try_from).transpose()
}

/// A page of incidents, newest first.
#[tracing::instrument(name = "db.incident.list", skip_all)]
pub async fn list(
    connection: &mut PgConnection,
    site: Option<&SiteId>,
    state: Option<IncidentState>,
    after: Option<IncidentId>,
    limit: i64,
) -> sqlx::Result<Vec<Incident>> {
    let sql = format!(
        "select {COLUMNS} from intake.incidents
         where ($1::text is null or site_id = $1) and ($2::text is null or state = $2)
           and ($3::uuid is null or incident_id < $3)
         order by incident_id desc limit $4"
    );
    let rows = sqlx::query_as::<_, IncidentRow>(AssertSqlSafe(sql))
        .bind(site.map(SiteId::as_str))
        .bind(state.map(IncidentState::as_str))
        .bind(after.map(IncidentId::uuid))
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Incident::try_from).collect()
}

/// The reports of these incidents, in their order.
#[tracing::instrument(name = "db.incident.reports", skip_all)]
pub async fn reports(connection: &mut PgConnection, ids: &[IncidentId]) -> sqlx::Result<Vec<Reports>> {
    let rows: Vec<(i64, Option<SqlTimestamp>, Option<SqlTimestamp>)> = sqlx::query_as(
        "select count(c.case_id), min(c.accepted_at), max(c.accepted_at)
         from unnest($1::uuid[]) with ordinality as i (incident_id, nr)
         left join intake.cases c on c.incident_id = i.incident_id
         group by i.nr order by i.nr",
    )
    .bind(ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let reports = |(count, first, last): (i64, Option<SqlTimestamp>, Option<SqlTimestamp>)| Reports {
        count,
        first_at: first.map(SqlTimestamp::to_jiff),
        last_at: last.map(SqlTimestamp::to_jiff),
    };
    Ok(rows.into_iter().map(reports).collect())
}

#[derive(FromRow)]
struct IncidentRow {
    incident_id: Uuid,
    site_id: String,
    district: String,
    category: String,
    state: String,
    lead_case_id: Option<Uuid>,
    detected: bool,
    resolution: Option<String>,
    reason: Option<String>,
    created_at: SqlTimestamp,
    resolved_at: Option<SqlTimestamp>,
    ended_at: Option<SqlTimestamp>,
    updated_at: SqlTimestamp,
    version: i64,
}

impl TryFrom<IncidentRow> for Incident {
    type Error = sqlx::Error;
    fn try_from(row: IncidentRow) -> Result<Self, Self::Error> {
        Ok(Self {
            id: IncidentId::from_uuid(row.incident_id),
            site: word("site_id", &row.site_id)?,
            district: row.district,
            category: row.category,
            state: word("state", &row.state)?,
            lead: row.lead_case_id.map(CaseId::from_uuid),
            detected: row.detected,
            resolution: row.resolution,
            reason: row.reason,
            created_at: row.created_at.to_jiff(),
            resolved_at: row.resolved_at.map(SqlTimestamp::to_jiff),
            ended_at: row.ended_at.map(SqlTimestamp::to_jiff),
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        })
    }
}
