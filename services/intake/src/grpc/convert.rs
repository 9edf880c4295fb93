//! From the domain to the wire.

use jiff::SignedDuration;
use kexiang_core::{
    Actor, AgentId, Channel, CustomerKind, HoldReason, Kind, Satisfaction, Severity, Timestamp,
};
use kexiang_proto::{intake_v1 as pb, type_v1 as words};
use kexiang_rpc::time;

use crate::domain::{
    Case, CaseState, Contact, Handling, Handover, HandoverState, Notice, NoticeKind, Purpose, Site,
};

pub(super) fn site(site: Site) -> pb::Site {
    pb::Site {
        name: site.id.name(),
        display_name: site.display_name,
        time_zone: site.time_zone,
        phone_region: site.phone_region,
        create_time: Some(time::to_wire(site.created_at)),
        answer_limit_duration: Some(time::duration_to_wire(SignedDuration::from_secs(
            site.answer_limit_seconds.into(),
        ))),
    }
}

pub(super) fn contact(contact: Contact) -> pb::Contact {
    let duration = |seconds: Option<f64>| seconds.and_then(duration);
    pb::Contact {
        name: contact.id.name(),
        site: contact.site.name(),
        register_number: contact.register_number,
        contact_time: Some(time::to_wire(contact.contact_at)),
        channel: channel(contact.channel),
        purpose: purpose(contact.purpose),
        caller: Some(pb::Caller {
            display_name: contact.caller.display_name,
            phone: contact.caller.phone.map(|phone| phone.to_string()).unwrap_or_default(),
            phone_declined: contact.caller.phone_declined,
            email: contact.caller.email.unwrap_or_default(),
            address: contact.caller.address.unwrap_or_default(),
            kind: customer_kind(contact.caller.kind),
        }),
        need: contact.need,
        heard_from: contact.heard_from.unwrap_or_default(),
        first_visit: contact.first_visit,
        appointment: contact.appointment,
        agent: contact.registered_by.agent().map(AgentId::name).unwrap_or_default(),
        ring_duration: duration(contact.timing.ring),
        wait_duration: duration(contact.timing.wait),
        talk_duration: duration(contact.timing.talk),
        wrap_up_duration: duration(contact.timing.wrap_up),
        called_number: contact.called_number.unwrap_or_default(),
        case: contact.case.map(kexiang_core::id::TypedId::name).unwrap_or_default(),
        customer: contact.customer.map(kexiang_core::id::TypedId::name).unwrap_or_default(),
        call: contact.call.map(kexiang_core::id::TypedId::name).unwrap_or_default(),
    }
}

pub(super) fn case(case: Case) -> pb::Case {
    pb::Case {
        name: case.id.name(),
        number: case.number,
        site: case.site.name(),
        contact: case.contact.name(),
        channel: channel(case.channel),
        kind: kind(case.kind),
        category: case.category,
        title: case.title,
        description: case.description.unwrap_or_default(),
        district: case.district.unwrap_or_default(),
        address: case.address.unwrap_or_default(),
        severity: severity(case.severity),
        handling: handling(case.handling),
        external_reference: case.external_reference.unwrap_or_default(),
        state: state(case.state),
        customer: case.customer.map(kexiang_core::id::TypedId::name).unwrap_or_default(),
        first_responsible_agent: case.first_responsible_agent.as_ref().map(AgentId::name).unwrap_or_default(),
        unit: case.unit.as_ref().map(kexiang_core::UnitId::name).unwrap_or_default(),
        resolution: case.resolution.unwrap_or_default(),
        resolved_at_desk: case.resolved_at_desk,
        satisfaction: satisfaction(case.satisfaction),
        reopen_count: case.reopen_count,
        accept_time: Some(time::to_wire(case.accepted_at)),
        first_resolve_time: optional_time(case.first_resolved_at),
        resolve_time: optional_time(case.resolved_at),
        inform_time: optional_time(case.informed_at),
        close_time: optional_time(case.closed_at),
        update_time: Some(time::to_wire(case.updated_at)),
        reason: case.reason.unwrap_or_default(),
        etag: case.version.to_string(),
        inform_channel: case.inform_channel.map(channel).unwrap_or_default(),
        inform_note: case.inform_note.unwrap_or_default(),
        hold_reason: hold_reason(case.hold.as_ref().map(|hold| hold.reason)),
        hold_time: optional_time(case.hold.as_ref().map(|hold| hold.held_at)),
        hold_expected_time: optional_time(case.hold.as_ref().and_then(|hold| hold.expected_at)),
        hold_note: case.hold.and_then(|hold| hold.note).unwrap_or_default(),
        held_duration: duration(case.held_seconds),
        duplicate_of: optional_name(case.following.duplicate_of),
        incident: optional_name(case.following.incident),
        lead_case: optional_name(case.following.lead),
    }
}

pub(super) fn handover(handover: Handover) -> pb::Handover {
    pb::Handover {
        name: handover.id.name(),
        case: handover.case.name(),
        from_agent: handover.from.as_ref().map(AgentId::name).unwrap_or_default(),
        to_agent: handover.to.name(),
        reason: handover.reason,
        state: handover_state(handover.state),
        offered_by_agent: agent(&handover.offered_by),
        offer_time: Some(time::to_wire(handover.offered_at)),
        end_time: optional_time(handover.ended_at),
        decline_reason: handover.decline_reason.unwrap_or_default(),
        etag: handover.version.to_string(),
    }
}

pub(super) fn notice(notice: &Notice) -> pb::Notice {
    pb::Notice {
        name: notice.id.name(),
        kind: notice_kind(notice.kind),
        case: notice.case.name(),
        recipient: notice.recipient.to_string(),
        create_time: Some(time::to_wire(notice.created_at)),
        acknowledge_time: optional_time(notice.acknowledged_at),
        acknowledged_by_agent: notice.acknowledged_by.as_ref().map(agent).unwrap_or_default(),
        etag: notice.version.to_string(),
    }
}

/// Seconds as a duration; `None` for what no duration can hold.
pub(super) fn duration(seconds: f64) -> Option<prost_types::Duration> {
    SignedDuration::try_from_secs_f64(seconds).ok().map(time::duration_to_wire)
}

/// The resource name of what may not be there.
pub(super) fn optional_name<M: kexiang_core::id::Marker>(id: Option<kexiang_core::id::TypedId<M>>) -> String {
    id.map(kexiang_core::id::TypedId::name).unwrap_or_default()
}

pub(super) fn optional_time(time: Option<Timestamp>) -> Option<prost_types::Timestamp> {
    time.map(time::to_wire)
}

/// `agents/{agent}` of an actor that is a person.
pub(super) fn agent(actor: &Actor) -> String {
    actor.agent().map(AgentId::name).unwrap_or_default()
}

// The words of domain and wire are spelled alike; a word that the wire lacked would be a defect of the contract.

pub(super) fn channel(word: Channel) -> i32 {
    words::Channel::from_str_name(&format!("CHANNEL_{word}")).unwrap_or_default().into()
}

pub(super) fn kind(word: Kind) -> i32 {
    words::Kind::from_str_name(&format!("KIND_{word}")).unwrap_or_default().into()
}

pub(super) fn severity(word: Severity) -> i32 {
    words::Severity::from_str_name(&format!("SEVERITY_{word}")).unwrap_or_default().into()
}

pub(super) fn satisfaction(word: Option<Satisfaction>) -> i32 {
    let name = word.map(|word| format!("SATISFACTION_{word}")).unwrap_or_default();
    words::Satisfaction::from_str_name(&name).unwrap_or_default().into()
}

pub(super) fn customer_kind(word: CustomerKind) -> i32 {
    words::CustomerKind::from_str_name(&format!("CUSTOMER_KIND_{word}")).unwrap_or_default().into()
}

pub(super) fn purpose(word: Purpose) -> i32 {
    pb::Purpose::from_str_name(&format!("PURPOSE_{}", word.as_str())).unwrap_or_default().into()
}

pub(super) fn handling(word: Handling) -> i32 {
    pb::Handling::from_str_name(&format!("HANDLING_{}", word.as_str())).unwrap_or_default().into()
}

pub(super) fn state(word: CaseState) -> i32 {
    pb::CaseState::from_str_name(&format!("CASE_STATE_{}", word.as_str())).unwrap_or_default().into()
}

pub(super) fn hold_reason(word: Option<HoldReason>) -> i32 {
    let name = word.map(|word| format!("HOLD_REASON_{}", word.as_str())).unwrap_or_default();
    pb::HoldReason::from_str_name(&name).unwrap_or_default().into()
}

pub(super) fn handover_state(word: HandoverState) -> i32 {
    pb::HandoverState::from_str_name(&format!("HANDOVER_STATE_{}", word.as_str())).unwrap_or_default().into()
}

pub(super) fn notice_kind(word: NoticeKind) -> i32 {
    pb::NoticeKind::from_str_name(&format!("NOTICE_KIND_{}", word.as_str())).unwrap_or_default().into()
}
