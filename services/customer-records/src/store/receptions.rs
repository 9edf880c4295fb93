//! The public register of intake: who received which contact, who answered which call, and the zones of sites.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{AgentId, ContactId, CustomerId, SiteId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::ownership::Reception;

/// Keeps the zones of sites, the last one told.
///
/// # Errors
/// Those of the database, as all of these.
#[tracing::instrument(name = "db.site_zone.upsert", skip_all)]
pub async fn upsert_zones(conn: &mut PgConnection, zones: &HashMap<SiteId, String>) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.site_zones as kept (site_id, time_zone)
         select * from unnest($1::text[], $2::text[]) as told (site_id, time_zone) order by site_id
         on conflict (site_id) do update set time_zone = excluded.time_zone where kept.time_zone <> excluded.time_zone",
    )
    .bind(zones.keys().map(SiteId::as_str).collect::<Vec<_>>())
    .bind(zones.values().map(String::as_str).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// The zones of all sites. A zone that this build does not know is left out: the default stands in.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.site_zone.list", skip_all)]
pub async fn zones(conn: &mut PgConnection) -> sqlx::Result<HashMap<SiteId, TimeZone>> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("select site_id, time_zone from customer_records.site_zones").fetch_all(conn).await?;
    let read = |(site, zone): (String, String)| match TimeZone::get(&zone) {
        Ok(zone) => Some(SiteId::parse(&site).map(|site| (site, zone)).map_err(inconsistent)),
        Err(error) => {
            tracing::warn!(%error, site, "the zone of a site is unknown");
            None
        }
    };
    rows.into_iter().filter_map(read).collect()
}

/// Keeps who answered which call first.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.call_answer.upsert", skip_all)]
pub async fn upsert_answers(
    conn: &mut PgConnection,
    answers: &[(ContactId, AgentId, jiff::Timestamp)],
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.call_answers as kept (contact_id, agent_id, answered_at)
         select distinct on (contact_id) contact_id, agent_id, answered_at
         from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as told (contact_id, agent_id, answered_at)
         order by contact_id, answered_at
         on conflict (contact_id) do update set agent_id = excluded.agent_id, answered_at = excluded.answered_at
             where excluded.answered_at < kept.answered_at",
    )
    .bind(answers.iter().map(|(contact, ..)| contact.uuid()).collect::<Vec<_>>())
    .bind(answers.iter().map(|(_, agent, _)| agent.as_str()).collect::<Vec<_>>())
    .bind(answers.iter().map(|(.., at)| at.to_sqlx()).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct ReceptionRow {
    contact_id: Uuid,
    site_id: String,
    register_number: i64,
    contact_at: Timestamp,
    channel: String,
    agent_id: Option<String>,
    answered: bool,
}

impl TryFrom<ReceptionRow> for Reception {
    type Error = sqlx::Error;
    fn try_from(row: ReceptionRow) -> sqlx::Result<Self> {
        Ok(Self {
            contact_id: ContactId::from_uuid(row.contact_id),
            site: row.site_id.parse().map_err(inconsistent)?,
            register_number: row.register_number,
            contact_at: row.contact_at.to_jiff(),
            channel: row.channel,
            agent: row.agent_id.as_deref().map(str::parse).transpose().map_err(inconsistent)?,
            answered: row.answered,
        })
    }
}

/// Keeps contacts with their receivers: who answered the call first, else who is given. Gives those that were not there, in no
/// order.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.reception.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, receptions: &[Reception]) -> sqlx::Result<Vec<Reception>> {
    let rows: Vec<ReceptionRow> = sqlx::query_as(
        "insert into customer_records.receptions
             (contact_id, site_id, register_number, contact_at, channel, agent_id, answered)
         select told.contact_id, site_id, register_number, contact_at, channel, coalesce(a.agent_id, told.agent_id),
                a.agent_id is not null
         from unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[])
              as told (contact_id, site_id, register_number, contact_at, channel, agent_id)
         left join customer_records.call_answers a on a.contact_id = told.contact_id
         on conflict (contact_id) do nothing
         returning contact_id, site_id, register_number, contact_at, channel, agent_id, answered",
    )
    .bind(receptions.iter().map(|r| r.contact_id.uuid()).collect::<Vec<_>>())
    .bind(receptions.iter().map(|r| r.site.as_str()).collect::<Vec<_>>())
    .bind(receptions.iter().map(|r| r.register_number).collect::<Vec<_>>())
    .bind(receptions.iter().map(|r| r.contact_at.to_sqlx()).collect::<Vec<_>>())
    .bind(receptions.iter().map(|r| r.channel.as_str()).collect::<Vec<_>>())
    .bind(receptions.iter().map(|r| r.agent.as_ref().map(AgentId::as_str)).collect::<Vec<_>>())
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}

/// Whose these contacts are.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.reception.customers", skip_all)]
pub async fn customers_of(
    conn: &mut PgConnection,
    contacts: &[ContactId],
) -> sqlx::Result<HashMap<ContactId, CustomerId>> {
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select contact_id, customer_id from customer_records.contact_links where contact_id = any($1)",
    )
    .bind(contacts.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .fetch_all(conn)
    .await?;
    let ids = |(contact, customer)| (ContactId::from_uuid(contact), CustomerId::from_uuid(customer));
    Ok(rows.into_iter().map(ids).collect())
}

/// All contacts of a customer, oldest first.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.reception.list", skip_all)]
pub async fn list_of(conn: &mut PgConnection, customer: CustomerId) -> sqlx::Result<Vec<Reception>> {
    let rows: Vec<ReceptionRow> = sqlx::query_as(
        "select r.contact_id, r.site_id, r.register_number, r.contact_at, r.channel, r.agent_id, r.answered
         from customer_records.contact_links l
         join customer_records.receptions r on r.contact_id = l.contact_id
         where l.customer_id = $1
         order by r.contact_at, r.register_number",
    )
    .bind(customer.uuid())
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}

/// A contact of a customer; `None` when it is not in the register, or of somebody else.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.reception.find", skip_all)]
pub async fn find_of(
    conn: &mut PgConnection,
    customer: CustomerId,
    contact: ContactId,
) -> sqlx::Result<Option<Reception>> {
    let row: Option<ReceptionRow> = sqlx::query_as(
        "select r.contact_id, r.site_id, r.register_number, r.contact_at, r.channel, r.agent_id, r.answered
         from customer_records.receptions r
         join customer_records.contact_links l on l.contact_id = r.contact_id
         where r.contact_id = $2 and l.customer_id = $1",
    )
    .bind(customer.uuid())
    .bind(contact.uuid())
    .fetch_optional(conn)
    .await?;
    row.map(TryFrom::try_from).transpose()
}
