//! First-contact resolution: `reporting.contact_facts` and `reporting.desk_resolutions`, and the figure read from them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kexiang_core::{CustomerId, SiteId};
use sqlx::PgConnection;

use crate::domain::{
    facts::{ContactFacts, DeskResolution, Reopening},
    first_contact::FirstContact,
};

/// Writes what is known of these contacts now, each at most once in `contacts`. The same facts again write nothing.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.contact.upsert", skip_all)]
pub async fn upsert_contacts(conn: &mut PgConnection, contacts: &[ContactFacts]) -> sqlx::Result<()> {
    if contacts.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into reporting.contact_facts (contact_id, case_id, customer_id, contact_at)
         select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[])
         on conflict (contact_id) do update set
             case_id = excluded.case_id, customer_id = excluded.customer_id, contact_at = excluded.contact_at
         where contact_facts.* is distinct from excluded.*",
    )
    .bind(contacts.iter().map(|c| c.contact.uuid()).collect::<Vec<_>>())
    .bind(contacts.iter().map(|c| c.case.uuid()).collect::<Vec<_>>())
    .bind(contacts.iter().map(|c| c.customer.map(CustomerId::uuid)).collect::<Vec<_>>())
    .bind(contacts.iter().map(|c| c.contact_at.to_sqlx()).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps the first resolutions by the desk, each case at most once in `resolutions`.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.desk_resolution.insert", skip_all)]
pub async fn insert_desk_resolutions(
    conn: &mut PgConnection,
    resolutions: &[DeskResolution],
) -> sqlx::Result<()> {
    if resolutions.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into reporting.desk_resolutions (case_id, contact_id, site_id, resolved_at)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[])
         on conflict (case_id) do nothing",
    )
    .bind(resolutions.iter().map(|r| r.case.uuid()).collect::<Vec<_>>())
    .bind(resolutions.iter().map(|r| r.contact.uuid()).collect::<Vec<_>>())
    .bind(resolutions.iter().map(|r| r.site.as_str()).collect::<Vec<_>>())
    .bind(resolutions.iter().map(|r| r.resolved_at.to_sqlx()).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps the first reopenings of what the desk had resolved; others change nothing.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.desk_resolution.reopen", skip_all)]
pub async fn reopen(conn: &mut PgConnection, reopenings: &[Reopening]) -> sqlx::Result<()> {
    if reopenings.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "update reporting.desk_resolutions as resolution set reopened_at = told.at
         from (select case_id, min(at) as at from unnest($1::uuid[], $2::timestamptz[]) as t (case_id, at)
               group by case_id) as told
         where resolution.case_id = told.case_id
           and (resolution.reopened_at is null or told.at < resolution.reopened_at)",
    )
    .bind(reopenings.iter().map(|r| r.case.uuid()).collect::<Vec<_>>())
    .bind(reopenings.iter().map(|r| r.at.to_sqlx()).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// The figure of a site's cases first resolved from `start` to before `end`. `is_provisional` is the caller's to say.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.first_contact.read", skip_all)]
pub async fn read(
    conn: &mut PgConnection,
    site: &SiteId,
    start: Timestamp,
    end: Timestamp,
) -> sqlx::Result<FirstContact> {
    let (resolved, resolved_at_desk, first_contact_resolved) = sqlx::query_as(READ)
        .bind(site.as_str())
        .bind(start.to_sqlx())
        .bind(end.to_sqlx())
        .fetch_one(conn)
        .await?;
    Ok(FirstContact { resolved, resolved_at_desk, first_contact_resolved, is_provisional: false })
}

const READ: &str = "
with desk as (
    select coalesce(desk.reopened_at <= desk.resolved_at + interval '168 hours', false)
        or exists (
            select from reporting.contact_facts as again
            where again.case_id = desk.case_id
              and again.contact_at > desk.resolved_at
              and again.contact_at <= desk.resolved_at + interval '168 hours')
        or exists (
            select from reporting.contact_facts as opening
            join reporting.case_facts as own on own.case_id = desk.case_id
            join reporting.contact_facts as again on again.customer_id = opening.customer_id
            join reporting.case_facts as about on about.case_id = again.case_id
            where opening.contact_id = desk.contact_id
              and about.category = own.category
              and again.contact_at > desk.resolved_at
              and again.contact_at <= desk.resolved_at + interval '168 hours') as came_again
    from reporting.desk_resolutions as desk
    where desk.site_id = $1 and desk.resolved_at >= $2 and desk.resolved_at < $3
)
select (select count(*) from reporting.case_facts
        where site_id = $1 and first_resolved_at >= $2 and first_resolved_at < $3),
       count(*),
       count(*) filter (where not came_again)
from desk";
