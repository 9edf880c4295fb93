//! What is to be looked at when its time is over, and what was found.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{AgentId, ConductFindingId, CustomerId, SiteId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::follow_up::{Check, DueCheck, Finding};

/// Puts checks down; those that are there already stay as they are.
///
/// # Errors
/// Those of the database, as all of these.
#[tracing::instrument(name = "db.conduct_check.insert", skip_all)]
pub async fn insert_checks(conn: &mut PgConnection, checks: &[Check]) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.conduct_checks
             (rule, site_id, agent_id, customer_id, lease_number, starts_at, due_at, wanted)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::integer[], $6::timestamptz[],
                              $7::timestamptz[], $8::integer[])
         on conflict do nothing",
    )
    .bind(checks.iter().map(|check| check.rule.as_str()).collect::<Vec<_>>())
    .bind(checks.iter().map(|check| check.site.as_ref().map(SiteId::as_str)).collect::<Vec<_>>())
    .bind(checks.iter().map(|check| check.agent.as_str()).collect::<Vec<_>>())
    .bind(checks.iter().map(|check| check.lease.map(|(customer, _)| customer.uuid())).collect::<Vec<_>>())
    .bind(checks.iter().map(|check| check.lease.map(|(_, number)| number)).collect::<Vec<_>>())
    .bind(checks.iter().map(|check| check.starts_at.to_sqlx()).collect::<Vec<_>>())
    .bind(checks.iter().map(|check| check.due_at.to_sqlx()).collect::<Vec<_>>())
    .bind(checks.iter().map(|check| check.wanted).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes back the checks of ownerships that were given away or back before their time.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.conduct_check.cancel", skip_all)]
pub async fn cancel_checks(conn: &mut PgConnection, leases: &[(CustomerId, i32)]) -> sqlx::Result<()> {
    sqlx::query(
        "update customer_records.conduct_checks c set checked = true
         from unnest($1::uuid[], $2::integer[]) as gone (customer_id, lease_number)
         where c.rule = 'TOO_FEW_FOLLOW_UPS' and c.customer_id = gone.customer_id
           and c.lease_number = gone.lease_number and not c.checked",
    )
    .bind(leases.iter().map(|(customer, _)| customer.uuid()).collect::<Vec<_>>())
    .bind(leases.iter().map(|(_, number)| *number).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct CheckRow {
    check_id: i64,
    rule: String,
    site_id: Option<String>,
    agent_id: String,
    customer_id: Option<Uuid>,
    lease_number: Option<i32>,
    starts_at: Timestamp,
    due_at: Timestamp,
    wanted: i32,
    written: i64,
}

impl TryFrom<CheckRow> for DueCheck {
    type Error = sqlx::Error;
    fn try_from(row: CheckRow) -> sqlx::Result<Self> {
        let check = Check {
            rule: row.rule.parse().map_err(inconsistent)?,
            site: row.site_id.as_deref().map(str::parse).transpose().map_err(inconsistent)?,
            agent: row.agent_id.parse().map_err(inconsistent)?,
            lease: row.customer_id.map(CustomerId::from_uuid).zip(row.lease_number),
            starts_at: row.starts_at.to_jiff(),
            due_at: row.due_at.to_jiff(),
            wanted: row.wanted,
        };
        Ok(Self { check_id: row.check_id, check, written: i32::try_from(row.written).unwrap_or(i32::MAX) })
    }
}

/// Takes checks whose time is over at `now`, each once, with what was written within it; those that somebody else has locked are
/// left to them.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.conduct_check.take_due", skip_all)]
pub async fn take_due(
    conn: &mut PgConnection,
    now: jiff::Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<DueCheck>> {
    let rows: Vec<CheckRow> = sqlx::query_as(
        "with due as (
             select check_id from customer_records.conduct_checks
             where not checked and due_at <= $1 order by due_at limit $2 for update skip locked
         )
         update customer_records.conduct_checks c set checked = true
         from due where c.check_id = due.check_id
         returning c.check_id, c.rule, c.site_id, c.agent_id, c.customer_id, c.lease_number, c.starts_at, c.due_at, c.wanted,
             (select count(*) from customer_records.follow_ups f
              where f.agent_id = c.agent_id and f.recorded_at >= c.starts_at and f.recorded_at < c.due_at
                and (c.customer_id is null or f.customer_id = c.customer_id)
                and (c.customer_id is not null or f.site_id = c.site_id)) as written",
    )
    .bind(now.to_sqlx())
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}

/// Keeps findings.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.conduct_finding.insert", skip_all)]
pub async fn insert_findings(
    conn: &mut PgConnection,
    findings: &[Finding],
    now: jiff::Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.conduct_findings
             (finding_id, rule, site_id, agent_id, customer_id, starts_at, ends_at, wanted, written, found_at)
         select *, $10 from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::timestamptz[],
                                   $7::timestamptz[], $8::integer[], $9::integer[])",
    )
    .bind(findings.iter().map(|finding| finding.finding_id.uuid()).collect::<Vec<_>>())
    .bind(findings.iter().map(|finding| finding.rule.as_str()).collect::<Vec<_>>())
    .bind(findings.iter().map(|finding| finding.site.as_ref().map(SiteId::as_str)).collect::<Vec<_>>())
    .bind(findings.iter().map(|finding| finding.agent.as_str()).collect::<Vec<_>>())
    .bind(findings.iter().map(|finding| finding.customer_id.map(CustomerId::uuid)).collect::<Vec<_>>())
    .bind(findings.iter().map(|finding| finding.starts_at.to_sqlx()).collect::<Vec<_>>())
    .bind(findings.iter().map(|finding| finding.ends_at.to_sqlx()).collect::<Vec<_>>())
    .bind(findings.iter().map(|finding| finding.wanted).collect::<Vec<_>>())
    .bind(findings.iter().map(|finding| finding.written).collect::<Vec<_>>())
    .bind(now.to_sqlx())
    .execute(conn)
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct FindingRow {
    finding_id: Uuid,
    rule: String,
    site_id: Option<String>,
    agent_id: String,
    customer_id: Option<Uuid>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    wanted: i32,
    written: i32,
}

impl TryFrom<FindingRow> for Finding {
    type Error = sqlx::Error;
    fn try_from(row: FindingRow) -> sqlx::Result<Self> {
        Ok(Self {
            finding_id: ConductFindingId::from_uuid(row.finding_id),
            rule: row.rule.parse().map_err(inconsistent)?,
            site: row.site_id.as_deref().map(str::parse).transpose().map_err(inconsistent)?,
            agent: row.agent_id.parse().map_err(inconsistent)?,
            customer_id: row.customer_id.map(CustomerId::from_uuid),
            starts_at: row.starts_at.to_jiff(),
            ends_at: row.ends_at.to_jiff(),
            wanted: row.wanted,
            written: row.written,
        })
    }
}

/// Findings older than `after`, newest first.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.conduct_finding.list", skip_all)]
pub async fn list_findings(
    conn: &mut PgConnection,
    agent: Option<&AgentId>,
    after: Option<ConductFindingId>,
    limit: i64,
) -> sqlx::Result<Vec<Finding>> {
    let rows: Vec<FindingRow> = sqlx::query_as(
        "select finding_id, rule, site_id, agent_id, customer_id, starts_at, ends_at, wanted, written
         from customer_records.conduct_findings
         where ($1::text is null or agent_id = $1) and finding_id < $2
         order by finding_id desc limit $3",
    )
    .bind(agent.map(AgentId::as_str))
    .bind(after.map_or(Uuid::max(), ConductFindingId::uuid))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}
