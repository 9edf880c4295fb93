//! Who may be one: what is still to be looked at, what may be the same, and what was proposed.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{CustomerId, MergeProposalId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::{
    likeness::Likeness,
    merge_proposal::{MergeProposal, ProposalFilter, ProposalState},
};

const COLUMNS: &str =
    "proposal_id, one_id, other_id, score, reasons, state, created_at, updated_at, dismissed_by, version";

#[derive(FromRow)]
struct ProposalRow {
    proposal_id: Uuid,
    one_id: Uuid,
    other_id: Uuid,
    score: i32,
    reasons: Vec<String>,
    state: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    dismissed_by: Option<String>,
    version: i64,
}

impl TryFrom<ProposalRow> for MergeProposal {
    type Error = sqlx::Error;
    fn try_from(row: ProposalRow) -> Result<Self, sqlx::Error> {
        let reasons = row.reasons.iter().map(|reason| reason.parse().map_err(inconsistent));
        Ok(Self {
            proposal_id: MergeProposalId::from_uuid(row.proposal_id),
            one: CustomerId::from_uuid(row.one_id),
            other: CustomerId::from_uuid(row.other_id),
            likeness: Likeness { score: row.score, reasons: reasons.collect::<Result<_, _>>()? },
            state: row.state.parse::<ProposalState>().map_err(inconsistent)?,
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
            dismissed_by: row.dismissed_by.map(|by| by.parse().map_err(inconsistent)).transpose()?,
            version: row.version,
        })
    }
}

/// Takes customers to be looked at; nobody else looks until the transaction ends, so that of two new twins one sees the other.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.likeness_check.take", skip_all)]
pub async fn take_checks(conn: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<CustomerId>> {
    let alone: bool =
        sqlx::query_scalar("select pg_try_advisory_xact_lock(hashtext('customer_records.likeness_checks'))")
            .fetch_one(&mut *conn)
            .await?;
    if !alone {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "delete from customer_records.likeness_checks where customer_id in (
             select customer_id from customer_records.likeness_checks limit $1 for update skip locked)
         returning customer_id",
    )
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(CustomerId::from_uuid).collect())
}

/// Writes by what customers are found, in place of what was there.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.address_token.replace", skip_all)]
pub async fn replace_tokens(
    conn: &mut PgConnection,
    of: &[CustomerId],
    tokens: &[(CustomerId, i64)],
) -> sqlx::Result<()> {
    sqlx::query("delete from customer_records.address_tokens where customer_id = any($1)")
        .bind(of.iter().map(|id| id.uuid()).collect::<Vec<_>>())
        .execute(&mut *conn)
        .await?;
    sqlx::query(
        "insert into customer_records.address_tokens (token, customer_id)
         select * from unnest($1::bigint[], $2::uuid[]) on conflict do nothing",
    )
    .bind(tokens.iter().map(|(_, token)| *token).collect::<Vec<_>>())
    .bind(tokens.iter().map(|(id, _)| id.uuid()).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// Pairs of these customers with others who share an address; of an address with very many, `most` others of each.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.address_token.pairs", skip_all)]
pub async fn pairs(
    conn: &mut PgConnection,
    of: &[CustomerId],
    most: i64,
) -> sqlx::Result<Vec<(CustomerId, CustomerId)>> {
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select distinct least(mine.customer_id, theirs.customer_id), greatest(mine.customer_id, theirs.customer_id)
         from customer_records.address_tokens mine
         cross join lateral (
             select t.customer_id from customer_records.address_tokens t
             where t.token = mine.token and t.customer_id <> mine.customer_id
             order by t.customer_id desc limit $2) theirs
         where mine.customer_id = any($1)",
    )
    .bind(of.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .bind(most)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(one, other)| (CustomerId::from_uuid(one), CustomerId::from_uuid(other)))
        .collect())
}

/// Inserts a proposal; tells whether the pair is new.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.merge_proposal.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, proposal: &MergeProposal) -> sqlx::Result<bool> {
    let reasons: Vec<&str> = proposal.likeness.reasons.iter().map(|reason| reason.as_str()).collect();
    let done = sqlx::query(
        "insert into customer_records.merge_proposals
             (proposal_id, one_id, other_id, score, reasons, state, created_at, updated_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $7, $8) on conflict do nothing",
    )
    .bind(proposal.proposal_id.uuid())
    .bind(proposal.one.uuid())
    .bind(proposal.other.uuid())
    .bind(proposal.likeness.score)
    .bind(reasons)
    .bind(proposal.state.as_str())
    .bind(proposal.created_at.to_sqlx())
    .bind(proposal.version)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The proposal of this id, locked until the transaction ends.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.merge_proposal.find_for_update", skip_all)]
pub async fn find_for_update(
    conn: &mut PgConnection,
    id: MergeProposalId,
) -> sqlx::Result<Option<MergeProposal>> {
    let sql =
        format!("select {COLUMNS} from customer_records.merge_proposals where proposal_id = $1 for update");
    let row: Option<ProposalRow> =
        sqlx::query_as(kexiang_pg::sql_text(sql)).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(MergeProposal::try_from).transpose()
}

/// Writes where a proposal stands. The row is locked by the caller.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.merge_proposal.update", skip_all)]
pub async fn update(conn: &mut PgConnection, proposal: &MergeProposal) -> sqlx::Result<()> {
    sqlx::query(
        "update customer_records.merge_proposals
         set state = $2, updated_at = $3, dismissed_by = $4, version = $5 where proposal_id = $1",
    )
    .bind(proposal.proposal_id.uuid())
    .bind(proposal.state.as_str())
    .bind(proposal.updated_at.to_sqlx())
    .bind(proposal.dismissed_by.as_ref().map(ToString::to_string))
    .bind(proposal.version)
    .execute(conn)
    .await?;
    Ok(())
}

/// The proposal of a pair follows its merge.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.merge_proposal.follow", skip_all)]
pub async fn follow(
    conn: &mut PgConnection,
    pair: [CustomerId; 2],
    state: ProposalState,
    now: jiff::Timestamp,
) -> sqlx::Result<()> {
    let [one, other] = pair.map(CustomerId::uuid);
    sqlx::query(
        "update customer_records.merge_proposals
         set state = $3, dismissed_by = null, updated_at = $4, version = version + 1
         where one_id = least($1, $2) and other_id = greatest($1, $2)",
    )
    .bind(one)
    .bind(other)
    .bind(state.as_str())
    .bind(now.to_sqlx())
    .execute(conn)
    .await?;
    Ok(())
}

/// Proposals older than `after`, newest first.
///
/// # Errors
/// Those of the database.
#[tracing::instrument(name = "db.merge_proposal.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    filter: ProposalFilter,
    after: Option<MergeProposalId>,
    limit: i64,
) -> sqlx::Result<Vec<MergeProposal>> {
    let sql = format!(
        "select {COLUMNS} from customer_records.merge_proposals
         where proposal_id < $1 and ($2::text is null or state = $2)
           and ($3::uuid is null or one_id = $3 or other_id = $3)
         order by proposal_id desc limit $4"
    );
    let rows: Vec<ProposalRow> = sqlx::query_as(kexiang_pg::sql_text(sql))
        .bind(after.map_or(Uuid::max(), MergeProposalId::uuid))
        .bind(filter.state.map(ProposalState::as_str))
        .bind(filter.customer.map(CustomerId::uuid))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(MergeProposal::try_from).collect()
}
