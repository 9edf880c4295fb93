//! Calls and desks to the wire.

use jiff::SignedDuration;
use kexiang_core::{AgentId, SiteId, id::TypedId};
use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::time;

use super::convert::{channel, optional_time};
use crate::domain::{
    AgentState, AwayReason, CallEvent, CallFacts, PhoneCall, PublishedNumber, StateInterval,
    call::{Anomaly, CallEventKind, CallOutcome, CallState},
};

pub(super) fn call(call: PhoneCall) -> pb::Call {
    let life = call.life;
    pb::Call {
        name: call.id.name(),
        site: call.site.name(),
        source: call.source,
        call_id: call.reference,
        contact: call.contact.name(),
        register_number: call.register_number,
        completed: call.completed_at.is_some(),
        state: state(life.state),
        outcome: outcome(life.outcome),
        agent: life.agent.as_ref().map(AgentId::name).unwrap_or_default(),
        channel: channel(life.channel()),
        called_number: life.called_number.clone().unwrap_or_default(),
        language: life.language.clone().unwrap_or_default(),
        caller_phone: life.caller_phone.as_ref().map(ToString::to_string).unwrap_or_default(),
        offer_time: Some(time::to_wire(life.offered_at)),
        answer_time: optional_time(life.answered_at),
        end_time: optional_time(life.ended_at),
        wait_duration: duration(life.timing.wait),
        ring_duration: duration(life.timing.ring),
        talk_duration: duration(life.timing.talk),
        hold_duration: duration(life.hold),
        wrap_up_duration: duration(life.timing.wrap_up),
        answered_in_time: life.answered_in_time,
        anomalies: life.anomalies.into_iter().map(anomaly).collect(),
        update_time: Some(time::to_wire(call.updated_at)),
    }
}

pub(super) fn event(call: &PhoneCall, event: CallEvent) -> pb::CallEvent {
    pb::CallEvent {
        event_id: event.event_id,
        site: call.site.name(),
        call_id: call.reference.clone(),
        kind: kind(event.kind),
        event_time: Some(time::to_wire(event.event_at)),
        agent: event.agent.as_ref().map(AgentId::name).unwrap_or_default(),
        caller_phone: event.caller_phone.as_ref().map(ToString::to_string).unwrap_or_default(),
        called_number: event.called_number.unwrap_or_default(),
        channel: event.channel.map(channel).unwrap_or_default(),
    }
}

pub(super) fn facts(facts: &CallFacts) -> pb::CallFacts {
    pb::CallFacts {
        call: facts.call.name(),
        site: facts.site.name(),
        contact: facts.contact.name(),
        register_number: facts.register_number,
        state: state(facts.state),
        outcome: outcome(facts.outcome),
        agent: facts.agent.as_ref().map(AgentId::name).unwrap_or_default(),
        channel: channel(facts.channel),
        offer_time: Some(time::to_wire(facts.offered_at)),
        answer_time: optional_time(facts.answered_at),
        end_time: optional_time(facts.ended_at),
        wait_duration: duration(facts.timing.wait),
        ring_duration: duration(facts.timing.ring),
        talk_duration: duration(facts.timing.talk),
        hold_duration: duration(facts.hold),
        wrap_up_duration: duration(facts.timing.wrap_up),
        answered_in_time: facts.answered_in_time,
        anomaly_count: i32::try_from(facts.anomaly_count).unwrap_or(i32::MAX),
    }
}

pub(super) fn interval(interval: &StateInterval) -> pb::AgentStateInterval {
    pb::AgentStateInterval {
        agent: interval.agent.name(),
        site: interval.site.as_ref().map(SiteId::name).unwrap_or_default(),
        state: agent_state(interval.state),
        away_reason: interval.away_reason.map(away_reason).unwrap_or_default(),
        call: interval.call.map(TypedId::name).unwrap_or_default(),
        start_time: Some(time::to_wire(interval.from)),
        end_time: optional_time(interval.until),
    }
}

pub(super) fn published_number(number: PublishedNumber) -> pb::PublishedNumber {
    pb::PublishedNumber {
        name: number.id.name(),
        number: number.number,
        site: number.site.name(),
        language: number.language.unwrap_or_default(),
        default_category: number.default_category.unwrap_or_default(),
        display_name: number.display_name,
        channel: channel(number.channel),
        create_time: Some(time::to_wire(number.created_at)),
        update_time: Some(time::to_wire(number.updated_at)),
        delete_time: optional_time(number.deleted_at),
        etag: number.version.to_string(),
    }
}

fn anomaly(anomaly: Anomaly) -> pb::CallAnomaly {
    let reason = format!("REASON_{}", anomaly.reason.as_str());
    pb::CallAnomaly {
        event_id: anomaly.event_id,
        kind: kind(anomaly.kind),
        event_time: Some(time::to_wire(anomaly.event_at)),
        reason: pb::call_anomaly::Reason::from_str_name(&reason).unwrap_or_default().into(),
    }
}

fn duration(seconds: Option<f64>) -> Option<prost_types::Duration> {
    seconds.and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok()).map(time::duration_to_wire)
}

// The words of domain and wire are spelled alike; a word that the wire lacked would be a defect of the contract.

fn state(word: CallState) -> i32 {
    pb::CallState::from_str_name(&format!("CALL_STATE_{}", word.as_str())).unwrap_or_default().into()
}

fn outcome(word: Option<CallOutcome>) -> i32 {
    let name = word.map(|word| format!("CALL_OUTCOME_{}", word.as_str())).unwrap_or_default();
    pb::CallOutcome::from_str_name(&name).unwrap_or_default().into()
}

fn kind(word: CallEventKind) -> i32 {
    pb::CallEventKind::from_str_name(&format!("CALL_EVENT_KIND_{}", word.as_str())).unwrap_or_default().into()
}

pub(super) fn agent_state(word: AgentState) -> i32 {
    pb::AgentState::from_str_name(&format!("AGENT_STATE_{}", word.as_str())).unwrap_or_default().into()
}

fn away_reason(word: AwayReason) -> i32 {
    pb::AwayReason::from_str_name(&format!("AWAY_REASON_{}", word.as_str())).unwrap_or_default().into()
}
