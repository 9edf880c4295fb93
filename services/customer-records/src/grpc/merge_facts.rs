//! Facts of merging on the wire.

use kexiang_proto::customers_v1 as pb;
use prost_types::Any;
use serde_json::Value;

use super::feed::any;
use crate::domain::{merge::MergeFacts, merge_proposal::MergeProposalFacts};

/// Of `customer.merged` and `customer.unmerged`.
pub fn merge(data: Value) -> Result<Any, serde_json::Error> {
    let facts: MergeFacts = serde_json::from_value(data)?;
    any(&pb::MergeFacts {
        merge: facts.merge_id.name(),
        survivor: facts.survivor.name(),
        loser: facts.loser.name(),
    })
}

/// Of `merge_proposal.created` and `merge_proposal.dismissed`.
pub fn proposal(data: Value) -> Result<Any, serde_json::Error> {
    let facts: MergeProposalFacts = serde_json::from_value(data)?;
    any(&pb::MergeProposalFacts {
        merge_proposal: facts.proposal_id.name(),
        customer: facts.one.name(),
        other_customer: facts.other.name(),
        score: facts.score,
    })
}
