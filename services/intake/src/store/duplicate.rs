//! Proposals that two cases are one matter.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{CaseId, DuplicateProposalId, SiteId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, types::Json};
use uuid::Uuid;

use super::{optional_word, word};
use crate::domain::{DuplicateProposal, ProposalState, duplicate::Likeness};

const COLUMNS: &str = "proposal_id, site_id, case_id, earlier_case_id, likeness, state, reason, decider, \
     created_at, updated_at, version";

/// Which proposals to list.
#[derive(Debug, Clone, Default)]
pub struct ProposalFilter {
    /// Of this site.
    pub site: Option<SiteId>,
    /// In this state.
    pub state: Option<ProposalState>,
    /// Of this case, the earlier or the later one.
    pub case: Option<CaseId>,
}

/// Keeps new proposals; gives those of pairs that were not proposed before.
#[tracing::instrument(name = "db.duplicate.insert", skip_all)]
pub async fn insert(
    connection: &mut PgConnection,
    proposals: Vec<DuplicateProposal>,
) -> sqlx::Result<Vec<DuplicateProposal>> {
    let mut kept = Vec::new();
    for proposal in proposals {
        let sql = format!(
            "insert into intake.duplicate_proposals ({COLUMNS})
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             on conflict on constraint duplicate_proposals_pair_key do nothing"
        );
        let done = sqlx::query(AssertSqlSafe(sql))
            .bind(proposal.id.uuid())
            .bind(proposal.site.as_str())
            .bind(proposal.case.uuid())
            .bind(proposal.earlier.uuid())
            .bind(Json(&proposal.likeness))
            .bind(proposal.state.as_str())
            .bind(proposal.reason.as_deref())
            .bind(proposal.decider.as_ref().map(ToString::to_string))
            .bind(proposal.created_at.to_sqlx())
            .bind(proposal.updated_at.to_sqlx())
            .bind(proposal.version)
            .execute(&mut *connection)
            .await?;
        if done.rows_affected() == 1 {
            kept.push(proposal);
        }
    }
    Ok(kept)
}

/// Saves what was decided about a locked proposal.
#[tracing::instrument(name = "db.duplicate.update", skip_all)]
pub async fn update(connection: &mut PgConnection, proposal: &DuplicateProposal) -> sqlx::Result<()> {
    sqlx::query(
        "update intake.duplicate_proposals set state = $2, reason = $3, decider = $4, updated_at = $5, version = $6
         where proposal_id = $1",
    )
    .bind(proposal.id.uuid())
    .bind(proposal.state.as_str())
    .bind(proposal.reason.as_deref())
    .bind(proposal.decider.as_ref().map(ToString::to_string))
    .bind(proposal.updated_at.to_sqlx())
    .bind(proposal.version)
    .execute(connection)
    .await?;
    Ok(())
}

/// The proposal with this id.
#[tracing::instrument(name = "db.duplicate.find", skip_all)]
pub async fn find(
    connection: &mut PgConnection,
    id: DuplicateProposalId,
) -> sqlx::Result<Option<DuplicateProposal>> {
    let sql = format!("select {COLUMNS} from intake.duplicate_proposals where proposal_id = $1");
    let row = sqlx::query_as::<_, ProposalRow>(AssertSqlSafe(sql)).bind(id.uuid());
    row.fetch_optional(connection).await?.map(DuplicateProposal::try_from).transpose()
}

/// The same, locked until the transaction ends. Proposals are locked before cases.
#[tracing::instrument(name = "db.duplicate.lock", skip_all)]
pub async fn lock(
    connection: &mut PgConnection,
    id: DuplicateProposalId,
) -> sqlx::Result<Option<DuplicateProposal>> {
    let sql =
        format!("select {COLUMNS} from intake.duplicate_proposals where proposal_id = $1 for no key update");
    let row = sqlx::query_as::<_, ProposalRow>(AssertSqlSafe(sql)).bind(id.uuid());
    row.fetch_optional(connection).await?.map(DuplicateProposal::try_from).transpose()
}

/// A page of proposals, newest first.
#[tracing::instrument(name = "db.duplicate.list", skip_all)]
pub async fn list(
    connection: &mut PgConnection,
    filter: &ProposalFilter,
    after: Option<DuplicateProposalId>,
    limit: i64,
) -> sqlx::Result<Vec<DuplicateProposal>> {
    let sql = format!(
        "select {COLUMNS} from intake.duplicate_proposals
         where ($1::text is null or site_id = $1) and ($2::text is null or state = $2)
           and ($3::uuid is null or case_id = $3 or earlier_case_id = $3)
           and ($4::uuid is null or proposal_id < $4)
         order by proposal_id desc limit $5"
    );
    let rows = sqlx::query_as::<_, ProposalRow>(AssertSqlSafe(sql))
        .bind(filter.site.as_ref().map(SiteId::as_str))
        .bind(filter.state.map(ProposalState::as_str))
        .bind(filter.case.map(CaseId::uuid))
        .bind(after.map(DuplicateProposalId::uuid))
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(DuplicateProposal::try_from).collect()
}

#[derive(FromRow)]
struct ProposalRow {
    proposal_id: Uuid,
    site_id: String,
    case_id: Uuid,
    earlier_case_id: Uuid,
    likeness: Json<Likeness>,
    state: String,
    reason: Option<String>,
    decider: Option<String>,
    created_at: SqlTimestamp,
    updated_at: SqlTimestamp,
    version: i64,
}

impl TryFrom<ProposalRow> for DuplicateProposal {
    type Error = sqlx::Error;
    fn try_from(row: ProposalRow) -> Result<Self, Self::Error> {
        Ok(Self {
            id: DuplicateProposalId::from_uuid(row.proposal_id),
            site: word("site_id", &row.site_id)?,
            case: CaseId::from_uuid(row.case_id),
            earlier: CaseId::from_uuid(row.earlier_case_id),
            likeness: row.likeness.0,
            state: word("state", &row.state)?,
            reason: row.reason,
            decider: optional_word("decider", row.decider)?,
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        })
    }
}
