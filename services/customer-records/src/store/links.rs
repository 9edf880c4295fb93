//! Whose contacts and cases they are.

use std::collections::HashSet;

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{CaseId, ContactId, CustomerId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::domain::{
    link::{CaseLink, ContactLink},
    recognition::{MAX_OPEN_CASES, OpenCase},
};

/// Which of these contacts have a customer already.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.contact_link.find_known", skip_all)]
pub async fn find_known(conn: &mut PgConnection, contacts: &[ContactId]) -> sqlx::Result<HashSet<ContactId>> {
    let known: Vec<Uuid> = sqlx::query_scalar(
        "select contact_id from customer_records.contact_links where contact_id = any($1)",
    )
    .bind(contacts.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .fetch_all(conn)
    .await?;
    Ok(known.into_iter().map(ContactId::from_uuid).collect())
}

/// Links contacts with their customers, and the cases they opened, as far as those have no customer yet. No contact stands
/// twice in `links`. A contact that has a customer keeps them: what others tell of it is an echo of what was told from here.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.contact_link.upsert", skip_all)]
pub async fn upsert_contacts(conn: &mut PgConnection, links: &[ContactLink]) -> sqlx::Result<()> {
    sqlx::query(
        "with linked as (
             insert into customer_records.contact_links (contact_id, customer_id, contact_at, case_id)
             select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::uuid[])
             on conflict (contact_id) do update
                 set case_id = coalesce(excluded.case_id, contact_links.case_id)
             returning contact_id, customer_id, case_id
         )
         update customer_records.case_links c
         set customer_id = linked.customer_id
         from linked
         where c.case_id = linked.case_id and c.contact_id = linked.contact_id and c.customer_id is null",
    )
    .bind(links.iter().map(|link| link.contact_id.uuid()).collect::<Vec<_>>())
    .bind(links.iter().map(|link| link.customer_id.uuid()).collect::<Vec<_>>())
    .bind(links.iter().map(|link| link.contact_at.to_sqlx()).collect::<Vec<_>>())
    .bind(links.iter().map(|link| link.case_id.map(CaseId::uuid)).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes cases as their last event told. The customer is the one the event names, else the one known before, else the one
/// of the contact that opened the case; that one first, when it was merged with the one the event names, or taken apart from it.
/// No case stands twice in `links`.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.case_link.upsert", skip_all)]
pub async fn upsert_cases(conn: &mut PgConnection, links: &[CaseLink]) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.case_links as kept
             (case_id, customer_id, contact_id, number, category, accepted_at, open)
         select told.case_id,
                case when echo.known then contact.customer_id else coalesce(told.customer_id, contact.customer_id) end,
                told.contact_id, told.number, told.category, told.accepted_at, told.open
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::boolean[])
              as told (case_id, customer_id, contact_id, number, category, accepted_at, open)
         left join customer_records.contact_links contact on contact.contact_id = told.contact_id
         -- The two were merged or un-merged: what is told is an echo of before.
         cross join lateral (
             select exists (select from customer_records.merges m
                            where m.survivor_id = told.customer_id and m.loser_id = contact.customer_id)
                 or exists (select from customer_records.merges m
                            where m.loser_id = told.customer_id and m.survivor_id = contact.customer_id) as known) echo
         on conflict (case_id) do update
             set customer_id = coalesce(excluded.customer_id, kept.customer_id),
                 category = excluded.category,
                 open = excluded.open",
    )
    .bind(links.iter().map(|link| link.case_id.uuid()).collect::<Vec<_>>())
    .bind(links.iter().map(|link| link.customer_id.map(CustomerId::uuid)).collect::<Vec<_>>())
    .bind(links.iter().map(|link| link.contact_id.uuid()).collect::<Vec<_>>())
    .bind(links.iter().map(|link| link.number.as_str()).collect::<Vec<_>>())
    .bind(links.iter().map(|link| link.category.as_str()).collect::<Vec<_>>())
    .bind(links.iter().map(|link| link.accepted_at.to_sqlx()).collect::<Vec<_>>())
    .bind(links.iter().map(|link| link.open).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// How many contacts of a customer came in after `since`.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.contact_link.count", skip_all)]
pub async fn count_contacts(
    conn: &mut PgConnection,
    id: CustomerId,
    since: jiff::Timestamp,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select count(*) from customer_records.contact_links where customer_id = $1 and contact_at > $2",
    )
    .bind(id.uuid())
    .bind(since.to_sqlx())
    .fetch_one(conn)
    .await
}

#[derive(FromRow)]
struct OpenCaseRow {
    case_id: Uuid,
    number: String,
    category: String,
    accepted_at: Timestamp,
}

/// The open cases of a customer, newest first, at most [`MAX_OPEN_CASES`].
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.case_link.list_open", skip_all)]
pub async fn list_open_cases(conn: &mut PgConnection, id: CustomerId) -> sqlx::Result<Vec<OpenCase>> {
    let rows: Vec<OpenCaseRow> = sqlx::query_as(
        "select case_id, number, category, accepted_at from customer_records.case_links
         where customer_id = $1 and open
         order by accepted_at desc, case_id desc
         limit $2",
    )
    .bind(id.uuid())
    .bind(MAX_OPEN_CASES)
    .fetch_all(conn)
    .await?;
    let open_case = |row: OpenCaseRow| OpenCase {
        case_id: CaseId::from_uuid(row.case_id),
        number: row.number,
        category: row.category,
        accepted_at: row.accepted_at.to_jiff(),
    };
    Ok(rows.into_iter().map(open_case).collect())
}

/// The cases that contacts opened or joined.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.contact_link.cases_of", skip_all)]
pub async fn cases_of(conn: &mut PgConnection, contacts: &[Uuid]) -> sqlx::Result<Vec<(Uuid, Option<Uuid>)>> {
    sqlx::query_as(
        "select contact_id, case_id from customer_records.contact_links where contact_id = any($1) order by contact_id",
    )
    .bind(contacts)
    .fetch_all(conn)
    .await
}
