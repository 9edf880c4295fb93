//! Timeline entries, kept by case or contact and read by customer through the links.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{CaseId, ContactId, CustomerId, EventId, SiteId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::timeline::{Owner, TimelineEntry, TimelineKey};

/// Appends entries in the order given; those that are there already are left as they are.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.timeline_entry.append", skip_all)]
pub async fn append(conn: &mut PgConnection, entries: &[TimelineEntry]) -> sqlx::Result<()> {
    let owners: Vec<(Option<Uuid>, Option<Uuid>)> =
        entries.iter().map(|entry| columns_of(entry.owner)).collect();
    sqlx::query(
        "insert into customer_records.timeline_entries
             (entry_id, case_id, contact_id, occurred_at, event_type, subject, actor, site_id)
         select entry_id, case_id, contact_id, occurred_at, event_type, subject, actor, site_id
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[])
              with ordinality
              as told (entry_id, case_id, contact_id, occurred_at, event_type, subject, actor, site_id, place)
         order by place
         on conflict (entry_id) do nothing",
    )
    .bind(entries.iter().map(|entry| entry.entry_id.uuid()).collect::<Vec<_>>())
    .bind(owners.iter().map(|owner| owner.0).collect::<Vec<_>>())
    .bind(owners.iter().map(|owner| owner.1).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.occurred_at.to_sqlx()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.event_type.as_str()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.subject.as_str()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.actor.as_str()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.site.as_ref().map(SiteId::as_str)).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

const fn columns_of(owner: Owner) -> (Option<Uuid>, Option<Uuid>) {
    match owner {
        Owner::Case(case_id) => (Some(case_id.uuid()), None),
        Owner::Contact(contact_id, Some(case_id)) => (Some(case_id.uuid()), Some(contact_id.uuid())),
        Owner::Contact(contact_id, None) => (None, Some(contact_id.uuid())),
    }
}

#[derive(FromRow)]
struct TimelineEntryRow {
    entry_id: Uuid,
    entry_number: i64,
    case_id: Option<Uuid>,
    contact_id: Option<Uuid>,
    occurred_at: Timestamp,
    event_type: String,
    subject: String,
    actor: String,
    site_id: Option<String>,
}

impl TryFrom<TimelineEntryRow> for (TimelineEntry, TimelineKey) {
    type Error = sqlx::Error;
    fn try_from(row: TimelineEntryRow) -> Result<Self, sqlx::Error> {
        let case_id = row.case_id.map(CaseId::from_uuid);
        let owner = match (row.contact_id, case_id) {
            (Some(contact_id), case_id) => Owner::Contact(ContactId::from_uuid(contact_id), case_id),
            (None, Some(case_id)) => Owner::Case(case_id),
            (None, None) => return Err(inconsistent("a timeline entry of nothing")),
        };
        let key = TimelineKey { occurred_at: row.occurred_at.to_jiff(), entry_number: row.entry_number };
        let entry = TimelineEntry {
            entry_id: EventId::from_uuid(row.entry_id),
            owner,
            occurred_at: key.occurred_at,
            event_type: row.event_type,
            subject: row.subject,
            actor: row.actor,
            site: row.site_id.map(|site| SiteId::parse(&site)).transpose().map_err(inconsistent)?,
        };
        Ok((entry, key))
    }
}

/// Entries of a customer's contacts and cases older than `after`, newest first. One index range per contact and case, none
/// longer than the page.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.timeline_entry.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    customer: CustomerId,
    after: TimelineKey,
    limit: i64,
) -> sqlx::Result<Vec<(TimelineEntry, TimelineKey)>> {
    let rows: Vec<TimelineEntryRow> = sqlx::query_as(
        "select e.* from (
             (select e.* from customer_records.contact_links l
              cross join lateral (
                  select * from customer_records.timeline_entries e
                  where e.contact_id = l.contact_id and (e.occurred_at, e.entry_number) < ($2, $3)
                  order by e.occurred_at desc, e.entry_number desc
                  limit $4) e
              where l.customer_id = $1)
             union all
             (select e.* from customer_records.case_links l
              cross join lateral (
                  select * from customer_records.timeline_entries e
                  where e.case_id = l.case_id and e.contact_id is null and (e.occurred_at, e.entry_number) < ($2, $3)
                  order by e.occurred_at desc, e.entry_number desc
                  limit $4) e
              where l.customer_id = $1)
         ) e
         order by e.occurred_at desc, e.entry_number desc
         limit $4",
    )
    .bind(customer.uuid())
    .bind(after.occurred_at.to_sqlx())
    .bind(after.entry_number)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}
