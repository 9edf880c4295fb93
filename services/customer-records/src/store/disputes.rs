//! Disputes and the entries their rulings rest on.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{AgentId, ContactId, CustomerId, FollowUpId, OwnershipDisputeId, SiteId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::dispute::{Dispute, DisputeState, Ruling, RulingEntry, Subject};

const COLUMNS: &str = "dispute_id, customer_id, claimant, respondent, grounds, state, opened_at, winner, until_at, ended_at, \
     ended_by, version";

#[derive(FromRow)]
struct DisputeRow {
    dispute_id: Uuid,
    customer_id: Uuid,
    claimant: String,
    respondent: Option<String>,
    grounds: Option<String>,
    state: String,
    opened_at: Timestamp,
    winner: Option<String>,
    until_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    ended_by: Option<String>,
    version: i64,
}

impl TryFrom<DisputeRow> for Dispute {
    type Error = sqlx::Error;
    fn try_from(row: DisputeRow) -> sqlx::Result<Self> {
        let agent = |text: Option<String>| text.as_deref().map(str::parse).transpose().map_err(inconsistent);
        let state: DisputeState = row.state.parse().map_err(inconsistent)?;
        let (owner, until_at) = (agent(row.winner)?, row.until_at.map(Timestamp::to_jiff));
        let ruling = Ruling { owner, until_at, entries: Vec::new() };
        Ok(Self {
            dispute_id: OwnershipDisputeId::from_uuid(row.dispute_id),
            customer_id: CustomerId::from_uuid(row.customer_id),
            claimant: row.claimant.parse().map_err(inconsistent)?,
            respondent: agent(row.respondent)?,
            grounds: row.grounds,
            state,
            opened_at: row.opened_at.to_jiff(),
            ruling: (state == DisputeState::Ruled).then_some(ruling),
            ended: row.ended_at.map(Timestamp::to_jiff).zip(agent(row.ended_by)?),
            version: row.version,
        })
    }
}

/// Inserts a dispute; `false` when one is open about the customer.
///
/// # Errors
/// Those of the database, as all of these.
#[tracing::instrument(name = "db.dispute.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, dispute: &Dispute) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into customer_records.ownership_disputes
             (dispute_id, customer_id, claimant, respondent, grounds, state, opened_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (customer_id) where state = 'OPEN' do nothing",
    )
    .bind(dispute.dispute_id.uuid())
    .bind(dispute.customer_id.uuid())
    .bind(dispute.claimant.as_str())
    .bind(dispute.respondent.as_ref().map(AgentId::as_str))
    .bind(&dispute.grounds)
    .bind(dispute.state.as_str())
    .bind(dispute.opened_at.to_sqlx())
    .bind(dispute.version)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The open dispute about a customer.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.dispute.find_open", skip_all)]
pub async fn find_open(
    conn: &mut PgConnection,
    customer: CustomerId,
) -> sqlx::Result<Option<OwnershipDisputeId>> {
    let id: Option<Uuid> = sqlx::query_scalar(
        "select dispute_id from customer_records.ownership_disputes where customer_id = $1 and state = 'OPEN'",
    )
    .bind(customer.uuid())
    .fetch_optional(conn)
    .await?;
    Ok(id.map(OwnershipDisputeId::from_uuid))
}

/// The dispute with this id; with the entries of its ruling if it was ruled.
///
/// # Errors
/// As above.
pub async fn find(conn: &mut PgConnection, id: OwnershipDisputeId) -> sqlx::Result<Option<Dispute>> {
    one(conn, id, "").await
}

/// The same, locked until the transaction ends.
///
/// # Errors
/// As above.
pub async fn lock(conn: &mut PgConnection, id: OwnershipDisputeId) -> sqlx::Result<Option<Dispute>> {
    one(conn, id, "for update").await
}

#[tracing::instrument(name = "db.dispute.find", skip_all)]
async fn one(conn: &mut PgConnection, id: OwnershipDisputeId, how: &str) -> sqlx::Result<Option<Dispute>> {
    let sql =
        format!("select {COLUMNS} from customer_records.ownership_disputes where dispute_id = $1 {how}");
    let row = sqlx::query_as::<_, DisputeRow>(AssertSqlSafe(sql)).bind(id.uuid());
    let Some(row) = row.fetch_optional(&mut *conn).await? else { return Ok(None) };
    let mut dispute = Dispute::try_from(row)?;
    if let Some(ruling) = &mut dispute.ruling {
        ruling.entries = entries_of(conn, id).await?;
    }
    Ok(Some(dispute))
}

/// Writes what ended a dispute that is locked.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.dispute.end", skip_all)]
pub async fn end(conn: &mut PgConnection, dispute: &Dispute) -> sqlx::Result<()> {
    let ruling = dispute.ruling.as_ref();
    sqlx::query(
        "update customer_records.ownership_disputes
         set state = $2, winner = $3, until_at = $4, ended_at = $5, ended_by = $6, version = $7
         where dispute_id = $1",
    )
    .bind(dispute.dispute_id.uuid())
    .bind(dispute.state.as_str())
    .bind(ruling.and_then(|ruling| ruling.owner.as_ref()).map(AgentId::as_str))
    .bind(ruling.and_then(|ruling| ruling.until_at).map(ToSqlx::to_sqlx))
    .bind(dispute.ended.as_ref().map(|(at, _)| at.to_sqlx()))
    .bind(dispute.ended.as_ref().map(|(_, by)| by.as_str()))
    .bind(dispute.version)
    .execute(&mut *conn)
    .await?;
    insert_entries(conn, dispute.dispute_id, ruling.map_or(&[], |ruling| &ruling.entries)).await
}

async fn insert_entries(
    conn: &mut PgConnection,
    dispute: OwnershipDisputeId,
    entries: &[RulingEntry],
) -> sqlx::Result<()> {
    let (kinds, ids): (Vec<_>, Vec<_>) = entries.iter().map(|entry| columns_of(entry.subject)).unzip();
    sqlx::query(
        "insert into customer_records.ruling_entries
             (dispute_id, position, kind, entry_id, site_id, register_number, agent_id, occurred_at, effect, until_at)
         select $1, place, kind, entry_id, site_id, register_number, agent_id, occurred_at, effect, until_at
         from unnest($2::text[], $3::uuid[], $4::text[], $5::bigint[], $6::text[], $7::timestamptz[], $8::text[],
                     $9::timestamptz[]) with ordinality
              as told (kind, entry_id, site_id, register_number, agent_id, occurred_at, effect, until_at, place)",
    )
    .bind(dispute.uuid())
    .bind(kinds)
    .bind(ids)
    .bind(entries.iter().map(|entry| entry.site.as_ref().map(SiteId::as_str)).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.register_number).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.agent.as_ref().map(AgentId::as_str)).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.occurred_at.to_sqlx()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.effect.as_str()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.until_at.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

const fn columns_of(subject: Subject) -> (&'static str, Option<Uuid>) {
    match subject {
        Subject::Contact(id) => ("CONTACT", Some(id.uuid())),
        Subject::FollowUp(id) => ("FOLLOW_UP", Some(id.uuid())),
        Subject::Decision => ("DECISION", None),
    }
}

#[derive(FromRow)]
struct RulingEntryRow {
    kind: String,
    entry_id: Option<Uuid>,
    site_id: Option<String>,
    register_number: i64,
    agent_id: Option<String>,
    occurred_at: Timestamp,
    effect: String,
    until_at: Option<Timestamp>,
}

impl TryFrom<RulingEntryRow> for RulingEntry {
    type Error = sqlx::Error;
    fn try_from(row: RulingEntryRow) -> sqlx::Result<Self> {
        let subject = match (row.kind.as_str(), row.entry_id) {
            ("CONTACT", Some(id)) => Subject::Contact(ContactId::from_uuid(id)),
            ("FOLLOW_UP", Some(id)) => Subject::FollowUp(FollowUpId::from_uuid(id)),
            _ => Subject::Decision,
        };
        Ok(Self {
            subject,
            site: row.site_id.as_deref().map(str::parse).transpose().map_err(inconsistent)?,
            register_number: row.register_number,
            agent: row.agent_id.as_deref().map(str::parse).transpose().map_err(inconsistent)?,
            occurred_at: row.occurred_at.to_jiff(),
            effect: row.effect.parse().map_err(inconsistent)?,
            until_at: row.until_at.map(Timestamp::to_jiff),
        })
    }
}

async fn entries_of(conn: &mut PgConnection, id: OwnershipDisputeId) -> sqlx::Result<Vec<RulingEntry>> {
    let rows: Vec<RulingEntryRow> = sqlx::query_as(
        "select kind, entry_id, site_id, register_number, agent_id, occurred_at, effect, until_at
         from customer_records.ruling_entries where dispute_id = $1 order by position",
    )
    .bind(id.uuid())
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}

/// Disputes older than `after`, newest first, without the entries of their rulings.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.dispute.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    customer: Option<CustomerId>,
    state: Option<DisputeState>,
    after: Option<OwnershipDisputeId>,
    limit: i64,
) -> sqlx::Result<Vec<Dispute>> {
    let sql = format!(
        "select {COLUMNS} from customer_records.ownership_disputes
         where ($1::uuid is null or customer_id = $1) and ($2::text is null or state = $2) and dispute_id < $3
         order by dispute_id desc limit $4"
    );
    let rows = sqlx::query_as::<_, DisputeRow>(AssertSqlSafe(sql))
        .bind(customer.map(CustomerId::uuid))
        .bind(state.map(DisputeState::as_str))
        .bind(after.map_or(Uuid::max(), OwnershipDisputeId::uuid))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}
