//! The facts of events as the messages that `kexiang/intake/v1/event.proto` documents.

use kexiang_core::{AgentId, UnitId, id::TypedId};
use kexiang_events::StoredEvent;
use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::time;
use prost_types::Any;

use super::{
    call_convert, categories,
    convert::{
        agent, channel, duration, handling, handover_state, hold_reason, kind, notice_kind, optional_name,
        optional_time, purpose, satisfaction, severity, site, state,
    },
    dialogue, knowledge, promises,
};
use crate::app::erasure::CustomerDataFacts;
use crate::domain::{
    CaseFacts, ContactFacts, DuplicateProposalFacts, IncidentFacts, Site, handover::HandoverFacts,
    notice::NoticeFacts,
};

/// Writes the facts of an event of intake's log.
///
/// # Errors
/// When the log holds what this version does not read.
pub fn to_any(event: &StoredEvent) -> Result<Any, serde_json::Error> {
    let data = event.data.clone();
    let any = match event.event_type.split_once('.') {
        Some(("category_tree", _)) => Any::from_msg(&categories::tree_facts(serde_json::from_value(data)?)),
        Some(("site_category_tree", _)) => {
            Any::from_msg(&categories::binding_facts(&serde_json::from_value(data)?))
        }
        Some(("category_model", _)) => Any::from_msg(&categories::model_facts(serde_json::from_value(data)?)),
        Some(("customer_data", _)) => Any::from_msg(&customer_data(serde_json::from_value(data)?)),
        Some(("contact", _)) => Any::from_msg(&contact_facts(&serde_json::from_value(data)?)),
        Some(("evidence", _)) => Any::from_msg(&super::evidence::facts(&serde_json::from_value(data)?)),
        Some(("promise", _)) => Any::from_msg(&promises::facts_to_wire(serde_json::from_value(data)?)),
        Some(("article", _)) => Any::from_msg(&knowledge::facts(serde_json::from_value(data)?)),
        Some(("handover", _)) => Any::from_msg(&handover_facts(&serde_json::from_value(data)?)),
        Some(("notice", _)) => Any::from_msg(&notice_facts(&serde_json::from_value(data)?)),
        Some(("incident", _)) => Any::from_msg(&incident_facts(serde_json::from_value(data)?)),
        Some(("duplicate_proposal", _)) => Any::from_msg(&proposal_facts(&serde_json::from_value(data)?)),
        Some(("dialogue", _)) => Any::from_msg(&dialogue::facts(&serde_json::from_value(data)?)),
        Some(("message", _)) => Any::from_msg(&dialogue::message_facts(&serde_json::from_value(data)?)),
        Some(("site", _)) => Any::from_msg(&site(serde_json::from_value::<Site>(data)?)),
        Some(("call", _)) => Any::from_msg(&call_convert::facts(&serde_json::from_value(data)?)),
        Some(("agent_state", _)) => Any::from_msg(&call_convert::interval(&serde_json::from_value(data)?)),
        Some(("published_number", _)) => {
            Any::from_msg(&call_convert::published_number(serde_json::from_value(data)?))
        }
        _ => Any::from_msg(&case_facts(serde_json::from_value(data)?)),
    };
    any.map_err(serde::ser::Error::custom)
}

fn customer_data(facts: CustomerDataFacts) -> pb::CustomerDataFacts {
    pb::CustomerDataFacts {
        erasure: facts.erasure.name(),
        customer: facts.customer.name(),
        cases: facts.cases.into_iter().map(TypedId::name).collect(),
    }
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
        duplicate_of: optional_name(facts.duplicate_of),
        incident: optional_name(facts.incident),
        lead_case: optional_name(facts.lead),
        work_round: facts.work_round,
        return_visit_required: facts.kind.requires_return_visit(),
        hold_reason: hold_reason(facts.hold_reason),
        hold_time: optional_time(facts.held_at),
        held_duration: duration(facts.held_seconds),
        previous_first_responsible_agent: facts
            .previous_first_responsible_agent
            .as_ref()
            .map(AgentId::name)
            .unwrap_or_default(),
    }
}

fn handover_facts(facts: &HandoverFacts) -> pb::HandoverFacts {
    pb::HandoverFacts {
        handover: facts.handover.name(),
        case: facts.case.name(),
        from_agent: facts.from.as_ref().map(AgentId::name).unwrap_or_default(),
        to_agent: facts.to.name(),
        state: handover_state(facts.state),
        offer_time: Some(time::to_wire(facts.offered_at)),
        end_time: optional_time(facts.ended_at),
    }
}

fn notice_facts(facts: &NoticeFacts) -> pb::NoticeFacts {
    pb::NoticeFacts {
        notice: facts.notice.name(),
        kind: notice_kind(facts.kind),
        case: facts.case.name(),
        recipient: facts.recipient.to_string(),
        create_time: Some(time::to_wire(facts.created_at)),
        acknowledge_time: optional_time(facts.acknowledged_at),
    }
}

fn incident_facts(facts: IncidentFacts) -> pb::IncidentFacts {
    pb::IncidentFacts {
        incident: facts.incident.name(),
        site: facts.site.name(),
        district: facts.district,
        category: facts.category,
        state: super::incidents::state(facts.state),
        lead_case: optional_name(facts.lead),
        detected: facts.detected,
        create_time: Some(time::to_wire(facts.created_at)),
        resolve_time: optional_time(facts.resolved_at),
        end_time: optional_time(facts.ended_at),
    }
}

fn proposal_facts(facts: &DuplicateProposalFacts) -> pb::DuplicateProposalFacts {
    pb::DuplicateProposalFacts {
        duplicate_proposal: facts.proposal.name(),
        site: facts.site.name(),
        case: facts.case.name(),
        earlier_case: facts.earlier.name(),
        state: super::duplicates::state(facts.state),
        minutes_apart: facts.minutes_apart,
    }
}
