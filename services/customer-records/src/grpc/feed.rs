//! Events of this service on the wire.

use kexiang_core::CaseId;
use kexiang_events::StoredEvent;
use kexiang_proto::customers_v1 as pb;
use prost::{Message, Name};
use prost_types::Any;
use serde::de::Error;

use super::{convert, relationships};
use crate::domain::{
    customer::{CustomerFacts, IdentificationFacts},
    field_schema::FieldSchemaFacts,
    profile::ProfileFacts,
    relationship::RelationshipFacts,
};

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
        "relationship.added"
        | "relationship.ended"
        | "same_customer_ruling.made"
        | "same_customer_ruling.withdrawn" => {
            let facts: RelationshipFacts = serde_json::from_value(event.data.clone())?;
            any(&relationships::facts_to_wire(&facts))
        }
        "customer_profile.updated" => {
            let facts: ProfileFacts = serde_json::from_value(event.data.clone())?;
            any(&pb::ProfileFacts {
                customer: facts.customer_id.name(),
                tiers: facts.tiers,
                risk_flags: facts.risk_flags,
            })
        }
        "field_schema.created" => {
            let facts: FieldSchemaFacts = serde_json::from_value(event.data.clone())?;
            any(&pb::FieldSchemaFacts {
                field_schema: facts.field_schema_id.name(),
                pack: facts.pack,
                version: facts.version,
            })
        }
        other => Err(serde_json::Error::custom(format!("no event of type {other} is told here"))),
    }
}

fn any<M: Message + Name>(facts: &M) -> Result<Any, serde_json::Error> {
    Any::from_msg(facts).map_err(serde_json::Error::custom)
}
