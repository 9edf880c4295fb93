//! Between the wire and the domain of privacy.

use kexiang_core::Timestamp;
use kexiang_proto::customers_v1 as pb;
use kexiang_rpc::{Violations, field, time};
use prost_types::{ListValue, Struct, Value, value::Kind};

use crate::domain::privacy::{
    Erasure, ErasurePart, ErasureReason, LegalHold, PersonalField, UnmaskPurpose, Unmasking,
};

/// Reads a purpose.
pub fn purpose(number: i32, violations: &mut Violations) -> Option<UnmaskPurpose> {
    let purpose = field::word(number, "UNMASK_PURPOSE_", pb::UnmaskPurpose::as_str_name);
    violations.check("purpose", purpose)
}

/// Reads fields: at least one, each once.
pub fn fields(numbers: &[i32], violations: &mut Violations) -> Option<Vec<PersonalField>> {
    if numbers.is_empty() {
        return violations.required("fields", None);
    }
    let mut fields: Vec<Option<PersonalField>> = Vec::new();
    for (index, number) in numbers.iter().enumerate() {
        let path = format!("fields[{index}]");
        let read = field::word(*number, "PERSONAL_FIELD_", pb::PersonalField::as_str_name);
        let read = violations.check(&path, read);
        if read.is_some() && fields.contains(&read) {
            violations.add(&path, "DUPLICATE", "is given twice");
        }
        fields.push(read);
    }
    fields.into_iter().collect()
}

/// Reads why a customer is to be erased; retention is the service's own reason.
pub fn reason(number: i32, violations: &mut Violations) -> Option<ErasureReason> {
    let reason = field::word(number, "ERASURE_REASON_", pb::ErasureReason::as_str_name);
    let reason = violations.check("reason", reason)?;
    if reason == ErasureReason::Retention {
        return violations.check("reason", Err("RETENTION is given by the service itself"));
    }
    Some(reason)
}

pub fn field_to_wire(field: PersonalField) -> pb::PersonalField {
    match field {
        PersonalField::Name => pb::PersonalField::Name,
        PersonalField::Phone => pb::PersonalField::Phone,
        PersonalField::Email => pb::PersonalField::Email,
        PersonalField::Address => pb::PersonalField::Address,
        PersonalField::Messaging => pb::PersonalField::Messaging,
    }
}

pub fn fields_to_wire(fields: &[PersonalField]) -> Vec<i32> {
    fields.iter().map(|field| field_to_wire(*field).into()).collect()
}

pub const fn purpose_to_wire(purpose: UnmaskPurpose) -> pb::UnmaskPurpose {
    match purpose {
        UnmaskPurpose::FieldVisit => pb::UnmaskPurpose::FieldVisit,
        UnmaskPurpose::Complaint => pb::UnmaskPurpose::Complaint,
        UnmaskPurpose::SubjectRequest => pb::UnmaskPurpose::SubjectRequest,
        UnmaskPurpose::LegalDuty => pb::UnmaskPurpose::LegalDuty,
        UnmaskPurpose::DataRepair => pb::UnmaskPurpose::DataRepair,
    }
}

pub const fn reason_to_wire(reason: ErasureReason) -> pb::ErasureReason {
    match reason {
        ErasureReason::CustomerRequest => pb::ErasureReason::CustomerRequest,
        ErasureReason::ConsentWithdrawn => pb::ErasureReason::ConsentWithdrawn,
        ErasureReason::Unlawful => pb::ErasureReason::Unlawful,
        ErasureReason::Retention => pb::ErasureReason::Retention,
    }
}

pub fn unmasking(unmasking: &Unmasking) -> pb::Unmasking {
    pb::Unmasking {
        name: unmasking.unmasking_id.name(),
        customer: unmasking.customer_id.name(),
        actor: unmasking.actor.to_string(),
        purpose: purpose_to_wire(unmasking.purpose).into(),
        fields: fields_to_wire(&unmasking.fields),
        unmask_time: Some(time::to_wire(unmasking.unmasked_at)),
    }
}

pub fn legal_hold(hold: &LegalHold) -> pb::LegalHold {
    pb::LegalHold {
        name: hold.legal_hold_id.name(),
        customer: hold.customer_id.name(),
        reference: hold.reference.clone(),
        placed_by: hold.placed_by.to_string(),
        place_time: Some(time::to_wire(hold.placed_at)),
        released_by: hold.released.as_ref().map(|(by, _)| by.to_string()).unwrap_or_default(),
        release_time: hold.released.as_ref().map(|(_, at)| time::to_wire(*at)),
        etag: hold.version.to_string(),
    }
}

pub fn erasure(erasure: &Erasure) -> pb::Erasure {
    pb::Erasure {
        name: erasure.erasure_id.name(),
        customer: erasure.customer_id.name(),
        reason: reason_to_wire(erasure.reason).into(),
        requested_by: erasure.requested_by.to_string(),
        request_time: Some(time::to_wire(erasure.requested_at)),
        state: state(erasure.is_done()).into(),
        parts: erasure.parts.iter().map(part).collect(),
    }
}

fn part(part: &ErasurePart) -> pb::erasure::Part {
    pb::erasure::Part {
        service: part.service.clone(),
        state: state(part.done_at.is_some()).into(),
        done_time: part.done_at.map(|at: Timestamp| time::to_wire(at)),
        holds_nothing: part.holds_nothing,
    }
}

const fn state(done: bool) -> pb::erasure::State {
    if done { pb::erasure::State::Done } else { pb::erasure::State::Running }
}

/// A row of an export.
pub fn row(kind: &str, row: serde_json::Value) -> pb::CustomerDataRow {
    let fields = match value(row).kind {
        Some(Kind::StructValue(fields)) => Some(fields),
        _ => None,
    };
    pb::CustomerDataRow { kind: kind.to_owned(), fields }
}

fn value(json: serde_json::Value) -> Value {
    let kind = match json {
        serde_json::Value::Null => Kind::NullValue(0),
        serde_json::Value::Bool(flag) => Kind::BoolValue(flag),
        serde_json::Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        serde_json::Value::String(text) => Kind::StringValue(text),
        serde_json::Value::Array(values) => {
            Kind::ListValue(ListValue { values: values.into_iter().map(value).collect() })
        }
        serde_json::Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, json)| (key, value(json))).collect();
            Kind::StructValue(Struct { fields })
        }
    };
    Value { kind: Some(kind) }
}
