//! Query parameters as a JSON object of the request message: dotted paths, both spellings, repeated fields by repetition.
//!
//! Values stay text wherever canonical JSON takes text for the type (numbers, times, masks, bytes); what they are worth is
//! decided by [`crate::json`], so body and query are judged by one rule.

use std::borrow::Cow;

use kexiang_proto::rpc::bad_request::FieldViolation;
use percent_encoding::percent_decode_str;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

use crate::{failure::violation, fields};

/// Adds the parameters to `object`. `taken` tells which paths, in proto names, belong to the URL path or the body.
pub fn bind(
    query: &str,
    message: &MessageDescriptor,
    taken: impl Fn(&str) -> bool,
    object: &mut Map<String, Value>,
) -> Vec<FieldViolation> {
    let mut found = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let Err(violation) = bind_one(key, value, message, &taken, object) {
            found.push(violation);
        }
    }
    found
}

fn bind_one(
    key: &str,
    value: &str,
    message: &MessageDescriptor,
    taken: &impl Fn(&str) -> bool,
    object: &mut Map<String, Value>,
) -> Result<(), FieldViolation> {
    let key = decoded(key).ok_or_else(|| violation(key, "MALFORMED", "the parameter's name is not UTF-8"))?;
    let path = fields::resolve(message, &key)
        .ok_or_else(|| violation(&key, "UNKNOWN_FIELD", "there is no such parameter"))?;
    let name = fields::path_of(&path);
    if taken(&name) {
        return Err(violation(&name, "UNKNOWN_FIELD", "belongs to the path or the body, not to the query"));
    }
    let Some((last, parents)) = path.split_last() else { return Ok(()) };
    if last.is_map() || fields::nested(last).is_some() {
        return Err(violation(&name, "MALFORMED", "is an object: name one of its fields"));
    }
    let text = decoded(value).ok_or_else(|| violation(&name, "MALFORMED", "is not UTF-8"))?;
    let value = json_of(last, text.into_owned());
    let holder = descend(object, parents).ok_or_else(|| violation(&name, "MALFORMED", "is given twice"))?;
    if last.is_list() {
        match holder.entry(last.json_name()).or_insert_with(|| Value::Array(Vec::new())) {
            Value::Array(items) => items.push(value),
            _ => return Err(violation(&name, "MALFORMED", "is given twice")),
        }
    } else if holder.insert(last.json_name().to_owned(), value).is_some() {
        return Err(violation(&name, "MALFORMED", "is given twice"));
    }
    Ok(())
}

/// The object that holds the field at the end of `parents`, made on the way.
fn descend<'a>(
    object: &'a mut Map<String, Value>,
    parents: &[FieldDescriptor],
) -> Option<&'a mut Map<String, Value>> {
    parents.iter().try_fold(object, |object, field| {
        object.entry(field.json_name()).or_insert_with(|| Value::Object(Map::new())).as_object_mut()
    })
}

/// Text as the JSON of the field's type.
fn json_of(field: &FieldDescriptor, text: String) -> Value {
    let is_bool = match field.kind() {
        Kind::Bool => true,
        Kind::Message(message) => message.full_name() == "google.protobuf.BoolValue",
        _ => false,
    };
    match text.as_str() {
        "true" if is_bool => Value::Bool(true),
        "false" if is_bool => Value::Bool(false),
        number if field.kind().as_enum().is_some() => match number.parse::<i32>() {
            Ok(number) => Value::from(number),
            Err(_) => Value::String(text),
        },
        _ => Value::String(text),
    }
}

/// Percent-decoded, `+` as a space; `None` when not UTF-8.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        return percent_decode_str(&spaced).decode_utf8().ok().map(|text| Cow::Owned(text.into_owned()));
    }
    percent_decode_str(text).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use prost_reflect::DescriptorPool;
    use serde_json::json;

    use super::*;

    fn message(name: &str) -> MessageDescriptor {
        DescriptorPool::decode(kexiang_proto::DESCRIPTOR_SET).unwrap().get_message_by_name(name).unwrap()
    }

    fn bound(name: &str, query: &str) -> Result<Value, Vec<String>> {
        let mut object = Map::new();
        let found = bind(query, &message(name), |path| path == "page_token", &mut object);
        if found.is_empty() {
            Ok(Value::Object(object))
        } else {
            Err(found.into_iter().map(|violation| violation.field).collect())
        }
    }

    #[test]
    fn parameters_become_fields_in_either_spelling() {
        let request = "kexiang.customers.v1.ListCustomersRequest";

        let value = bound(request, "contactPoint.kind=KIND_PHONE&contact_point.value=%2B86+139&pageSize=7&");

        assert_eq!(
            value.unwrap(),
            json!({"contactPoint": {"kind": "KIND_PHONE", "value": "+86 139"}, "pageSize": "7"})
        );
    }

    #[test]
    fn enums_go_by_name_or_number_and_times_as_text() {
        let request = "kexiang.intake.v1.ImportCasesRequest";

        let value = bound(request, "contact.channel=3&case.kind=KIND_FAULT&close_time=2026-11-22T00:00:00Z");

        assert_eq!(
            value.unwrap(),
            json!({"contact": {"channel": 3}, "case": {"kind": "KIND_FAULT"}, "closeTime": "2026-11-22T00:00:00Z"})
        );
    }

    #[test]
    fn bools_masks_and_repetition_are_understood() {
        let masked = bound("kexiang.customers.v1.UpdateCustomerRequest", "updateMask=displayName,kind");
        let truth = bound(
            "kexiang.intake.v1.RegisterContactRequest",
            "contact.firstVisit=true&contact.appointment=yes",
        );
        let names = bound("kexiang.intake.v1.BatchGetContactsRequest", "names=a&names=b");

        assert_eq!(masked.unwrap(), json!({"updateMask": "displayName,kind"}));
        assert_eq!(truth.unwrap(), json!({"contact": {"firstVisit": true, "appointment": "yes"}}));
        assert_eq!(names.unwrap(), json!({"names": ["a", "b"]}));
    }

    #[test]
    fn every_wrong_parameter_is_named() {
        let request = "kexiang.customers.v1.ListCustomersRequest";

        let found =
            bound(request, "colour=red&pageSize=1&page_size=2&contactPoint=x&pageToken=t&phoneRegion=%ff");

        assert_eq!(
            found.unwrap_err(),
            ["colour", "page_size", "contact_point", "page_token", "phone_region"]
        );
    }
}
