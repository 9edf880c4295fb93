//! One HTTP request as one request message: body, query and path become one JSON object, which is decoded once.
//!
//! The path wins over nothing: where the body names another resource than the path does, the request is refused.

use http::{HeaderMap, header};
use kexiang_proto::rpc::bad_request::FieldViolation;
use prost_reflect::{DynamicMessage, FieldDescriptor};
use serde_json::{Map, Value, map::Entry};

use crate::{
    failure::{Failure, violation},
    fields, json, query,
    routes::{RequestBody, Route},
    template::RequestPath,
};

/// Binds a request that matched `route`.
///
/// # Errors
/// MESSAGE_MALFORMED when the body is no JSON; INVALID_FIELDS with everything that is wrong in path, query and body.
pub fn bind(
    route: &Route,
    path: &RequestPath<'_>,
    query: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<DynamicMessage, Failure> {
    let message = route.rpc.input();
    let mut object = body_object(route, headers, body)?;
    let taken = |field: &str| is_taken(route, field);
    let mut found = query::bind(query.unwrap_or_default(), &message, taken, &mut object);
    found.extend(bind_path(route, path, &mut object));
    let value = Value::Object(object);
    if found.is_empty() {
        return json::decode(&message, &value);
    }
    found.extend(json::violations(&message, &value));
    Err(Failure::invalid(found))
}

/// The body's share of the message.
fn body_object(route: &Route, headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, Failure> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    if route.body == RequestBody::None {
        return Err(Failure::malformed("this method takes no body"));
    }
    if !is_json(headers) {
        return Err(Failure::unsupported_media_type());
    }
    let value: Value = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
    match (&route.body, value) {
        (RequestBody::Field(field), value) => Ok(Map::from_iter([(field.json_name().to_owned(), value)])),
        (_, Value::Object(object)) => Ok(object),
        _ => Err(Failure::malformed("the body must be a JSON object")),
    }
}

/// Says where, and never quotes the body.
fn malformed(error: &serde_json::Error) -> Failure {
    let what = if error.is_eof() { "ends too early" } else { "is malformed" };
    Failure::malformed(format!("the JSON {what} at line {} column {}", error.line(), error.column()))
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Whether a field belongs to the path or the body.
fn is_taken(route: &Route, field: &str) -> bool {
    let by_body = match &route.body {
        RequestBody::None => false,
        RequestBody::Whole => true,
        RequestBody::Field(whole) => field.split('.').next() == Some(whole.name()),
    };
    by_body || route.template.variables().iter().any(|variable| variable.field == field)
}

fn bind_path(route: &Route, path: &RequestPath<'_>, object: &mut Map<String, Value>) -> Vec<FieldViolation> {
    let values = match route.template.bind(path) {
        Ok(values) => values,
        Err(wrong) => return vec![violation(&wrong.field, "MALFORMED", "is not UTF-8")],
    };
    let input = route.rpc.input();
    values
        .into_iter()
        .filter_map(|(name, value)| place(object, &fields::resolve(&input, name)?, name, value))
        .collect()
}

/// Puts a path value in its place. What stands there already must say the same.
fn place(
    object: &mut Map<String, Value>,
    path: &[FieldDescriptor],
    name: &str,
    value: String,
) -> Option<FieldViolation> {
    let (last, parents) = path.split_last()?;
    let holder = parents.iter().try_fold(object, |object, field| {
        let slot = entry(object, field).or_insert(Value::Null);
        if slot.is_null() {
            *slot = Value::Object(Map::new());
        }
        // Where the body holds something else than an object, decoding says so.
        slot.as_object_mut()
    })?;
    let slot = entry(holder, last).or_insert(Value::Null);
    match slot {
        Value::String(other) if !other.is_empty() && *other != value => {
            Some(violation(name, "PATH_MISMATCH", "the body names another resource than the path"))
        }
        _ => {
            *slot = Value::String(value);
            None
        }
    }
}

/// The field's entry under the spelling that is there.
fn entry<'a>(object: &'a mut Map<String, Value>, field: &FieldDescriptor) -> Entry<'a> {
    let key = if object.contains_key(field.name()) { field.name() } else { field.json_name() };
    object.entry(key)
}

#[cfg(test)]
mod tests;
