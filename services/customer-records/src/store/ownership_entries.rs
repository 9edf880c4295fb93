//! The history of ownerships: append-only.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{AgentId, ContactId, CustomerId, FollowUpId, OwnershipDisputeId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::ownership::{Basis, Entry, KeptEntry, Source};

/// Appends lines in the order given.
///
/// # Errors
/// Those of the database, as all of these.
#[tracing::instrument(name = "db.ownership_entry.append", skip_all)]
pub async fn append(
    conn: &mut PgConnection,
    entries: &[Entry],
    actor: &str,
    now: jiff::Timestamp,
) -> sqlx::Result<()> {
    let agent = |agent: &Option<AgentId>| agent.as_ref().map(|agent| agent.as_str().to_owned());
    sqlx::query(
        "insert into customer_records.ownership_entries
             (customer_id, lease_number, kind, agent_id, previous_agent_id, basis, until_at, occurred_at, contact_id,
              follow_up_id, dispute_id, reason, recorded_at, actor)
         select customer_id, lease_number, kind, agent_id, previous_agent_id, basis, until_at, occurred_at, contact_id,
                follow_up_id, dispute_id, reason, $13, $14
         from unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                     $8::timestamptz[], $9::uuid[], $10::uuid[], $11::uuid[], $12::text[]) with ordinality
              as told (customer_id, lease_number, kind, agent_id, previous_agent_id, basis, until_at, occurred_at, contact_id,
                       follow_up_id, dispute_id, reason, place)
         order by place",
    )
    .bind(entries.iter().map(|entry| entry.customer_id.uuid()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.lease_number).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.kind.as_str()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| agent(&entry.agent)).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| agent(&entry.previous_agent)).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.basis.map(Basis::as_str)).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.until_at.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.occurred_at.to_sqlx()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.source.contact.map(ContactId::uuid)).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.source.follow_up.map(FollowUpId::uuid)).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.source.dispute.map(OwnershipDisputeId::uuid)).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.reason.as_deref()).collect::<Vec<_>>())
    .bind(now.to_sqlx())
    .bind(actor)
    .execute(conn)
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct EntryRow {
    entry_number: i64,
    customer_id: Uuid,
    lease_number: i32,
    kind: String,
    agent_id: Option<String>,
    previous_agent_id: Option<String>,
    basis: Option<String>,
    until_at: Option<Timestamp>,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
    actor: String,
    contact_id: Option<Uuid>,
    follow_up_id: Option<Uuid>,
    dispute_id: Option<Uuid>,
    reason: Option<String>,
}

impl TryFrom<EntryRow> for (KeptEntry, jiff::Timestamp) {
    type Error = sqlx::Error;
    fn try_from(row: EntryRow) -> sqlx::Result<Self> {
        let agent = |text: Option<String>| text.as_deref().map(str::parse).transpose().map_err(inconsistent);
        let entry = Entry {
            customer_id: CustomerId::from_uuid(row.customer_id),
            lease_number: row.lease_number,
            kind: row.kind.parse().map_err(inconsistent)?,
            agent: agent(row.agent_id)?,
            previous_agent: agent(row.previous_agent_id)?,
            basis: row.basis.as_deref().map(str::parse).transpose().map_err(inconsistent)?,
            until_at: row.until_at.map(Timestamp::to_jiff),
            occurred_at: row.occurred_at.to_jiff(),
            source: Source {
                contact: row.contact_id.map(ContactId::from_uuid),
                follow_up: row.follow_up_id.map(FollowUpId::from_uuid),
                dispute: row.dispute_id.map(OwnershipDisputeId::from_uuid),
            },
            reason: row.reason,
        };
        let kept = KeptEntry { entry_number: row.entry_number, entry, actor: row.actor };
        Ok((kept, row.recorded_at.to_jiff()))
    }
}

/// Lines of a customer older than `after`, newest first, each with the time it was written.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.ownership_entry.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    customer: CustomerId,
    after: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<(KeptEntry, jiff::Timestamp)>> {
    let rows: Vec<EntryRow> = sqlx::query_as(
        "select entry_number, customer_id, lease_number, kind, agent_id, previous_agent_id, basis, until_at, occurred_at,
                recorded_at, actor, contact_id, follow_up_id, dispute_id, reason
         from customer_records.ownership_entries
         where customer_id = $1 and entry_number < $2
         order by entry_number desc limit $3",
    )
    .bind(customer.uuid())
    .bind(after.unwrap_or(i64::MAX))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}
