//! Cases that hang together: who follows whom, who reported the same, who asked for the same.

use jiff_sqlx::ToSqlx;
use kexiang_core::{CaseId, CustomerId, IncidentId, Timestamp};
use sqlx::{AssertSqlSafe, PgConnection};

use super::case::{COLUMNS, CaseRow};
use crate::domain::{Area, Case, message::MessageChannel};

/// Everybody who follows these cases, and who follows those, locked in the order of their ids. Nobody can come to follow a
/// case whose row is locked: lock the leads first.
#[tracing::instrument(name = "db.following.lock_followers", skip_all)]
pub async fn lock_followers(connection: &mut PgConnection, leads: &[CaseId]) -> sqlx::Result<Vec<Case>> {
    let sql = format!(
        "select {COLUMNS} from intake.cases where case_id in (
             with recursive led (case_id) as (
                 select case_id from intake.cases where lead_case_id = any($1)
                 union select c.case_id from intake.cases c join led on c.lead_case_id = led.case_id)
             select case_id from led)
         order by case_id for update"
    );
    let leads: Vec<_> = leads.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as::<_, CaseRow>(AssertSqlSafe(sql)).bind(leads).fetch_all(connection).await?;
    rows.into_iter().map(Case::try_from).collect()
}

/// The ids of an incident's cases after `after`, by id.
#[tracing::instrument(name = "db.following.members", skip_all)]
pub async fn members(
    connection: &mut PgConnection,
    incident: IncidentId,
    after: Option<CaseId>,
    limit: i64,
) -> sqlx::Result<Vec<CaseId>> {
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar(
        "select case_id from intake.cases where incident_id = $1 and ($2::uuid is null or case_id > $2)
         order by case_id limit $3",
    )
    .bind(incident.uuid())
    .bind(after.map(CaseId::uuid))
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(CaseId::from_uuid).collect())
}

/// The first `limit` of an incident's cases whose customers are to be told, by id, locked; those on hold wait. With a channel,
/// only those whose contact left an address for it.
#[tracing::instrument(name = "db.following.lock_untold", skip_all)]
pub async fn lock_untold(
    connection: &mut PgConnection,
    incident: IncidentId,
    reached_by: Option<MessageChannel>,
    limit: i64,
) -> sqlx::Result<Vec<Case>> {
    let address = match reached_by {
        None => "true",
        Some(MessageChannel::Sms) => "caller_phone is not null",
        Some(MessageChannel::Email) => "caller_email is not null",
    };
    let sql = format!(
        "select {COLUMNS} from intake.cases as reported
         where incident_id = $1 and state = 'RESOLVED' and held_at is null
           and exists (select from intake.contacts where contact_id = reported.contact_id and {address})
         order by case_id limit $2 for update of reported"
    );
    let rows = sqlx::query_as::<_, CaseRow>(AssertSqlSafe(sql)).bind(incident.uuid()).bind(limit);
    rows.fetch_all(connection).await?.into_iter().map(Case::try_from).collect()
}

/// Whether some of an incident's cases are not closed yet.
#[tracing::instrument(name = "db.following.has_open_members", skip_all)]
pub async fn has_open_members(connection: &mut PgConnection, incident: IncidentId) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from intake.cases where incident_id = $1
             and state not in ('CLOSED', 'ARCHIVED', 'WITHDRAWN'))",
    )
    .bind(incident.uuid())
    .fetch_one(connection)
    .await
}

/// The open reports of an area, accepted between two moments, that belong to nothing and never left anything, by acceptance.
#[tracing::instrument(name = "db.following.reports", skip_all)]
pub async fn reports(
    connection: &mut PgConnection,
    area: &Area,
    from: Timestamp,
    to: Timestamp,
) -> sqlx::Result<Vec<(CaseId, Timestamp)>> {
    let rows: Vec<(uuid::Uuid, jiff_sqlx::Timestamp)> = sqlx::query_as(
        "select case_id, accepted_at from intake.cases
         where site_id = $1 and district = $2 and category = $3 and accepted_at between $4 and $5
           and kind = 'FAULT' and district is not null and incident_id is null and state in ('RECEIVED', 'DISPATCHED')
           and duplicate_of is null and work_round is null
         order by accepted_at, case_id",
    )
    .bind(area.site.as_str())
    .bind(&area.district)
    .bind(&area.category)
    .bind(from.to_sqlx())
    .bind(to.to_sqlx())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(id, at)| (CaseId::from_uuid(id), at.to_jiff())).collect())
}

/// What these customers asked for, of these categories, accepted within a time before or after: (customer, category, from, to).
#[tracing::instrument(name = "db.following.alike", skip_all)]
pub async fn alike(
    connection: &mut PgConnection,
    asked: &[(CustomerId, &str, Timestamp, Timestamp)],
) -> sqlx::Result<Vec<Case>> {
    let columns: Vec<_> = COLUMNS.split(',').map(|column| format!("c.{}", column.trim())).collect();
    let sql = format!(
        "select distinct on (c.accepted_at, c.case_id) {} from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[])
             as asked (customer_id, category, from_at, to_at)
         join intake.cases c on c.customer_id = asked.customer_id and c.category = asked.category
             and c.accepted_at between asked.from_at and asked.to_at
         where c.state <> 'WITHDRAWN'
         order by c.accepted_at, c.case_id",
        columns.join(", ")
    );
    let rows = sqlx::query_as::<_, CaseRow>(AssertSqlSafe(sql))
        .bind(asked.iter().map(|(customer, ..)| customer.uuid()).collect::<Vec<_>>())
        .bind(asked.iter().map(|(_, category, ..)| *category).collect::<Vec<_>>())
        .bind(asked.iter().map(|(_, _, from, _)| from.to_sqlx()).collect::<Vec<_>>())
        .bind(asked.iter().map(|(.., to)| to.to_sqlx()).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Case::try_from).collect()
}
