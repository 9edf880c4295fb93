//! Members of a key account, and changes of them with their proof (CU-11).
//!
//! | state | approve | reject |
//! |---|---|---|
//! | PENDING | APPROVED, and the members change | REJECTED |
//! | APPROVED, REJECTED | | |
//!
//! Who wants a change does not decide about it.

use kexiang_core::{
    Actor, CustomerId, EvidenceId, KeyAccountId, KeyAccountMemberId, MemberChangeId, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::KeyAccountError;

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Which.
    pub member_id: KeyAccountMemberId,
    /// Who.
    pub customer_id: CustomerId,
    /// The name in the contract.
    pub display_name: String,
    /// When it came.
    pub joined_at: Timestamp,
    /// When it went.
    pub left_at: Option<Timestamp>,
}

impl Member {
    /// Somebody who joins.
    #[must_use]
    pub fn join(customer_id: CustomerId, display_name: String, now: Timestamp) -> Self {
        let member_id = KeyAccountMemberId::at(now);
        Self { member_id, customer_id, display_name, joined_at: now, left_at: None }
    }
}

/// What is to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    /// A customer joins.
    Add {
        /// Who.
        customer: CustomerId,
        /// Its name.
        display_name: String,
    },
    /// The same customer under another name.
    Rename {
        /// Which.
        member: KeyAccountMemberId,
        /// The new name.
        display_name: String,
    },
    /// Another customer in its place.
    Replace {
        /// Which.
        member: KeyAccountMemberId,
        /// Who.
        customer: CustomerId,
        /// Its name.
        display_name: String,
    },
    /// A member leaves.
    Remove {
        /// Which.
        member: KeyAccountMemberId,
    },
}

impl Wanted {
    /// The member that it is about.
    #[must_use]
    pub const fn member(&self) -> Option<KeyAccountMemberId> {
        match self {
            Self::Add { .. } => None,
            Self::Rename { member, .. } | Self::Replace { member, .. } | Self::Remove { member } => {
                Some(*member)
            }
        }
    }

    /// Who joins.
    #[must_use]
    pub const fn customer(&self) -> Option<CustomerId> {
        match self {
            Self::Add { customer, .. } | Self::Replace { customer, .. } => Some(*customer),
            Self::Rename { .. } | Self::Remove { .. } => None,
        }
    }

    /// The new name.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        match self {
            Self::Add { display_name, .. }
            | Self::Rename { display_name, .. }
            | Self::Replace { display_name, .. } => Some(display_name),
            Self::Remove { .. } => None,
        }
    }

    /// The word of its kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Add { .. } => "ADD",
            Self::Rename { .. } => "RENAME",
            Self::Replace { .. } => "REPLACE",
            Self::Remove { .. } => "REMOVE",
        }
    }
}

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MemberChangeState {
    /// Nobody decided yet.
    Pending,
    /// Made.
    Approved,
    /// Not made.
    Rejected,
}

impl MemberChangeState {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
        }
    }
}

/// No such state.
#[derive(Debug, thiserror::Error)]
#[error("no such state of a change of members")]
pub struct UnknownMemberChangeState;

impl std::str::FromStr for MemberChangeState {
    type Err = UnknownMemberChangeState;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Pending, Self::Approved, Self::Rejected];
        all.into_iter().find(|state| state.as_str() == text).ok_or(UnknownMemberChangeState)
    }
}

/// What proves a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// What intake keeps.
    pub evidence: EvidenceId,
    /// Of its content, lower-case hexadecimal.
    pub sha256: String,
    /// Why.
    pub reason: String,
}

/// Who decided, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// Why it was rejected.
    pub reject_reason: Option<String>,
}

/// A wish to change the members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberChange {
    /// Which.
    pub member_change_id: MemberChangeId,
    /// Of which key account.
    pub key_account_id: KeyAccountId,
    /// What.
    pub wanted: Wanted,
    /// Its proof.
    pub proof: Proof,
    /// Where it stands.
    pub state: MemberChangeState,
    /// Who wants it.
    pub requester: Actor,
    /// When.
    pub requested_at: Timestamp,
    /// `None` for not yet.
    pub decision: Option<Decision>,
    /// From 1; the etag.
    pub version: i64,
}

impl MemberChange {
    /// Decides: rejects with a reason, else approves.
    ///
    /// # Errors
    /// [`KeyAccountError::Decided`], [`KeyAccountError::ApproverIsDrafter`].
    pub fn decide(
        &mut self,
        reject_reason: Option<String>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), KeyAccountError> {
        if self.state != MemberChangeState::Pending {
            return Err(KeyAccountError::Decided(self.state));
        }
        if self.requester == *actor {
            return Err(KeyAccountError::ApproverIsDrafter);
        }
        let rejected = reject_reason.is_some();
        self.state = if rejected { MemberChangeState::Rejected } else { MemberChangeState::Approved };
        self.decision = Some(Decision { actor: actor.clone(), at: now, reject_reason });
        self.version += 1;
        Ok(())
    }
}
