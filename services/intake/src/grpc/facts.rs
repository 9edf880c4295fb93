//! The facts of events as the messages that `kexiang/intake/v1/event.proto` documents.

use kexiang_core::{AgentId, UnitId, id::TypedId};
use kexiang_events::StoredEvent;
use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::time;
use prost_types::Any;

use super::{
    convert::{agent, channel, handling, kind, optional_time, purpose, satisfaction, severity, site, state},
    dialogue, knowledge,
};
use crate::domain::{CaseFacts, ContactFacts, Site};

/// Writes the facts of an event of intake's log.
///
/// # Errors
/// When the log holds what this version does not read.
pub fn to_any(event: &StoredEvent) -> Result<Any, serde_json::Error> {
    let data = event.data.clone();
    let any = match event.event_type.split_once('.') {
        Some(("contact", _)) => Any::from_msg(&contact_facts(&serde_json::from_value(data)?)),
        Some(("article", _)) => Any::from_msg(&knowledge::facts(serde_json::from_value(data)?)),
        Some(("dialogue", _)) => Any::from_msg(&dialogue::facts(&serde_json::from_value(data)?)),
        Some(("message", _)) => Any::from_msg(&dialogue::message_facts(&serde_json::from_value(data)?)),
        Some(("site", _)) => Any::from_msg(&site(serde_json::from_value::<Site>(data)?)),
        _ => Any::from_msg(&case_facts(serde_json::from_value(data)?)),
    };
    any.map_err(serde::ser::Error::custom)
}

fn contact_facts(facts: &ContactFacts) -> pb::ContactFacts {
    pb::ContactFacts {
        contact: facts.contact.name(),
        site: facts.site.name(),
        register_number: facts.register_number,
        contact_time: Some(time::to_wire(facts.contact_at)),
        channel: channel(facts.channel),
        purpose: purpose(facts.purpose),
        agent: agent(&facts.registered_by),
        case: facts.case.map(TypedId::name).unwrap_or_default(),
        customer: facts.customer.map(TypedId::name).unwrap_or_default(),
    }
}

fn case_facts(facts: CaseFacts) -> pb::CaseFacts {
    pb::CaseFacts {
        case: facts.case.name(),
        number: facts.number,
        site: facts.site.name(),
        time_zone: facts.time_zone,
        contact: facts.contact.name(),
        channel: channel(facts.channel),
        kind: kind(facts.kind),
        category: facts.category,
        district: facts.district.unwrap_or_default(),
        severity: severity(facts.severity),
        handling: handling(facts.handling),
        state: state(facts.state),
        customer: facts.customer.map(TypedId::name).unwrap_or_default(),
        first_responsible_agent: facts
            .first_responsible_agent
            .as_ref()
            .map(AgentId::name)
            .unwrap_or_default(),
        unit: facts.unit.as_ref().map(UnitId::name).unwrap_or_default(),
        resolved_at_desk: facts.resolved_at_desk,
        satisfaction: satisfaction(facts.satisfaction),
        reopen_count: facts.reopen_count,
        accept_time: Some(time::to_wire(facts.accepted_at)),
        first_resolve_time: optional_time(facts.first_resolved_at),
        resolve_time: optional_time(facts.resolved_at),
        inform_time: optional_time(facts.informed_at),
        close_time: optional_time(facts.closed_at),
        return_visit_required: facts.kind.requires_return_visit(),
    }
}
