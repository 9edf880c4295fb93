//! Facts of privacy's events as messages.

use kexiang_core::ContactId;
use kexiang_events::StoredEvent;
use kexiang_proto::customers_v1 as pb;
use prost_types::Any;
use serde::de::Error;

use super::convert;
use crate::domain::privacy::{ErasureFacts, LegalHoldFacts, Unmasking};

/// The facts of an event of privacy; `None` when it is none.
///
/// # Errors
/// When the log holds what this service never wrote.
pub fn to_any(event: &StoredEvent) -> Result<Option<Any>, serde_json::Error> {
    let data = event.data.clone();
    let any = match event.event_type.as_str() {
        "customer.erased" => {
            let facts: ErasureFacts = serde_json::from_value(data)?;
            Any::from_msg(&pb::ErasureFacts {
                erasure: facts.erasure_id.name(),
                customer: facts.customer_id.name(),
                reason: convert::reason_to_wire(facts.reason).into(),
                contacts: facts.contacts.into_iter().map(ContactId::name).collect(),
            })
        }
        "customer.unmasked" => {
            let facts: Unmasking = serde_json::from_value(data)?;
            Any::from_msg(&pb::UnmaskingFacts {
                unmasking: facts.unmasking_id.name(),
                customer: facts.customer_id.name(),
                purpose: convert::purpose_to_wire(facts.purpose).into(),
                fields: convert::fields_to_wire(&facts.fields),
            })
        }
        "legal_hold.placed" | "legal_hold.released" => {
            let facts: LegalHoldFacts = serde_json::from_value(data)?;
            Any::from_msg(&pb::LegalHoldFacts {
                legal_hold: facts.legal_hold_id.name(),
                customer: facts.customer_id.name(),
            })
        }
        _ => return Ok(None),
    };
    any.map(Some).map_err(serde_json::Error::custom)
}
