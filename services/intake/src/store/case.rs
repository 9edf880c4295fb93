//! Cases.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{
    AgentId, CaseId, Channel, ContactId, CustomerId, HoldReason, IncidentId, Kind, Satisfaction, SiteId,
    UnitId,
};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, types::Json};
use uuid::Uuid;

use super::{optional_word, word};
use crate::domain::{Case, CaseState, Following, Hold, case::Standing};
use kexiang_pg::Statement;

pub(super) const COLUMNS: &str = "case_id, site_id, number, contact_id, channel, kind, category, title, description, \
     district, address, severity, handling, external_reference, state, customer_id, \
     first_responsible_agent, unit_id, resolution, resolved_at_desk, satisfaction, reopen_count, \
     accepted_at, first_resolved_at, resolved_at, informed_at, inform_channel, inform_note, \
     closed_at, updated_at, reason, hold_reason, hold_note, held_at, hold_expected_at, held_seconds, version, \
     duplicate_of, incident_id, lead_case_id, stood, work_round";

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
    /// On hold.
    pub on_hold: bool,
    /// On hold for this.
    pub hold_reason: Option<HoldReason>,
}

/// Adds the insertion of cases.
pub fn insert(statement: &mut Statement, cases: &[Case]) {
    statement
        .insert("intake.cases", cases)
        .column("case_id", "uuid", |case| case.id.uuid())
        .column("site_id", "text", |case| case.site.as_str())
        .column("number", "text", |case| case.number.as_str())
        .column("contact_id", "uuid", |case| case.contact.uuid())
        .column("channel", "text", |case| case.channel.as_str())
        .column("kind", "text", |case| case.kind.as_str())
        .column("category", "text", |case| case.category.as_str())
        .column("title", "text", |case| case.title.as_str())
        .column("description", "text", |case| case.description.as_deref())
        .column("district", "text", |case| case.district.as_deref())
        .column("address", "text", |case| case.address.as_deref())
        .column("severity", "text", |case| case.severity.as_str())
        .column("handling", "text", |case| case.handling.as_str())
        .column("external_reference", "text", |case| case.external_reference.as_deref())
        .column("state", "text", |case| case.state.as_str())
        .column("customer_id", "uuid", |case| case.customer.map(CustomerId::uuid))
        .column("first_responsible_agent", "text", |case| {
            case.first_responsible_agent.as_ref().map(AgentId::as_str)
        })
        .column("unit_id", "text", |case| case.unit.as_ref().map(UnitId::as_str))
        .column("resolution", "text", |case| case.resolution.as_deref())
        .column("resolved_at_desk", "boolean", |case| case.resolved_at_desk)
        .column("satisfaction", "text", |case| case.satisfaction.map(Satisfaction::as_str))
        .column("reopen_count", "integer", |case| case.reopen_count)
        .column("accepted_at", "timestamptz", |case| case.accepted_at.to_sqlx())
        .column("first_resolved_at", "timestamptz", |case| case.first_resolved_at.map(ToSqlx::to_sqlx))
        .column("resolved_at", "timestamptz", |case| case.resolved_at.map(ToSqlx::to_sqlx))
        .column("informed_at", "timestamptz", |case| case.informed_at.map(ToSqlx::to_sqlx))
        .column("inform_channel", "text", |case| case.inform_channel.map(Channel::as_str))
        .column("inform_note", "text", |case| case.inform_note.as_deref())
        .column("closed_at", "timestamptz", |case| case.closed_at.map(ToSqlx::to_sqlx))
        .column("updated_at", "timestamptz", |case| case.updated_at.to_sqlx())
        .column("reason", "text", |case| case.reason.as_deref())
        .column("version", "bigint", |case| case.version)
        .add();
}

/// Saves what transitions change, all in one statement. The rows are locked by [`lock`].
#[tracing::instrument(name = "db.case.update", skip_all, fields(cases = cases.len()))]
pub async fn update(connection: &mut PgConnection, cases: &[Case]) -> sqlx::Result<()> {
    let holds: Vec<Option<&Hold>> = cases.iter().map(|case| case.hold.as_ref()).collect();
    sqlx::query(
        "update intake.cases as c set
             handling = n.handling, state = n.state, customer_id = n.customer_id, unit_id = n.unit_id,
             resolution = n.resolution, resolved_at_desk = n.resolved_at_desk, satisfaction = n.satisfaction,
             reopen_count = n.reopen_count, first_resolved_at = n.first_resolved_at, resolved_at = n.resolved_at,
             informed_at = n.informed_at, inform_channel = n.inform_channel, inform_note = n.inform_note,
             closed_at = n.closed_at, updated_at = n.updated_at, reason = n.reason, version = n.version,
             first_responsible_agent = n.first_responsible_agent, hold_reason = n.hold_reason,
             hold_note = n.hold_note, held_at = n.held_at, hold_expected_at = n.hold_expected_at,
             held_seconds = n.held_seconds, duplicate_of = n.duplicate_of, incident_id = n.incident_id,
             lead_case_id = n.lead_case_id, stood = n.stood, work_round = nullif(n.work_round, 0)
         from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::boolean[], $8::text[], $9::integer[],
                     $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::text[],
                     $15::timestamptz[], $16::timestamptz[], $17::text[], $18::bigint[], $19::text[],
                     $20::text[], $21::text[], $22::timestamptz[], $23::timestamptz[], $24::double precision[],
                     $25::uuid[], $26::uuid[], $27::uuid[], $28::jsonb[], $29::integer[])
             as n (case_id, handling, state, customer_id, unit_id, resolution, resolved_at_desk, satisfaction, reopen_count,
                   first_resolved_at, resolved_at, informed_at, inform_channel, inform_note, closed_at, updated_at,
                   reason, version, first_responsible_agent, hold_reason, hold_note, held_at, hold_expected_at,
                   held_seconds, duplicate_of, incident_id, lead_case_id, stood, work_round)
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
    .bind(cases.iter().map(|case| case.first_responsible_agent.as_ref().map(AgentId::as_str)).collect::<Vec<_>>())
    .bind(holds.iter().map(|hold| hold.map(|hold| hold.reason.as_str())).collect::<Vec<_>>())
    .bind(holds.iter().map(|hold| hold.and_then(|hold| hold.note.as_deref())).collect::<Vec<_>>())
    .bind(holds.iter().map(|hold| hold.map(|hold| hold.held_at.to_sqlx())).collect::<Vec<_>>())
    .bind(holds.iter().map(|hold| hold.and_then(|hold| hold.expected_at).map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .bind(cases.iter().map(|case| case.held_seconds).collect::<Vec<_>>())
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

/// The cases with these ids, in no order; unknown ones are left out.
#[tracing::instrument(name = "db.case.find_all", skip_all, fields(cases = ids.len()))]
pub async fn find_all(connection: &mut PgConnection, ids: &[CaseId]) -> sqlx::Result<Vec<Case>> {
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    let sql = format!("select {COLUMNS} from intake.cases where case_id = any($1)");
    let rows = sqlx::query_as::<_, CaseRow>(AssertSqlSafe(sql)).bind(ids).fetch_all(connection).await?;
    rows.into_iter().map(Case::try_from).collect()
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
    // In words of its own, so that the index of what is on hold fits.
    let held = if filter.on_hold || filter.hold_reason.is_some() { "and held_at is not null" } else { "" };
    let sql = format!(
        "select {COLUMNS} from intake.cases
         where ($1::text is null or site_id = $1) and ($2::text is null or state = $2)
           and ($3::text is null or kind = $3) and ($4::uuid is null or customer_id = $4)
           and ($5::uuid is null or case_id < $5) and ($7::text is null or hold_reason = $7) {held}
         order by case_id desc limit $6"
    );
    let rows = sqlx::query_as::<_, CaseRow>(AssertSqlSafe(sql))
        .bind(filter.site.as_ref().map(SiteId::as_str))
        .bind(filter.state.map(CaseState::as_str))
        .bind(filter.kind.map(Kind::as_str))
        .bind(filter.customer.map(CustomerId::uuid))
        .bind(after.map(CaseId::uuid))
        .bind(limit)
        .bind(filter.hold_reason.map(HoldReason::as_str))
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Case::try_from).collect()
}

/// Those of these cases that are open, with the type of their last event, latest change first. The event that tells a change is
/// recorded at the time of that change: only its month of the log is looked at.
#[tracing::instrument(name = "db.case.list_open_of", skip_all, fields(cases = ids.len()))]
pub async fn list_open_of(
    connection: &mut PgConnection,
    ids: &[CaseId],
    limit: i64,
) -> sqlx::Result<Vec<(Case, Option<String>)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "with open as (
             select {COLUMNS} from intake.cases
             where case_id = any($1) and state not in ('CLOSED', 'ARCHIVED', 'WITHDRAWN')
             order by updated_at desc, case_id desc limit $2
         )
         select open.*, last.event_type as last_event from open left join lateral (
             select event_type from intake.event_log
             where subject = 'cases/' || open.case_id and recorded_at = open.updated_at
             order by event_seq desc limit 1
         ) as last on true
         order by open.updated_at desc, open.case_id desc"
    );
    let rows = sqlx::query_as::<_, OpenCaseRow>(AssertSqlSafe(sql))
        .bind(ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(|row| Ok((row.case.try_into()?, row.last_event))).collect()
}

#[derive(FromRow)]
struct OpenCaseRow {
    #[sqlx(flatten)]
    case: CaseRow,
    last_event: Option<String>,
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
    hold_reason: Option<String>,
    hold_note: Option<String>,
    held_at: Option<SqlTimestamp>,
    hold_expected_at: Option<SqlTimestamp>,
    held_seconds: f64,
    version: i64,
    duplicate_of: Option<Uuid>,
    incident_id: Option<Uuid>,
    lead_case_id: Option<Uuid>,
    stood: Option<Json<Standing>>,
    work_round: Option<i32>,
}

impl CaseRow {
    fn hold(&self) -> sqlx::Result<Option<Hold>> {
        let Some((reason, held_at)) = self.hold_reason.as_ref().zip(self.held_at) else { return Ok(None) };
        Ok(Some(Hold {
            reason: word("hold_reason", reason)?,
            note: self.hold_note.clone(),
            held_at: held_at.to_jiff(),
            expected_at: self.hold_expected_at.map(SqlTimestamp::to_jiff),
        }))
    }
}

impl TryFrom<CaseRow> for Case {
    type Error = sqlx::Error;
    fn try_from(row: CaseRow) -> Result<Self, Self::Error> {
        let hold = row.hold()?;
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
            hold,
            held_seconds: row.held_seconds,
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
