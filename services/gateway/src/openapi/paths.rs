//! Routes as OpenAPI operations: path and query parameters, request bodies, answers.
//!
//! A parameter of OpenAPI cannot hold a slash, so `/v1/{name=cases/*}` is shown as `/v1/cases/{case}`: the same paths in
//! other words.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Value, json};

use super::{comments::Comments, schema::Schemas};
use crate::{
    door::is_public,
    fields, raw,
    routes::{RequestBody, Route},
    template::Segment,
};

/// Deeper nesting has no place in a query.
const MAX_QUERY_DEPTH: usize = 3;

/// The path in OpenAPI's form, and the names of its parameters in order.
pub fn path(route: &Route) -> (String, Vec<String>) {
    let (mut path, mut names) = (String::new(), Vec::new());
    let mut before = None;
    for (index, segment) in route.template.segments().iter().enumerate() {
        path.push('/');
        match segment {
            Segment::Literal(text) => {
                path.push_str(text);
                before = Some(text.as_str());
            }
            Segment::Any => {
                let name = parameter_name(route, index, before);
                path.push_str(&format!("{{{name}}}"));
                names.push(name);
            }
        }
    }
    if let Some(verb) = route.template.verb() {
        path.push(':');
        path.push_str(verb);
    }
    (path, names)
}

/// `case` for what follows `cases` in `{name=cases/*}`; the field's own name for `{date}`.
fn parameter_name(route: &Route, index: usize, before: Option<&str>) -> String {
    let variable = route.template.variables().iter().find(|variable| variable.segments.contains(&index));
    match (variable, before) {
        (Some(variable), _) if variable.segments.len() == 1 => variable.field.clone(),
        (_, Some(collection)) => collection.strip_suffix('s').unwrap_or(collection).to_owned(),
        _ => format!("segment{index}"),
    }
}

/// One operation.
pub fn operation(route: &Route, comments: &Comments, schemas: &mut Schemas<'_>) -> Value {
    let (_, names) = path(route);
    let service = route.rpc.parent_service();
    let comment = comments.method(&route.rpc);
    let mut parameters: Vec<Value> = names.iter().map(|name| path_parameter(name)).collect();
    if route.body != RequestBody::Whole {
        collect_query(route, &route.rpc.input(), &mut Vec::new(), comments, schemas, &mut parameters);
    }
    let mut operation = json!({
        "operationId": format!("{}_{}", service.name(), route.rpc.name()),
        "tags": [service.name()],
        "summary": comment.split_once(". ").map_or(comment, |(first, _)| first).trim_end_matches('.'),
        "description": comment,
    });
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = request_body(route, comments, schemas) {
        operation["requestBody"] = body;
    }
    operation["responses"] = responses(route, schemas);
    if is_public(route.grpc_path.path()) {
        operation["security"] = json!([]);
    }
    operation
}

fn path_parameter(name: &str) -> Value {
    json!({"name": name, "in": "path", "required": true, "schema": {"type": "string", "minLength": 1}})
}

/// Every field that neither path nor body binds, nested ones by dotted names.
fn collect_query(
    route: &Route,
    message: &MessageDescriptor,
    parents: &mut Vec<FieldDescriptor>,
    comments: &Comments,
    schemas: &mut Schemas<'_>,
    parameters: &mut Vec<Value>,
) {
    for field in message.fields() {
        let is_body = matches!(&route.body, RequestBody::Field(body) if *body == field);
        parents.push(field.clone());
        let is_bound = is_in_path(route, &fields::path_of(parents));
        match fields::nested(&field) {
            _ if is_body || is_bound || field.is_map() => {}
            Some(nested) if !field.is_list() && parents.len() < MAX_QUERY_DEPTH => {
                collect_query(route, &nested, parents, comments, schemas, parameters);
            }
            Some(_) => {}
            None => parameters.push(query_parameter(parents, &field, comments, schemas)),
        }
        parents.pop();
    }
}

fn query_parameter(
    path: &[FieldDescriptor],
    field: &FieldDescriptor,
    comments: &Comments,
    schemas: &mut Schemas<'_>,
) -> Value {
    let mut schema = schemas.property(field);
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    let name = path.iter().map(FieldDescriptor::json_name).collect::<Vec<_>>().join(".");
    // A required field of an optional message is required only with it.
    let is_required = path.iter().all(|field| comments.field(field).is_required);
    let mut parameter = json!({"name": name, "in": "query", "required": is_required, "schema": schema});
    if let Some(description) = description {
        parameter["description"] = description;
    }
    parameter
}

fn is_in_path(route: &Route, field: &str) -> bool {
    route.template.variables().iter().any(|variable| variable.field == field)
}

fn request_body(route: &Route, comments: &Comments, schemas: &mut Schemas<'_>) -> Option<Value> {
    let (schema, is_required) = match &route.body {
        RequestBody::None => return None,
        RequestBody::Field(field) => match field.kind() {
            Kind::Message(message) => (schemas.message(&message), comments.field(field).is_required),
            _ => (schemas.property(field), comments.field(field).is_required),
        },
        RequestBody::Whole => {
            let input = route.rpc.input();
            let bound: Vec<_> =
                route.template.variables().iter().map(|variable| variable.field.as_str()).collect();
            let is_required = input
                .fields()
                .any(|field| comments.field(&field).is_required && !bound.contains(&field.name()));
            let schema =
                if bound.is_empty() { schemas.message(&input) } else { schemas.object(&input, &bound) };
            (schema, is_required)
        }
    };
    Some(json!({"required": is_required, "content": {"application/json": {"schema": schema}}}))
}

fn responses(route: &Route, schemas: &mut Schemas<'_>) -> Value {
    let error = json!({"$ref": "#/components/responses/Error"});
    if raw::is_raw(&route.rpc.output()) {
        let bytes = json!({"schema": {"type": "string", "format": "binary"}});
        return json!({"200": {"description": "The bytes.", "content": {"*/*": bytes}}, "default": error});
    }
    let schema = schemas.message(&route.rpc.output());
    let answer = if route.rpc.is_server_streaming() {
        json!({
            "description": "Server-sent events: each `data` is one message of the schema. `event: error` carries a google.rpc.Status and ends the stream.",
            "content": {"text/event-stream": {"schema": schema}},
        })
    } else {
        json!({"description": "Success.", "content": {"application/json": {"schema": schema}}})
    };
    json!({"200": answer, "default": error})
}
