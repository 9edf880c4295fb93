//! FieldSchemaService: handlers and what they read and write.

use kexiang_core::FieldSchemaId;
use kexiang_proto::customers_v1::{self as pb, field_schema_service_server::FieldSchemaService};
use kexiang_rpc::{PageRequest, Violations, field, time};
use tonic::{Request, Response, Status};

use super::status::{read, status};
use crate::{
    app::App,
    domain::field_schema::{FieldDefinition, FieldKind, FieldSchema, LONGEST_TEXT, MOST_FIELDS, is_pack},
};

type Answer<T> = Result<Response<T>, Status>;

/// FieldSchemaService over the use cases.
#[derive(Clone)]
pub struct FieldSchemas {
    app: App,
}

impl FieldSchemas {
    /// Serves the use cases of `app`.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl FieldSchemaService for FieldSchemas {
    async fn create_field_schema(
        &self,
        request: Request<pb::CreateFieldSchemaRequest>,
    ) -> Answer<pb::FieldSchema> {
        let mut violations = Violations::default();
        let request_id = &request.get_ref().request_id;
        let call = kexiang_rpc::call(&request, "CreateFieldSchema", request_id, &mut violations)?;
        let wire = violations.required("field_schema", request.get_ref().field_schema.as_ref());
        let new = wire.and_then(|wire| {
            let pack = pack("field_schema.pack", &wire.pack, &mut violations);
            let fields = fields(&wire.fields, &mut violations);
            pack.zip(fields)
        });
        let (call, (pack, fields)) = read(violations, call.zip(new))?;

        let schema = self.app.create_field_schema(&call, pack, fields).await.map_err(status)?;
        Ok(Response::new(to_wire(&schema)))
    }

    async fn publish_field_schema(
        &self,
        request: Request<pb::PublishFieldSchemaRequest>,
    ) -> Answer<pb::FieldSchema> {
        let mut violations = Violations::default();
        let request_id = &request.get_ref().request_id;
        let call = kexiang_rpc::call(&request, "PublishFieldSchema", request_id, &mut violations)?;
        let id = violations.check("name", field::name(&request.get_ref().name));
        let etag = violations.check("etag", field::etag(&request.get_ref().etag));
        let (call, (id, etag)) = read(violations, call.zip(id.zip(etag)))?;

        let schema = self.app.publish_field_schema(&call, id, etag).await.map_err(status)?;
        Ok(Response::new(to_wire(&schema)))
    }

    async fn get_field_schema(&self, request: Request<pb::GetFieldSchemaRequest>) -> Answer<pb::FieldSchema> {
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.get_ref().name));
        let id = read(violations, id)?;

        let schema = self.app.get_field_schema(id).await.map_err(status)?;
        Ok(Response::new(to_wire(&schema)))
    }

    async fn list_field_schemas(
        &self,
        request: Request<pb::ListFieldSchemasRequest>,
    ) -> Answer<pb::ListFieldSchemasResponse> {
        let request = request.into_inner();
        let filter = pb::ListFieldSchemasRequest { pack: request.pack.clone(), ..Default::default() };
        let mut violations = Violations::default();
        let page = PageRequest::<FieldSchemaId>::read(
            request.page_size,
            &request.page_token,
            &filter,
            &mut violations,
        );
        if !request.pack.is_empty() {
            pack("pack", &request.pack, &mut violations);
        }
        let page = read(violations, page)?;

        let wanted = (!request.pack.is_empty()).then_some(request.pack.as_str());
        let listed = self.app.list_field_schemas(wanted, page.after, page.limit + 1).await;
        let mut listed = listed.map_err(status)?;
        let next_page_token = page.cut(&mut listed, |schema| schema.id);
        let field_schemas = listed.iter().map(to_wire).collect();
        Ok(Response::new(pb::ListFieldSchemasResponse { field_schemas, next_page_token }))
    }
}

fn pack(path: &str, text: &str, violations: &mut Violations) -> Option<String> {
    let wrong = "must be 1–40 of a–z, 0–9 and hyphen, starting with a letter";
    violations.check(path, if is_pack(text) { Ok(text.to_owned()) } else { Err(wrong) })
}

fn fields(wire: &[pb::FieldDefinition], violations: &mut Violations) -> Option<Vec<FieldDefinition>> {
    if wire.is_empty() || wire.len() > MOST_FIELDS {
        return violations.check("field_schema.fields", Err(format!("must be 1 to {MOST_FIELDS}")));
    }
    let mut fields = Vec::new();
    for (index, wire) in wire.iter().enumerate() {
        let path = format!("field_schema.fields[{index}]");
        let kind = field::word(wire.kind, "FIELD_KIND_", pb::FieldKind::as_str_name);
        let kind: Option<FieldKind> = violations.check(&format!("{path}.kind"), kind);
        let display_name = field::text(&wire.display_name, 200);
        let display_name = violations.check(&format!("{path}.display_name"), display_name);
        let bound = |text: &String| (!text.is_empty()).then(|| text.clone());
        let length = match wire.max_length {
            0 => LONGEST_TEXT,
            length => usize::try_from(length).unwrap_or_default(),
        };
        let definition = FieldDefinition {
            key: wire.key.clone(),
            display_name: display_name.unwrap_or_default(),
            kind: kind.unwrap_or(FieldKind::Text),
            mandatory: wire.mandatory,
            max_length: length,
            min: bound(&wire.min),
            max: bound(&wire.max),
            choices: wire.choices.clone(),
        };
        for (part, problem) in definition.problems() {
            // Of an unknown kind only the key can be judged.
            if kind.is_some() || part == "key" {
                violations.add(&format!("{path}.{part}"), "INVALID_VALUE", problem.to_string());
            }
        }
        if fields.iter().any(|field: &FieldDefinition| field.key == definition.key) {
            violations.add(&format!("{path}.key"), "DUPLICATE", "is the key of another field");
        }
        fields.push(definition);
    }
    Some(fields)
}

fn to_wire(schema: &FieldSchema) -> pb::FieldSchema {
    let state = match schema.published {
        None => pb::FieldSchemaState::Draft,
        Some(_) => pb::FieldSchemaState::Published,
    };
    pb::FieldSchema {
        name: schema.id.name(),
        pack: schema.pack.clone(),
        version: schema.version,
        fields: schema.fields.iter().map(field_to_wire).collect(),
        create_time: Some(time::to_wire(schema.created_at)),
        creator: schema.created_by.to_string(),
        state: state.into(),
        publish_time: schema.published.as_ref().map(|(at, _)| time::to_wire(*at)),
        publisher: schema.published.as_ref().map(|(_, by)| by.to_string()).unwrap_or_default(),
        etag: schema.revision().to_string(),
    }
}

fn field_to_wire(field: &FieldDefinition) -> pb::FieldDefinition {
    let kind = match field.kind {
        FieldKind::Text => pb::FieldKind::Text,
        FieldKind::Integer => pb::FieldKind::Integer,
        FieldKind::Decimal => pb::FieldKind::Decimal,
        FieldKind::Date => pb::FieldKind::Date,
        FieldKind::Bool => pb::FieldKind::Bool,
        FieldKind::Choice => pb::FieldKind::Choice,
        FieldKind::MultiChoice => pb::FieldKind::MultiChoice,
    };
    pb::FieldDefinition {
        key: field.key.clone(),
        display_name: field.display_name.clone(),
        kind: kind.into(),
        mandatory: field.mandatory,
        max_length: i32::try_from(field.max_length).unwrap_or(i32::MAX),
        min: field.min.clone().unwrap_or_default(),
        max: field.max.clone().unwrap_or_default(),
        choices: field.choices.clone(),
    }
}
