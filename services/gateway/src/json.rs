//! Canonical proto3 JSON to messages and back, with a path for everything that is wrong.
//!
//! Decoding is done by prost-reflect in one go. Only when that fails is the JSON walked field by field to name all wrong
//! fields at once, so good requests pay nothing for it.

use kexiang_proto::rpc::bad_request::FieldViolation;
use prost::bytes::Bytes;
use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor};
use serde_json::{Map, Value};

use crate::{
    failure::{Failure, violation},
    fields,
};

/// Enough to mend a request by; an answer must not grow with the nonsense sent.
const MAX_VIOLATIONS: usize = 100;
const MAX_DESCRIPTION_CHARS: usize = 200;

/// Reads a message from its JSON form.
///
/// # Errors
/// INVALID_FIELDS with every wrong field, or MESSAGE_MALFORMED when no field can be blamed (two members of a oneof).
pub fn decode(message: &MessageDescriptor, value: &Value) -> Result<DynamicMessage, Failure> {
    DynamicMessage::deserialize(message.clone(), value).map_err(|error| {
        let found = violations(message, value);
        if found.is_empty() { Failure::malformed(clip(&error)) } else { Failure::invalid(found) }
    })
}

/// Everything that is wrong with the fields of a message's JSON form.
#[must_use]
pub fn violations(message: &MessageDescriptor, value: &Value) -> Vec<FieldViolation> {
    let mut found = Vec::new();
    survey(message, value, "", &mut found);
    found
}

/// The canonical JSON of an encoded message.
///
/// # Errors
/// INTERNAL when the bytes are no message of this type: the service speaks another contract.
pub fn encode(message: &MessageDescriptor, bytes: Bytes) -> Result<String, Failure> {
    let text = DynamicMessage::decode(message.clone(), bytes)
        .map_err(|error| error.to_string())
        .and_then(|message| serde_json::to_string(&message).map_err(|error| error.to_string()));
    text.map_err(|error| {
        tracing::error!(message = message.full_name(), error, "a service's answer has no JSON form");
        Failure::internal()
    })
}

/// Names what is wrong in `value`, an object of type `message` at path `at`.
fn survey(message: &MessageDescriptor, value: &Value, at: &str, found: &mut Vec<FieldViolation>) {
    let Value::Object(object) = value else {
        return push(found, at, "MALFORMED", "must be an object");
    };
    for (key, value) in object {
        match fields::named(message, key) {
            None => push(found, &join(at, key), "UNKNOWN_FIELD", "there is no such field"),
            Some(field) => survey_field(message, &field, value, &join(at, field.name()), found),
        }
        if found.len() >= MAX_VIOLATIONS {
            return;
        }
    }
}

fn survey_field(
    message: &MessageDescriptor,
    field: &FieldDescriptor,
    value: &Value,
    at: &str,
    found: &mut Vec<FieldViolation>,
) {
    match (fields::nested(field), value) {
        (_, Value::Null) => {}
        (Some(nested), Value::Array(items)) if field.is_list() => {
            for (index, item) in items.iter().enumerate().take(MAX_VIOLATIONS) {
                survey(&nested, item, &format!("{at}[{index}]"), found);
            }
        }
        (Some(nested), value) if !field.is_list() => survey(&nested, value, at, found),
        _ => {
            let alone = Value::Object(Map::from_iter([(field.json_name().to_owned(), value.clone())]));
            if let Err(error) = DynamicMessage::deserialize(message.clone(), &alone) {
                push(found, at, "MALFORMED", clip(&error));
            }
        }
    }
}

fn push(found: &mut Vec<FieldViolation>, at: &str, reason: &str, description: impl Into<String>) {
    if found.len() < MAX_VIOLATIONS {
        found.push(violation(at, reason, description));
    }
}

fn join(at: &str, name: &str) -> String {
    let name: String = name.chars().take(MAX_DESCRIPTION_CHARS).collect();
    if at.is_empty() { name } else { format!("{at}.{name}") }
}

/// Errors of the JSON library quote the value, which may be long.
fn clip(error: &serde_json::Error) -> String {
    error.to_string().chars().take(MAX_DESCRIPTION_CHARS).collect()
}

#[cfg(test)]
mod tests;
