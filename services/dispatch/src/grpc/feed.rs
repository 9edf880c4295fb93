//! The facts of this service's log as the messages that its events document.

use kexiang_events::StoredEvent;
use kexiang_proto::dispatch_v1 as pb;
use prost::Name;
use prost_types::Any;
use serde::{Deserialize, de::Error};

use crate::{
    app::erasure::CustomerWordsFacts,
    domain::facts::{
        AgentFacts, ArrivalFacts, RotationFacts, TaskFacts, TurnFacts, UnitFacts, WorkOrderFacts,
    },
};

/// Writes the facts of an event as its message.
///
/// # Errors
/// When the log holds an event that this version does not write.
pub fn to_any(event: &StoredEvent) -> Result<Any, serde_json::Error> {
    match event.event_type.split_once('.') {
        Some(("work_order", _)) => pack(&pb::WorkOrderFacts::from(WorkOrderFacts::deserialize(&event.data)?)),
        Some(("task", _)) => pack(&pb::TaskFacts::from(TaskFacts::deserialize(&event.data)?)),
        Some(("customer_words", _)) => pack(&customer_words(CustomerWordsFacts::deserialize(&event.data)?)),
        Some(("agent", _)) => pack(&pb::AgentFacts::from(AgentFacts::deserialize(&event.data)?)),
        Some(("unit", _)) => pack(&pb::UnitFacts::from(UnitFacts::deserialize(&event.data)?)),
        Some(("rotation", _)) => pack(&pb::RotationFacts::from(RotationFacts::deserialize(&event.data)?)),
        Some(("turn", _)) => pack(&pb::TurnFacts::from(TurnFacts::deserialize(&event.data)?)),
        Some(("arrival", _)) => pack(&pb::ArrivalFacts::from(ArrivalFacts::deserialize(&event.data)?)),
        _ => Err(Error::custom("an event of unknown type")),
    }
}

fn pack<M: Name>(facts: &M) -> Result<Any, serde_json::Error> {
    Any::from_msg(facts).map_err(Error::custom)
}

fn customer_words(facts: CustomerWordsFacts) -> pb::CustomerWordsFacts {
    pb::CustomerWordsFacts { erasure: facts.erasure.name(), customer: facts.customer.name() }
}
