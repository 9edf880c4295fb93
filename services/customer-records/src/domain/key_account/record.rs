//! What is kept of a key account, and what its events tell.

use kexiang_core::{Actor, AgreementId, KeyAccountId, MemberChangeId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{member::Member, plan::Plan, state::KeyAccountState};

/// The contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// The agreement.
    pub agreement_id: AgreementId,
    /// The plan that it was made by.
    pub plan_edition: i32,
    /// Who linked it.
    pub actor: Actor,
    /// When.
    pub linked_at: Timestamp,
}

/// All of a key account but its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Which.
    pub key_account_id: KeyAccountId,
    /// Empty for what was proposed by itself.
    pub title: String,
    /// Where it stands.
    pub state: KeyAccountState,
    /// As counted last.
    pub units: i64,
    /// Code of what the units reach.
    pub threshold: Option<String>,
    /// Being written or in review.
    pub pending_plan: Option<Plan>,
    /// Approved last.
    pub plan: Option<Plan>,
    /// Approved before, oldest first.
    pub previous_plans: Vec<Plan>,
    /// `None` for not yet.
    pub contract: Option<Contract>,
    /// Contracts before, oldest first.
    pub previous_contracts: Vec<Contract>,
    /// Why it was dismissed or closed.
    pub close_reason: Option<String>,
    /// Who opened it.
    pub creator: Actor,
    /// When.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
    /// Starts at 1, one more for every change; the etag.
    pub version: i64,
}

/// A key account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAccount {
    /// All but members.
    pub head: Head,
    /// Those of now, and those who leave by the change under way.
    pub members: Vec<Member>,
}

/// Data of the events of a key account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAccountFacts {
    /// Which.
    pub key_account_id: KeyAccountId,
    /// After the change.
    pub state: KeyAccountState,
    /// As counted last.
    pub units: i64,
    /// Reached.
    pub threshold: Option<String>,
    /// After the change.
    pub members: usize,
    /// Of the plan approved last.
    pub plan_edition: i32,
    /// Its contract.
    pub contract: Option<AgreementId>,
    /// Of changes of members.
    pub member_change: Option<MemberChangeId>,
}
