use std::collections::BTreeSet;

use super::*;

fn generated() -> Value {
    let pool = DescriptorPool::decode(kexiang_proto::DESCRIPTOR_SET).unwrap();
    document(&pool, &Routes::of(&pool).unwrap())
}

/// Calls `visit` with every value of the document.
fn walk(value: &Value, visit: &mut impl FnMut(&Value)) {
    visit(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::Object(object) => object.values().for_each(|value| walk(value, visit)),
        _ => {}
    }
}

fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .iter()
                .map(|(method, operation)| (path.as_str(), method.as_str(), operation))
        })
        .collect()
}

fn parameter_names(operation: &Value, place: &str) -> Vec<String> {
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let of_place = parameters.iter().filter(|parameter| parameter["in"] == place);
    of_place.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_annotated_method_is_there_once() {
    let document = generated();
    let pool = DescriptorPool::decode(kexiang_proto::DESCRIPTOR_SET).unwrap();
    let option = pool.get_extension_by_name("google.api.http").unwrap();
    let annotated: BTreeSet<String> = pool
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .filter(|method| method.options().has_extension(&option))
        .map(|method| format!("{}_{}", method.parent_service().name(), method.name()))
        .collect();

    let ids: Vec<String> = operations(&document)
        .into_iter()
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap().to_owned())
        .collect();

    assert!(annotated.len() > 40);
    assert_eq!(ids.len(), annotated.len());
    assert_eq!(BTreeSet::from_iter(ids), annotated);
}

#[test]
fn every_reference_resolves_and_every_component_is_whole() {
    let document = generated();
    let mut references = BTreeSet::new();
    walk(&document, &mut |value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            references.insert(reference.to_owned());
        }
    });

    assert!(references.len() > 20);
    for reference in references {
        let target = document.pointer(reference.strip_prefix('#').unwrap());
        assert!(target.is_some_and(Value::is_object), "{reference}");
    }
}

#[test]
fn path_parameters_are_exactly_those_of_the_path() {
    let document = generated();

    for (path, method, operation) in operations(&document) {
        let in_path: Vec<&str> =
            path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
        assert_eq!(parameter_names(operation, "path"), in_path, "{method} {path}");
        assert_eq!(in_path.len(), BTreeSet::from_iter(&in_path).len(), "{method} {path}");
    }
}

#[test]
fn every_operation_says_what_it_does_and_how_it_fails() {
    let document = generated();

    for (path, method, operation) in operations(&document) {
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
        assert!(operation["responses"]["200"]["content"].is_object(), "{method} {path}");
        assert_eq!(
            operation["responses"]["default"]["$ref"], "#/components/responses/Error",
            "{method} {path}"
        );
    }
    assert_eq!(document["security"], json!([{"bearerAuth": []}]));
}

#[test]
fn a_verb_shows_its_path_and_its_body_without_the_path() {
    let document = generated();

    let resolve = &document["paths"]["/v1/cases/{case}:resolve"]["post"];

    let schema = &resolve["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(resolve["requestBody"]["required"], true);
    assert_eq!(schema["required"], json!(["resolution"]));
    assert_eq!(
        schema["properties"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["resolution", "etag", "requestId"]
    );
}

#[test]
fn queries_show_what_neither_path_nor_body_binds() {
    let document = generated();
    let query = |path: &str, method: &str| parameter_names(&document["paths"][path][method], "query");

    assert_eq!(
        query("/v1/customers", "get"),
        [
            "contactPoint.kind",
            "contactPoint.value",
            "contactPoint.provider",
            "contactPoint.addressKind",
            "phoneRegion",
            "pageSize",
            "pageToken"
        ]
    );
    assert_eq!(query("/v1/customers/{customer}", "patch"), ["updateMask", "phoneRegion", "requestId"]);
    assert_eq!(query("/v1/sites/{site}/dayReports/{date}", "get"), [""; 0]);
    assert_eq!(query("/v1/cases/{case}:close", "post"), [""; 0]);
}

#[test]
fn fields_have_the_types_of_canonical_json() {
    let document = generated();
    let schemas = &document["components"]["schemas"];
    let case = &schemas["kexiang.intake.v1.Case"];
    let contact = &schemas["kexiang.intake.v1.Contact"]["properties"];

    assert_eq!(case["required"], json!(["kind", "category", "title"]));
    assert_eq!(case["properties"]["acceptTime"]["format"], "date-time");
    assert_eq!(case["properties"]["acceptTime"]["readOnly"], true);
    assert_eq!(case["properties"]["kind"]["$ref"], "#/components/schemas/kexiang.type.v1.Kind");
    assert_eq!(contact["registerNumber"]["type"], "string");
    assert!(contact["ringDuration"]["pattern"].is_string());
    assert!(schemas["kexiang.type.v1.Kind"]["enum"].as_array().unwrap().contains(&json!("KIND_FAULT")));
    assert!(case["properties"]["title"]["description"].as_str().unwrap().starts_with("At most"));
}

#[test]
fn streams_are_shown_as_events() {
    let document = generated();

    let watch = &document["paths"]["/v1/wallboard:watch"]["get"]["responses"]["200"]["content"];

    assert!(watch["text/event-stream"]["schema"]["$ref"].is_string());
}

#[test]
fn the_same_contract_gives_the_same_bytes() {
    assert_eq!(generated().to_string(), generated().to_string());
}
