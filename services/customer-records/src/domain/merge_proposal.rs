//! A proposal that two customers are one (CU-8).
//!
//! | state | goes to |
//! |---|---|
//! | `OPEN` | `DISMISSED` by a person, `MERGED` with the merge of the two |
//! | `MERGED` | `OPEN` when un-merged |
//! | `DISMISSED` | `MERGED`, when people change their minds; never proposed again |

use jiff::Timestamp;
use kexiang_core::{Actor, CustomerId, MergeProposalId, vocabulary::UnknownWord};
use serde::{Deserialize, Serialize};

use super::likeness::Likeness;

/// Where a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProposalState {
    /// To be looked at.
    Open,
    /// They are two.
    Dismissed,
    /// They were merged.
    Merged,
}

impl ProposalState {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Dismissed => "DISMISSED",
            Self::Merged => "MERGED",
        }
    }
}

impl std::str::FromStr for ProposalState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Open, Self::Dismissed, Self::Merged]
            .into_iter()
            .find(|word| word.as_str() == text)
            .ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// Two customers who may be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeProposal {
    /// Which.
    pub proposal_id: MergeProposalId,
    /// The older one.
    pub one: CustomerId,
    /// The newer one.
    pub other: CustomerId,
    /// How like, and why.
    pub likeness: Likeness,
    /// Where it stands.
    pub state: ProposalState,
    /// Proposed.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
    /// By whom, when dismissed.
    pub dismissed_by: Option<Actor>,
    /// Starts at 1, one more for every change.
    pub version: i64,
}

/// Which proposals.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProposalFilter {
    /// In this state.
    pub state: Option<ProposalState>,
    /// With this customer.
    pub customer: Option<CustomerId>,
}

/// Data of `merge_proposal.created` and `merge_proposal.dismissed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeProposalFacts {
    /// Which.
    pub proposal_id: MergeProposalId,
    /// The older one.
    pub one: CustomerId,
    /// The newer one.
    pub other: CustomerId,
    /// As of the proposal.
    pub score: i32,
}

impl MergeProposal {
    /// A new one.
    #[must_use]
    pub fn new(one: CustomerId, other: CustomerId, likeness: Likeness, now: Timestamp) -> Self {
        Self {
            proposal_id: MergeProposalId::at(now),
            one: one.min(other),
            other: one.max(other),
            likeness,
            state: ProposalState::Open,
            created_at: now,
            updated_at: now,
            dismissed_by: None,
            version: 1,
        }
    }

    /// What events tell of it.
    #[must_use]
    pub const fn facts(&self) -> MergeProposalFacts {
        let Self { proposal_id, one, other, likeness, .. } = self;
        MergeProposalFacts { proposal_id: *proposal_id, one: *one, other: *other, score: likeness.score }
    }
}
