//! The OpenAPI 3.1 document, generated from the descriptors that requests are routed and transcoded by, so it cannot
//! say anything else than the gateway does. The same contract gives the same bytes.

mod comments;
mod paths;
mod schema;

use std::collections::BTreeMap;

use prost_reflect::DescriptorPool;
use serde_json::{Map, Value, json};

use crate::routes::Routes;
use comments::Comments;
use schema::Schemas;

/// The document.
#[must_use]
pub fn document(pool: &DescriptorPool, routes: &Routes) -> Value {
    let comments = Comments::of(pool);
    let mut schemas = Schemas::new(&comments);
    let mut by_path: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for route in routes.iter() {
        let operation = paths::operation(route, &comments, &mut schemas);
        let method = route.method.as_str().to_ascii_lowercase();
        by_path.entry(paths::path(route).0).or_default().insert(method, operation);
    }
    let error = error_response(pool, &mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Kexiang",
            "version": "v1",
            "description": "JSON over HTTP for front ends. Field names are lowerCamelCase, 64-bit integers are text, times \
                are RFC 3339, enums go by name; fields with default values are left out. Every error is a \
                google.rpc.Status whose details hold a google.rpc.ErrorInfo: switch on its `reason`.",
        },
        "servers": [{"url": "/"}],
        "security": [{"bearerAuth": []}],
        "tags": tags(routes, &comments),
        "paths": by_path,
        "components": {
            "securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "responses": {"Error": error},
            "schemas": schemas.into_components(),
        },
    })
}

fn tags(routes: &Routes, comments: &Comments) -> Vec<Value> {
    let mut tags: Vec<Value> = Vec::new();
    for route in routes.iter() {
        let service = route.rpc.parent_service();
        let tag = json!({"name": service.name(), "description": comments.service(service)});
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

/// The answer of every failed call. The details that occur are among the components, though an Any can name none of them.
fn error_response(pool: &DescriptorPool, schemas: &mut Schemas<'_>) -> Value {
    let details = ["ErrorInfo", "BadRequest", "PreconditionFailure", "ResourceInfo", "RetryInfo"];
    for name in details {
        if let Some(message) = pool.get_message_by_name(&format!("google.rpc.{name}")) {
            schemas.message(&message);
        }
    }
    let schema = pool.get_message_by_name("google.rpc.Status").map(|message| schemas.message(&message));
    json!({
        "description": "The call failed. The HTTP status follows the standard table of google.rpc.Code.",
        "content": {"application/json": {"schema": schema}},
    })
}

#[cfg(test)]
mod tests;
