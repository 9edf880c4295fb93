//! The rows of promises and of their changes.

use jiff_sqlx::Timestamp as SqlTimestamp;
use kexiang_core::{CaseId, PromiseId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    domain::promise::{Previous, Promise, PromiseChange},
    store::word,
};

#[derive(FromRow)]
pub(super) struct PromiseRow {
    pub(super) promise_id: Uuid,
    case_id: Uuid,
    site_id: String,
    kind: String,
    state: String,
    owner: String,
    note: Option<String>,
    made_at: SqlTimestamp,
    made_by: String,
    due_at: SqlTimestamp,
    due_soon_at: SqlTimestamp,
    escalation_level: i32,
    missed_at: Option<SqlTimestamp>,
    kept_at: Option<SqlTimestamp>,
    keep_note: Option<String>,
    withdrawal_reason: Option<String>,
    updated_at: SqlTimestamp,
    version: i64,
}

impl TryFrom<PromiseRow> for Promise {
    type Error = sqlx::Error;
    fn try_from(row: PromiseRow) -> Result<Self, Self::Error> {
        Ok(Self {
            id: PromiseId::from_uuid(row.promise_id),
            case: CaseId::from_uuid(row.case_id),
            site: word("site_id", &row.site_id)?,
            kind: word("kind", &row.kind)?,
            state: word("state", &row.state)?,
            owner: word("owner", &row.owner)?,
            note: row.note,
            made_at: row.made_at.to_jiff(),
            made_by: word("made_by", &row.made_by)?,
            due_at: row.due_at.to_jiff(),
            due_soon_at: row.due_soon_at.to_jiff(),
            escalation_level: row.escalation_level,
            missed_at: row.missed_at.map(SqlTimestamp::to_jiff),
            kept_at: row.kept_at.map(SqlTimestamp::to_jiff),
            keep_note: row.keep_note,
            withdrawal_reason: row.withdrawal_reason,
            changes: Vec::new(),
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        })
    }
}

#[derive(FromRow)]
pub(super) struct ChangeRow {
    pub(super) promise_id: Uuid,
    changed_at: SqlTimestamp,
    changed_by: String,
    previous_due_at: Option<SqlTimestamp>,
    previous_owner: Option<String>,
    reason: String,
}

impl TryFrom<ChangeRow> for PromiseChange {
    type Error = sqlx::Error;
    fn try_from(row: ChangeRow) -> Result<Self, Self::Error> {
        let previous = match (row.previous_due_at, row.previous_owner) {
            (Some(due_at), _) => Previous::DueAt(due_at.to_jiff()),
            (None, owner) => Previous::Owner(word("previous_owner", &owner.unwrap_or_default())?),
        };
        Ok(Self {
            changed_at: row.changed_at.to_jiff(),
            changed_by: word("changed_by", &row.changed_by)?,
            previous,
            reason: row.reason,
        })
    }
}
