//! Cases.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{
    AgentId, CaseId, Channel, ContactId, CustomerId, IncidentId, Kind, Satisfaction, SiteId, UnitId,
};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, types::Json};
use uuid::Uuid;

use super::{optional_word, word};
use crate::domain::{Case, CaseState, Following, case::Standing};

pub(super) const COLUMNS: &str = "case_id, site_id, number, contact_id, channel, kind, category, title, description, \
     district, address, severity, handling, external_reference, state, customer_id, \
     first_responsible_agent, unit_id, resolution, resolved_at_desk, satisfaction, reopen_count, \
     accepted_at, first_resolved_at, resolved_at, informed_at, inform_channel, inform_note, \
     closed_at, updated_at, reason, version, duplicate_of, incident_id, lead_case_id, stood, work_round";

/// Which cases to list.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    /// Of this site.
    pub site: Option<SiteId>,
    /// In this state.
    pub state: Option<CaseState>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
}

/// Inserts cases, all in one statement.
#[tracing::instrument(name = "db.case.insert", skip_all, fields(cases = cases.len()))]
pub async fn insert(connection: &mut PgConnection, cases: &[Case]) -> sqlx::Result<()> {
    sqlx::query(
        "insert into intake.cases
             (case_id, site_id, number, contact_id, channel, kind, category, title, description, district, address,
              severity, handling, external_reference, state, customer_id, first_responsible_agent, unit_id,
              resolution, resolved_at_desk, satisfaction, reopen_count, accepted_at, first_resolved_at,
              resolved_at, informed_at, inform_channel, inform_note, closed_at, updated_at, reason, version)
         select * from unnest(
             $1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[],
             $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],
             $16::uuid[], $17::text[], $18::text[], $19::text[], $20::boolean[], $21::text[], $22::integer[],
             $23::timestamptz[], $24::timestamptz[], $25::timestamptz[], $26::timestamptz[], $27::text[],
             $28::text[], $29::timestamptz[], $30::timestamptz[], $31::text[], $32::bigint[])",
    )
    .bind(cases.iter().map(|case| case.id.uuid()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.site.as_str()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.number.as_str()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.contact.uuid()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.channel.as_str()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.kind.as_str()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.category.as_str()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.title.as_str()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.description.as_deref()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.district.as_deref()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.address.as_deref()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.severity.as_str()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.handling.as_str()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.external_reference.as_deref()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.state.as_str()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.customer.map(CustomerId::uuid)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.first_responsible_agent.as_ref().map(AgentId::as_str)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.unit.as_ref().map(UnitId::as_str)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.resolution.as_deref()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.resolved_at_desk).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.satisfaction.map(Satisfaction::as_str)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.reopen_count).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.accepted_at.to_sqlx()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.first_resolved_at.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.resolved_at.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.informed_at.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.inform_channel.map(Channel::as_str)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.inform_note.as_deref()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.closed_at.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.updated_at.to_sqlx()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.reason.as_deref()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.version).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Saves what transitions change, all in one statement. The rows are locked by [`lock`].
#[tracing::instrument(name = "db.case.update", skip_all, fields(cases = cases.len()))]
pub async fn update(connection: &mut PgConnection, cases: &[Case]) -> sqlx::Result<()> {
    sqlx::query(
        "update intake.cases as c set
             handling = n.handling, state = n.state, customer_id = n.customer_id, unit_id = n.unit_id,
             resolution = n.resolution, resolved_at_desk = n.resolved_at_desk, satisfaction = n.satisfaction,
             reopen_count = n.reopen_count, first_resolved_at = n.first_resolved_at, resolved_at = n.resolved_at,
             informed_at = n.informed_at, inform_channel = n.inform_channel, inform_note = n.inform_note,
             closed_at = n.closed_at, updated_at = n.updated_at, reason = n.reason, version = n.version,
             duplicate_of = n.duplicate_of, incident_id = n.incident_id, lead_case_id = n.lead_case_id,
             stood = n.stood, work_round = nullif(n.work_round, 0)
         from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::boolean[], $8::text[], $9::integer[],
                     $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::text[],
                     $15::timestamptz[], $16::timestamptz[], $17::text[], $18::bigint[], $19::uuid[], $20::uuid[],
                     $21::uuid[], $22::jsonb[], $23::integer[])
             as n (case_id, handling, state, customer_id, unit_id, resolution, resolved_at_desk, satisfaction, reopen_count,
                   first_resolved_at, resolved_at, informed_at, inform_channel, inform_note, closed_at, updated_at,
                   reason, version, duplicate_of, incident_id, lead_case_id, stood, work_round)
         where c.case_id = n.case_id",
    )
    .bind(cases.iter().map(|case| case.id.uuid()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.handling.as_str()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.state.as_str()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.customer.map(CustomerId::uuid)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.unit.as_ref().map(UnitId::as_str)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.resolution.as_deref()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.resolved_at_desk).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.satisfaction.map(Satisfaction::as_str)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.reopen_count).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.first_resolved_at.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.resolved_at.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.informed_at.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.inform_channel.map(Channel::as_str)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.inform_note.as_deref()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.closed_at.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.updated_at.to_sqlx()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.reason.as_deref()).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.version).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.following.duplicate_of.map(CaseId::uuid)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.following.incident.map(IncidentId::uuid)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.following.lead.map(CaseId::uuid)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.following.stood.as_ref().map(Json)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.following.work_round).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// The case with this id.
#[tracing::instrument(name = "db.case.find", skip_all)]
pub async fn find(connection: &mut PgConnection, id: CaseId) -> sqlx::Result<Option<Case>> {
    let sql = format!("select {COLUMNS} from intake.cases where case_id = $1");
    let row =
        sqlx::query_as::<_, CaseRow>(AssertSqlSafe(sql)).bind(id.uuid()).fetch_optional(connection).await?;
    row.map(Case::try_from).transpose()
}

/// The cases with these ids, locked until the transaction ends, in the order of their ids; unknown ones are left out.
#[tracing::instrument(name = "db.case.lock", skip_all, fields(cases = ids.len()))]
pub async fn lock(connection: &mut PgConnection, ids: &[CaseId]) -> sqlx::Result<Vec<Case>> {
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    let sql =
        format!("select {COLUMNS} from intake.cases where case_id = any($1) order by case_id for update");
    let rows = sqlx::query_as::<_, CaseRow>(AssertSqlSafe(sql)).bind(ids).fetch_all(connection).await?;
    rows.into_iter().map(Case::try_from).collect()
}

/// The cases that were brought over already, of these pairs of site and external reference.
#[tracing::instrument(name = "db.case.find_brought_over", skip_all)]
pub async fn find_brought_over(
    connection: &mut PgConnection,
    references: &[(&SiteId, &str)],
) -> sqlx::Result<Vec<Case>> {
    let sql = format!(
        "select {COLUMNS} from intake.cases where (site_id, external_reference) in
             (select * from unnest($1::text[], $2::text[]))"
    );
    let rows = sqlx::query_as::<_, CaseRow>(AssertSqlSafe(sql))
        .bind(references.iter().map(|(site, _)| site.as_str()).collect::<Vec<_>>())
        .bind(references.iter().map(|(_, reference)| *reference).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Case::try_from).collect()
}

/// A page of cases, newest first.
#[tracing::instrument(name = "db.case.list", skip_all)]
pub async fn list(
    connection: &mut PgConnection,
    filter: &CaseFilter,
    after: Option<CaseId>,
    limit: i64,
) -> sqlx::Result<Vec<Case>> {
    let sql = format!(
        "select {COLUMNS} from intake.cases
         where ($1::text is null or site_id = $1) and ($2::text is null or state = $2)
           and ($3::text is null or kind = $3) and ($4::uuid is null or customer_id = $4)
           and ($5::uuid is null or case_id < $5)
         order by case_id desc limit $6"
    );
    let rows = sqlx::query_as::<_, CaseRow>(AssertSqlSafe(sql))
        .bind(filter.site.as_ref().map(SiteId::as_str))
        .bind(filter.state.map(CaseState::as_str))
        .bind(filter.kind.map(Kind::as_str))
        .bind(filter.customer.map(CustomerId::uuid))
        .bind(after.map(CaseId::uuid))
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Case::try_from).collect()
}

#[derive(FromRow)]
pub(super) struct CaseRow {
    case_id: Uuid,
    site_id: String,
    number: String,
    contact_id: Uuid,
    channel: String,
    kind: String,
    category: String,
    title: String,
    description: Option<String>,
    district: Option<String>,
    address: Option<String>,
    severity: String,
    handling: String,
    external_reference: Option<String>,
    state: String,
    customer_id: Option<Uuid>,
    first_responsible_agent: Option<String>,
    unit_id: Option<String>,
    resolution: Option<String>,
    resolved_at_desk: bool,
    satisfaction: Option<String>,
    reopen_count: i32,
    accepted_at: SqlTimestamp,
    first_resolved_at: Option<SqlTimestamp>,
    resolved_at: Option<SqlTimestamp>,
    informed_at: Option<SqlTimestamp>,
    inform_channel: Option<String>,
    inform_note: Option<String>,
    closed_at: Option<SqlTimestamp>,
    updated_at: SqlTimestamp,
    reason: Option<String>,
    version: i64,
    duplicate_of: Option<Uuid>,
    incident_id: Option<Uuid>,
    lead_case_id: Option<Uuid>,
    stood: Option<Json<Standing>>,
    work_round: Option<i32>,
}

impl TryFrom<CaseRow> for Case {
    type Error = sqlx::Error;
    fn try_from(row: CaseRow) -> Result<Self, Self::Error> {
        Ok(Self {
            id: CaseId::from_uuid(row.case_id),
            site: word("site_id", &row.site_id)?,
            number: row.number,
            contact: ContactId::from_uuid(row.contact_id),
            channel: word("channel", &row.channel)?,
            kind: word("kind", &row.kind)?,
            category: row.category,
            title: row.title,
            description: row.description,
            district: row.district,
            address: row.address,
            severity: word("severity", &row.severity)?,
            handling: word("handling", &row.handling)?,
            external_reference: row.external_reference,
            state: word("state", &row.state)?,
            customer: row.customer_id.map(CustomerId::from_uuid),
            first_responsible_agent: optional_word("first_responsible_agent", row.first_responsible_agent)?,
            unit: optional_word("unit_id", row.unit_id)?,
            resolution: row.resolution,
            resolved_at_desk: row.resolved_at_desk,
            satisfaction: optional_word("satisfaction", row.satisfaction)?,
            reopen_count: row.reopen_count,
            accepted_at: row.accepted_at.to_jiff(),
            first_resolved_at: row.first_resolved_at.map(SqlTimestamp::to_jiff),
            resolved_at: row.resolved_at.map(SqlTimestamp::to_jiff),
            informed_at: row.informed_at.map(SqlTimestamp::to_jiff),
            inform_channel: optional_word("inform_channel", row.inform_channel)?,
            inform_note: row.inform_note,
            closed_at: row.closed_at.map(SqlTimestamp::to_jiff),
            updated_at: row.updated_at.to_jiff(),
            reason: row.reason,
            version: row.version,
            following: Following {
                duplicate_of: row.duplicate_of.map(CaseId::from_uuid),
                incident: row.incident_id.map(IncidentId::from_uuid),
                lead: row.lead_case_id.map(CaseId::from_uuid),
                stood: row.stood.map(|stood| stood.0),
                work_round: row.work_round.unwrap_or_default(),
            },
        })
    }
}
