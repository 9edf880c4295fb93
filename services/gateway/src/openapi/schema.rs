//! Messages and enums as JSON Schema 2020-12, in the form that canonical proto3 JSON gives them.
//!
//! Every message and enum that is reached becomes one component under its full name; well-known types stand where they
//! are used, because their JSON is text.

use std::collections::BTreeMap;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use super::comments::Comments;
use crate::fields::is_well_known;

/// Collects the components while references to them are made.
#[derive(Debug)]
pub struct Schemas<'a> {
    comments: &'a Comments,
    /// By full name, so that the document does not depend on the order of discovery.
    components: BTreeMap<String, Value>,
}

impl<'a> Schemas<'a> {
    /// No components yet.
    pub fn new(comments: &'a Comments) -> Self {
        Self { comments, components: BTreeMap::new() }
    }

    /// All components that were referred to.
    pub fn into_components(self) -> Map<String, Value> {
        self.components.into_iter().collect()
    }

    /// A message: a reference, or the schema itself for well-known types.
    pub fn message(&mut self, message: &MessageDescriptor) -> Value {
        if is_well_known(message) {
            return well_known(message.full_name());
        }
        let name = message.full_name().to_owned();
        if !self.components.contains_key(&name) {
            // In place before its fields are read: messages may contain themselves.
            self.components.insert(name.clone(), Value::Null);
            let schema = self.object(message, &[]);
            self.components.insert(name.clone(), schema);
        }
        reference(&name)
    }

    /// A message's own object schema without the fields of these names.
    pub fn object(&mut self, message: &MessageDescriptor, without: &[&str]) -> Value {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for field in message.fields().filter(|field| !without.contains(&field.name())) {
            if self.comments.field(&field).is_required {
                required.push(field.json_name().to_owned());
            }
            properties.insert(field.json_name().to_owned(), self.property(&field));
        }
        let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        described(schema, self.comments.message(message))
    }

    /// A field with its comment.
    pub fn property(&mut self, field: &FieldDescriptor) -> Value {
        let comments = self.comments;
        let comment = comments.field(field);
        let mut schema = described(self.field(field), comment.text);
        if comment.is_output_only {
            schema["readOnly"] = true.into();
        }
        schema
    }

    /// What a field holds.
    fn field(&mut self, field: &FieldDescriptor) -> Value {
        match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                json!({"type": "object", "additionalProperties": self.field(&entry.map_entry_value_field())})
            }
            kind if field.is_list() => json!({"type": "array", "items": self.kind(&kind)}),
            kind => self.kind(&kind),
        }
    }

    fn kind(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::Message(message) => self.message(message),
            Kind::Enum(enumeration) => self.enumeration(enumeration),
            Kind::Bool => json!({"type": "boolean"}),
            Kind::String => json!({"type": "string"}),
            Kind::Bytes => json!({"type": "string", "contentEncoding": "base64"}),
            Kind::Double => json!({"type": "number", "format": "double"}),
            Kind::Float => json!({"type": "number", "format": "float"}),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => json!({"type": "integer", "format": "int32"}),
            Kind::Uint32 | Kind::Fixed32 => json!({"type": "integer", "format": "int64", "minimum": 0}),
            // Text, because numbers of JavaScript are exact up to 2^53 only.
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => json!({"type": "string", "format": "int64"}),
            Kind::Uint64 | Kind::Fixed64 => json!({"type": "string", "format": "uint64"}),
        }
    }

    fn enumeration(&mut self, enumeration: &EnumDescriptor) -> Value {
        let name = enumeration.full_name().to_owned();
        if !self.components.contains_key(&name) {
            let names: Vec<_> = enumeration.values().map(|value| value.name().to_owned()).collect();
            let schema = json!({"type": "string", "enum": names});
            self.components.insert(name.clone(), described(schema, &self.comments.enumeration(enumeration)));
        }
        reference(&name)
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn described(mut schema: Value, text: &str) -> Value {
    if !text.is_empty() {
        schema["description"] = text.into();
    }
    schema
}

/// The JSON forms of google.protobuf.
fn well_known(name: &str) -> Value {
    match name {
        "google.protobuf.Timestamp" => json!({"type": "string", "format": "date-time"}),
        "google.protobuf.Duration" => {
            json!({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$", "examples": ["3.5s"]})
        }
        "google.protobuf.FieldMask" => json!({"type": "string", "examples": ["displayName,kind"]}),
        "google.protobuf.Any" => json!({
            "type": "object",
            "properties": {"@type": {"type": "string", "description": "Says which message this is."}},
            "required": ["@type"],
            "additionalProperties": true,
        }),
        "google.protobuf.BoolValue" => json!({"type": ["boolean", "null"]}),
        "google.protobuf.Int32Value" | "google.protobuf.UInt32Value" => json!({"type": ["integer", "null"]}),
        "google.protobuf.FloatValue" | "google.protobuf.DoubleValue" => json!({"type": ["number", "null"]}),
        "google.protobuf.Value" => json!({}),
        "google.protobuf.ListValue" => json!({"type": "array", "items": {}}),
        "google.protobuf.Struct" | "google.protobuf.Empty" => json!({"type": "object"}),
        // The remaining wrappers: text, base64 and 64-bit numbers.
        _ => json!({"type": ["string", "null"]}),
    }
}
