//! Changes of members of key accounts, with their proof.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{CustomerId, EvidenceId, KeyAccountId, KeyAccountMemberId, MemberChangeId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::key_account::member::{Decision, MemberChange, MemberChangeState, Proof, Wanted};

/// Which changes to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemberChangeFilter {
    /// Of this one.
    pub key_account: Option<KeyAccountId>,
    /// In this state.
    pub state: Option<MemberChangeState>,
}

#[derive(FromRow)]
struct Row {
    member_change_id: Uuid,
    key_account_id: Uuid,
    kind: String,
    state: String,
    member_id: Option<Uuid>,
    customer_id: Option<Uuid>,
    display_name: Option<String>,
    evidence_id: Uuid,
    sha256: String,
    reason: String,
    requested_by: String,
    requested_at: SqlTimestamp,
    decided_by: Option<String>,
    decided_at: Option<SqlTimestamp>,
    reject_reason: Option<String>,
    version: i64,
}

const SELECT: &str = "select member_change_id, key_account_id, kind, state, member_id, customer_id, display_name, evidence_id, sha256,
            reason, requested_by, requested_at, decided_by, decided_at, reject_reason, version
     from customer_records.member_changes";

impl TryFrom<Row> for MemberChange {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> sqlx::Result<Self> {
        let member = row.member_id.map(KeyAccountMemberId::from_uuid);
        let customer = row.customer_id.map(CustomerId::from_uuid);
        let wanted = match (row.kind.as_str(), member, customer, row.display_name) {
            ("ADD", None, Some(customer), Some(display_name)) => Wanted::Add { customer, display_name },
            ("RENAME", Some(member), None, Some(display_name)) => Wanted::Rename { member, display_name },
            ("REPLACE", Some(member), Some(customer), Some(display_name)) => {
                Wanted::Replace { member, customer, display_name }
            }
            ("REMOVE", Some(member), None, None) => Wanted::Remove { member },
            (kind, ..) => {
                return Err(inconsistent(format!("a change of members of kind {kind} lacks something")));
            }
        };
        let decision = match (row.decided_by, row.decided_at) {
            (Some(by), Some(at)) => {
                let actor = by.parse().map_err(inconsistent)?;
                Some(Decision { actor, at: at.to_jiff(), reject_reason: row.reject_reason })
            }
            _ => None,
        };
        let evidence = EvidenceId::from_uuid(row.evidence_id);
        Ok(Self {
            member_change_id: MemberChangeId::from_uuid(row.member_change_id),
            key_account_id: KeyAccountId::from_uuid(row.key_account_id),
            wanted,
            proof: Proof { evidence, sha256: row.sha256, reason: row.reason },
            state: row.state.parse().map_err(inconsistent)?,
            requester: row.requested_by.parse().map_err(inconsistent)?,
            requested_at: row.requested_at.to_jiff(),
            decision,
            version: row.version,
        })
    }
}

/// The change with this id; with `lock`, locked until the transaction ends.
#[tracing::instrument(name = "db.member_change.find", skip_all)]
pub async fn find(
    conn: &mut PgConnection,
    id: MemberChangeId,
    lock: bool,
) -> sqlx::Result<Option<MemberChange>> {
    let sql = format!("{SELECT} where member_change_id = $1 {}", if lock { "for update" } else { "" });
    let row: Option<Row> = sqlx::query_as(AssertSqlSafe(sql)).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(MemberChange::try_from).transpose()
}

/// How many changes of a key account wait, and the one of this member.
#[tracing::instrument(name = "db.member_change.pending", skip_all)]
pub async fn pending(
    conn: &mut PgConnection,
    account: KeyAccountId,
    member: Option<KeyAccountMemberId>,
) -> sqlx::Result<(i64, Option<MemberChangeId>)> {
    let (count, of_member): (i64, Option<Uuid>) = sqlx::query_as(
        "select count(*), (array_agg(member_change_id) filter (where member_id = $2))[1]
         from customer_records.member_changes where key_account_id = $1 and state = 'PENDING'",
    )
    .bind(account.uuid())
    .bind(member.map(KeyAccountMemberId::uuid))
    .fetch_one(conn)
    .await?;
    Ok((count, of_member.map(MemberChangeId::from_uuid)))
}

/// A page of changes older than `after`, newest first.
#[tracing::instrument(name = "db.member_change.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    filter: MemberChangeFilter,
    after: Option<MemberChangeId>,
    limit: i64,
) -> sqlx::Result<Vec<MemberChange>> {
    let sql = format!(
        "{SELECT} where member_change_id < $1 and ($2::uuid is null or key_account_id = $2)
           and ($3::text is null or state = $3)
         order by member_change_id desc limit $4"
    );
    let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(after.map_or(Uuid::max(), MemberChangeId::uuid))
        .bind(filter.key_account.map(KeyAccountId::uuid))
        .bind(filter.state.map(MemberChangeState::as_str))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(MemberChange::try_from).collect()
}

/// Writes a change, new or locked by the caller. What is wanted and its proof never change.
#[tracing::instrument(name = "db.member_change.save", skip_all)]
pub async fn save(conn: &mut PgConnection, change: &MemberChange) -> sqlx::Result<()> {
    let decision = change.decision.as_ref();
    sqlx::query(
        "insert into customer_records.member_changes
             (member_change_id, key_account_id, kind, state, member_id, customer_id, display_name, evidence_id, sha256, reason,
              requested_by, requested_at, decided_by, decided_at, reject_reason, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         on conflict (member_change_id) do update set
             state = $4, decided_by = $13, decided_at = $14, reject_reason = $15, version = $16",
    )
    .bind(change.member_change_id.uuid())
    .bind(change.key_account_id.uuid())
    .bind(change.wanted.kind())
    .bind(change.state.as_str())
    .bind(change.wanted.member().map(KeyAccountMemberId::uuid))
    .bind(change.wanted.customer().map(CustomerId::uuid))
    .bind(change.wanted.display_name())
    .bind(change.proof.evidence.uuid())
    .bind(&change.proof.sha256)
    .bind(&change.proof.reason)
    .bind(change.requester.to_string())
    .bind(change.requested_at.to_sqlx())
    .bind(decision.map(|decision| decision.actor.to_string()))
    .bind(decision.map(|decision| decision.at.to_sqlx()))
    .bind(decision.and_then(|decision| decision.reject_reason.as_deref()))
    .bind(change.version)
    .execute(conn)
    .await?;
    Ok(())
}
