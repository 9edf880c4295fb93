//! Events of this service on the wire.

use kexiang_core::CaseId;
use kexiang_events::StoredEvent;
use kexiang_proto::customers_v1 as pb;
use prost::{Message, Name};
use prost_types::Any;
use serde::de::Error;

use super::{agreements, archives, convert, hand_ins};
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
        "archive_kind.defined" | "retention_class.defined" => archives::setup_facts(event),
        entry if entry.starts_with("archive_entry.") => archives::facts(event),
        hand_in if hand_in.starts_with("hand_in.") => hand_ins::facts(event),
        "agreement_kind.defined" => agreements::kind_facts(event),
        agreement if agreement.starts_with("agreement.") => agreements::facts(event),
        other => Err(serde_json::Error::custom(format!("no event of type {other} is told here"))),
    }
}

pub(super) fn any<M: Message + Name>(facts: &M) -> Result<Any, serde_json::Error> {
    Any::from_msg(facts).map_err(serde_json::Error::custom)
}
