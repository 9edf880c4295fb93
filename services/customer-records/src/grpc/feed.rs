//! Events of this service on the wire: which group of facts an event belongs to, by the first word of its type.

use kexiang_core::CaseId;
use kexiang_events::StoredEvent;
use kexiang_proto::customers_v1 as pb;
use prost::{Message, Name};
use prost_types::Any;
use serde::de::{DeserializeOwned, Error};

use super::{
    agreements, archives, convert, follow_ups, hand_ins, handovers, imports, key_accounts, merge_facts,
    ownership, privacy, relationships, segments,
};
use crate::domain::{
    customer::{CustomerFacts, IdentificationFacts},
    field_schema::FieldSchemaFacts,
    profile::ProfileFacts,
};

/// The facts of an event as the message that its type documents.
///
/// # Errors
/// When the log holds what this service never wrote.
pub fn to_any(event: &StoredEvent) -> Result<Any, serde_json::Error> {
    if let Some(facts) = privacy::to_any(event)? {
        return Ok(facts);
    }
    match event.event_type.split_once('.') {
        Some(("customer", what)) => customer(what, event),
        Some(("customer_profile", _)) => any(&profile(&read(event)?)),
        Some(("field_schema", _)) => any(&field_schema(&read(event)?)),
        Some(("relationship" | "same_customer_ruling", _)) => {
            any(&relationships::facts_to_wire(&read(event)?))
        }
        Some(("customer_export", _)) => any(&imports::export_facts(&read(event)?)),
        Some(("merge_proposal", _)) => merge_facts::proposal(event.data.clone()),
        Some(("agreement_kind", _)) => agreements::kind_facts(event),
        Some(("agreement", _)) => agreements::facts(event),
        Some(("archive_kind" | "retention_class", _)) => archives::setup_facts(event),
        Some(("archive_entry", _)) => archives::facts(event),
        Some(("hand_in", _)) => hand_ins::facts(event),
        Some(("key_account_threshold", _)) => key_accounts::threshold_facts(event),
        Some(("key_account", _)) => key_accounts::facts(event),
        Some(("ownership" | "pool" | "lead", _)) => any(&ownership::write::facts(&read(event)?)),
        Some(("ownership_rule", _)) => any(&ownership::write::rule(&read(event)?)),
        Some(("dispute", _)) => any(&ownership::write::dispute_facts(&read(event)?)),
        Some(("customer_handover", _)) => any(&handovers::write::facts(&read(event)?)),
        Some(("follow_up", _)) => any(&follow_ups::facts(&read(event)?)),
        Some(("segment", _)) => any(&segments::facts(&read(event)?)),
        Some(("conduct", _)) => any(&pb::ConductFacts { finding: Some(follow_ups::finding(&read(event)?)) }),
        _ => Err(unknown(event)),
    }
}

fn customer(what: &str, event: &StoredEvent) -> Result<Any, serde_json::Error> {
    match what {
        "created" | "updated" => {
            let facts: CustomerFacts = read(event)?;
            any(&pb::CustomerFacts {
                customer: facts.customer_id.name(),
                kind: convert::customer_kind(facts.kind).into(),
            })
        }
        "identified" => {
            let facts: IdentificationFacts = read(event)?;
            any(&pb::IdentificationFacts {
                customer: facts.customer_id.name(),
                contact: facts.contact_id.name(),
                case: facts.case_id.map(CaseId::name).unwrap_or_default(),
            })
        }
        "merged" | "unmerged" => merge_facts::merge(event.data.clone()),
        _ => Err(unknown(event)),
    }
}

fn profile(facts: &ProfileFacts) -> pb::ProfileFacts {
    pb::ProfileFacts {
        customer: facts.customer_id.name(),
        tiers: facts.tiers.clone(),
        risk_flags: facts.risk_flags.clone(),
    }
}

fn field_schema(facts: &FieldSchemaFacts) -> pb::FieldSchemaFacts {
    pb::FieldSchemaFacts {
        field_schema: facts.field_schema_id.name(),
        pack: facts.pack.clone(),
        version: facts.version,
    }
}

fn read<F: DeserializeOwned>(event: &StoredEvent) -> Result<F, serde_json::Error> {
    serde_json::from_value(event.data.clone())
}

fn unknown(event: &StoredEvent) -> serde_json::Error {
    serde_json::Error::custom(format!("no event of type {} is told here", event.event_type))
}

/// Packs the facts.
pub(super) fn any<M: Message + Name>(facts: &M) -> Result<Any, serde_json::Error> {
    Any::from_msg(facts).map_err(serde_json::Error::custom)
}
