//! Handovers on the wire: answers and events.

use kexiang_core::{AgentId, AgreementId, CaseId, FollowUpId, PromiseId};
use kexiang_proto::customers_v1 as pb;
use kexiang_rpc::time;
use uuid::Uuid;

use crate::domain::customer_handover::{
    AnswerToAll, Baggage, HandoverFacts, HandoverReason, HandoverState, Item, ItemState, OpenThings,
    Overview, Receiver,
};

pub(super) fn handover(overview: &Overview) -> pb::CustomerHandover {
    let handover = &overview.handover;
    let of = |state| overview.count(state, None);
    pb::CustomerHandover {
        name: handover.handover_id.name(),
        agent: handover.agent.name(),
        reason: reason(handover.reason),
        receivers: overview.receivers.iter().map(|one| receiver(one, overview)).collect(),
        customers: Vec::new(),
        state: state(handover.state),
        total: ItemState::ALL.into_iter().map(of).sum(),
        pending: of(ItemState::Pending),
        unplaced: of(ItemState::Unplaced),
        dropped: of(ItemState::Dropped),
        planner: handover.planner.name(),
        starter: name(handover.starter.as_ref()),
        create_time: Some(time::to_wire(handover.created_at)),
        end_time: handover.ended_at.map(time::to_wire),
        etag: handover.version.to_string(),
    }
}

fn receiver(receiver: &Receiver, overview: &Overview) -> pb::HandoverReceiver {
    let answer = match receiver.answer {
        None => pb::handover_receiver::Answer::Unspecified,
        Some(AnswerToAll::ConfirmedAll) => pb::handover_receiver::Answer::ConfirmedAll,
        Some(AnswerToAll::DeclinedAll) => pb::handover_receiver::Answer::DeclinedAll,
    };
    pb::HandoverReceiver {
        agent: receiver.agent.name(),
        weight: receiver.weight,
        load: receiver.load,
        offered: overview.count(ItemState::Offered, Some(&receiver.agent)),
        confirmed: overview.count(ItemState::Confirmed, Some(&receiver.agent)),
        answer: answer.into(),
    }
}

pub(super) fn item((item, baggage): &(Item, Baggage)) -> pb::CustomerHandoverItem {
    let word = format!("CUSTOMER_HANDOVER_ITEM_STATE_{}", item.state.as_str());
    let drop_reason = item.drop_reason.and_then(|reason| {
        pb::HandoverDropReason::from_str_name(&format!("HANDOVER_DROP_REASON_{}", reason.as_str()))
    });
    pb::CustomerHandoverItem {
        customer: item.customer_id.name(),
        state: pb::CustomerHandoverItemState::from_str_name(&word).unwrap_or_default().into(),
        receiver: name(item.receiver.as_ref()),
        declined_by: item.declined_by.iter().map(AgentId::name).collect(),
        decline_reason: item.decline_reason.clone().unwrap_or_default(),
        drop_reason: drop_reason.unwrap_or_default().into(),
        end_time: item.ended_at.map(time::to_wire),
        promises: Some(things(&baggage.promises, |id| PromiseId::from_uuid(id).name())),
        cases: Some(things(&baggage.cases, |id| CaseId::from_uuid(id).name())),
        follow_ups: Some(things(&baggage.follow_ups, |id| FollowUpId::from_uuid(id).name())),
        agreements: Some(things(&baggage.agreements, |id| AgreementId::from_uuid(id).name())),
    }
}

/// The facts of events of a handover.
pub(in crate::grpc) fn facts(facts: &HandoverFacts) -> pb::CustomerHandoverFacts {
    pb::CustomerHandoverFacts {
        handover: facts.handover_id.name(),
        agent: facts.agent.name(),
        state: state(facts.state),
        reason: reason(facts.reason),
        receiver: name(facts.receiver.as_ref()),
        customers: facts.customers,
    }
}

fn things(open: &OpenThings, name: impl Fn(Uuid) -> String) -> pb::OpenThings {
    pb::OpenThings { count: open.count, names: open.ids.iter().map(|id| name(*id)).collect() }
}

fn name(agent: Option<&AgentId>) -> String {
    agent.map(AgentId::name).unwrap_or_default()
}

// The words of domain and wire are spelled alike.

fn state(word: HandoverState) -> i32 {
    let name = format!("CUSTOMER_HANDOVER_STATE_{}", word.as_str());
    pb::CustomerHandoverState::from_str_name(&name).unwrap_or_default().into()
}

fn reason(word: HandoverReason) -> i32 {
    let name = format!("HANDOVER_REASON_{}", word.as_str());
    pb::HandoverReason::from_str_name(&name).unwrap_or_default().into()
}
