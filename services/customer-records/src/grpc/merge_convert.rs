//! Merging between the wire and the domain.

use kexiang_core::{Actor, CustomerId};
use kexiang_proto::customers_v1 as pb;
use kexiang_rpc::{Violations, field, time};

use super::{convert, update};
use crate::domain::privacy::sight::Sight;
use crate::{
    app::{Merging, Preview},
    domain::{
        customer::{Customer, CustomerChange},
        likeness::LikenessReason,
        merge::{Choices, FieldSource, Merge, MergeState},
        merge_proposal::{MergeProposal, ProposalState},
    },
};

/// Reads who is merged into whom, and how; etags are the caller's affair.
pub fn merging(
    survivor: &str,
    loser: &str,
    choices: &[pb::FieldChoice],
    explicit: Option<&pb::Customer>,
    violations: &mut Violations,
) -> Option<Merging> {
    let survivor: Option<CustomerId> = convert::customer_name("survivor", survivor, violations);
    let loser = convert::customer_name("loser", loser, violations);
    if survivor.is_some() && survivor == loser {
        violations.add("loser", "SAME_AS_SURVIVOR", "must be another customer");
    }
    let choices = read_choices(choices, explicit, violations);
    let (survivor, loser, choices) = (survivor?, loser?, choices?);
    Some(Merging { survivor, loser, choices, survivor_etag: None, loser_etag: None })
}

fn read_choices(
    wire: &[pb::FieldChoice],
    explicit: Option<&pb::Customer>,
    violations: &mut Violations,
) -> Option<Choices> {
    let mut sources: Vec<(String, FieldSource)> = Vec::new();
    for (index, choice) in wire.iter().enumerate() {
        let path = format!("choices[{index}]");
        let source = match choice.source() {
            pb::FieldSource::Survivor => FieldSource::Survivor,
            pb::FieldSource::Loser => FieldSource::Loser,
            pb::FieldSource::Explicit => FieldSource::Explicit,
            pb::FieldSource::Unspecified => {
                violations.add(&format!("{path}.source"), "UNKNOWN_VALUE", "must be one of the sources");
                continue;
            }
        };
        let known = update::is_field(&choice.field) && choice.field != "contact_points";
        if !known || sources.iter().any(|(field, _)| *field == choice.field) {
            violations.add(&format!("{path}.field"), "UNKNOWN_FIELD", "must be a field of its own to choose");
            continue;
        }
        sources.push((choice.field.clone(), source));
    }
    let paths: Vec<String> = sources
        .iter()
        .filter(|(_, source)| *source == FieldSource::Explicit)
        .map(|(field, _)| field.clone())
        .collect();
    if paths.is_empty() {
        return Some(Choices { sources, explicit: CustomerChange::default() });
    }
    let values = violations.required("explicit_values", explicit)?;
    let request = pb::UpdateCustomerRequest {
        update_mask: Some(prost_types::FieldMask { paths }),
        ..Default::default()
    };
    let mut inner = Violations::default();
    let explicit = update::change(&request, values, &mut inner);
    for (path, reason, description) in inner.iter() {
        let path = path.replacen("customer.", "explicit_values.", 1);
        violations.add(&path, reason, description);
    }
    Some(Choices { sources, explicit: explicit? })
}

/// Writes what a merge would do.
pub fn preview(preview: &Preview, sight: &Sight) -> pb::PreviewMergeResponse {
    let field = |field: &crate::domain::merge::FieldComparison| pb::FieldComparison {
        field: field.field.clone(),
        differs: field.differs,
        source: match field.source {
            FieldSource::Survivor => pb::FieldSource::Survivor,
            FieldSource::Loser => pb::FieldSource::Loser,
            FieldSource::Explicit => pb::FieldSource::Explicit,
        }
        .into(),
    };
    let count = |(kind, count): &(&str, i64)| pb::ReferenceCount { kind: (*kind).to_owned(), count: *count };
    pb::PreviewMergeResponse {
        survivor: Some(convert::customer(&preview.survivor, sight)),
        loser: Some(convert::customer(&preview.loser, sight)),
        result: Some(convert::customer(&preview.result, sight)),
        fields: preview.fields.iter().map(field).collect(),
        references: preview.references.iter().map(count).collect(),
    }
}

/// Writes a merge.
pub fn merge(merge: &Merge, loser_before: Option<(&Customer, &Sight)>) -> pb::Merge {
    let state = match merge.state {
        MergeState::Merged => pb::MergeState::Merged,
        MergeState::Unmerged => pb::MergeState::Unmerged,
    };
    pb::Merge {
        name: merge.merge_id.name(),
        survivor: merge.survivor.name(),
        loser: merge.loser.name(),
        state: state.into(),
        moving: merge.moving,
        loser_before: loser_before.map(|(loser, sight)| convert::customer(loser, sight)),
        merge_time: Some(time::to_wire(merge.merged_at)),
        merger: merge.merged_by.to_string(),
        unmerge_time: merge.unmerged_at.map(time::to_wire),
        unmerger: merge.unmerged_by.as_ref().map(Actor::to_string).unwrap_or_default(),
        etag: merge.version.to_string(),
    }
}

/// Writes a proposal.
pub fn proposal(proposal: &MergeProposal) -> pb::MergeProposal {
    let state = match proposal.state {
        ProposalState::Open => pb::MergeProposalState::Open,
        ProposalState::Dismissed => pb::MergeProposalState::Dismissed,
        ProposalState::Merged => pb::MergeProposalState::Merged,
    };
    let reason = |reason: &LikenessReason| match reason {
        LikenessReason::ContactPoints => pb::LikenessReason::ContactPoints.into(),
        LikenessReason::SameAddress => pb::LikenessReason::SameAddress.into(),
        LikenessReason::SameName => pb::LikenessReason::SameName.into(),
        LikenessReason::SimilarName => pb::LikenessReason::SimilarName.into(),
    };
    pb::MergeProposal {
        name: proposal.proposal_id.name(),
        customer: proposal.one.name(),
        other_customer: proposal.other.name(),
        score: proposal.likeness.score,
        reasons: proposal.likeness.reasons.iter().map(reason).collect(),
        state: state.into(),
        create_time: Some(time::to_wire(proposal.created_at)),
        update_time: Some(time::to_wire(proposal.updated_at)),
        dismisser: proposal.dismissed_by.as_ref().map(Actor::to_string).unwrap_or_default(),
        etag: proposal.version.to_string(),
    }
}

/// Reads a filter's state.
pub fn proposal_state(wire: i32, violations: &mut Violations) -> Option<Option<ProposalState>> {
    let state = field::optional_word(wire, "MERGE_PROPOSAL_STATE_", pb::MergeProposalState::as_str_name);
    violations.check("state", state)
}
