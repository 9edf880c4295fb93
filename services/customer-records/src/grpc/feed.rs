//! Events of this service on the wire.

use kexiang_core::CaseId;
use kexiang_events::StoredEvent;
use kexiang_proto::customers_v1 as pb;
use prost::{Message, Name};
use prost_types::Any;
use serde::de::Error;

use super::{convert, follow_ups, ownership};
use crate::domain::customer::{CustomerFacts, IdentificationFacts};

/// The facts of an event as the message that its type documents.
///
/// # Errors
/// When the log holds what this service never wrote.
pub fn to_any(event: &StoredEvent) -> Result<Any, serde_json::Error> {
    match event.event_type.as_str() {
        "customer.created" | "customer.updated" => {
            let facts: CustomerFacts = serde_json::from_value(event.data.clone())?;
            any(&pb::CustomerFacts {
                customer: facts.customer_id.name(),
                kind: convert::customer_kind(facts.kind).into(),
            })
        }
        "customer.identified" => {
            let facts: IdentificationFacts = serde_json::from_value(event.data.clone())?;
            any(&pb::IdentificationFacts {
                customer: facts.customer_id.name(),
                contact: facts.contact_id.name(),
                case: facts.case_id.map(CaseId::name).unwrap_or_default(),
            })
        }
        other => ownership_facts(other, event).unwrap_or_else(|| Err(unknown(other))),
    }
}

/// The facts of events of ownerships, their rules, disputes and follow-ups; `None` when it is none of them.
fn ownership_facts(event_type: &str, event: &StoredEvent) -> Option<Result<Any, serde_json::Error>> {
    let data = event.data.clone();
    let facts = match event_type.split_once('.')? {
        ("ownership" | "pool" | "lead", _) => {
            serde_json::from_value(data).and_then(|facts| any(&ownership::write::facts(&facts)))
        }
        ("ownership_rule", _) => {
            serde_json::from_value(data).and_then(|rule| any(&ownership::write::rule(&rule)))
        }
        ("dispute", _) => {
            serde_json::from_value(data).and_then(|facts| any(&ownership::write::dispute_facts(&facts)))
        }
        ("follow_up", _) => serde_json::from_value(data).and_then(|facts| any(&follow_ups::facts(&facts))),
        ("conduct", _) => serde_json::from_value(data)
            .and_then(|finding| any(&pb::ConductFacts { finding: Some(follow_ups::finding(&finding)) })),
        _ => return None,
    };
    Some(facts)
}

fn unknown(event_type: &str) -> serde_json::Error {
    serde_json::Error::custom(format!("no event of type {event_type} is told here"))
}

fn any<M: Message + Name>(facts: &M) -> Result<Any, serde_json::Error> {
    Any::from_msg(facts).map_err(serde_json::Error::custom)
}
