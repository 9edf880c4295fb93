//! The contract keeps its own conventions (AIP): checked on the descriptors that everything else is made of.

use kexiang_proto::DESCRIPTOR_SET;
use prost_reflect::{DescriptorPool, Kind, MessageDescriptor, MethodDescriptor};

fn pool() -> DescriptorPool {
    DescriptorPool::decode(DESCRIPTOR_SET).unwrap()
}

fn methods() -> Vec<MethodDescriptor> {
    let pool = pool();
    let methods: Vec<_> = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect();
    assert!(methods.len() > 40, "the descriptors hold the contract");
    methods
}

/// Reads, by their standard prefixes; everything else changes something.
fn reads(method: &MethodDescriptor) -> bool {
    let name = method.name();
    let reads = [
        "Get",
        "List",
        "BatchGet",
        "Watch",
        "Stream",
        "Recognise",
        "Suggest",
        "Search",
        "Download",
        "Preview",
        "Count",
        "Check",
    ];
    reads.iter().any(|prefix| name.starts_with(prefix)) || name == "ResolveCategory"
}

fn has(message: &MessageDescriptor, field: &str) -> bool {
    message.get_field_by_name(field).is_some()
}

#[test]
fn every_mutation_takes_a_request_id() {
    for method in methods().iter().filter(|method| !reads(method)) {
        // Items of an import are known by their external reference, those of many acceptances by request ids of their own.
        let by_item =
            ["ImportCases", "ImportCustomers", "AcceptCases", "BatchAcceptCases"].contains(&method.name());
        assert!(by_item || has(&method.input(), "request_id"), "{}", method.full_name());
    }
}

#[test]
fn every_list_pages() {
    for method in methods().iter().filter(|method| method.name().starts_with("List")) {
        let (input, output) = (method.input(), method.output());
        assert!(has(&input, "page_size") && has(&input, "page_token"), "{}", method.full_name());
        assert!(has(&output, "next_page_token"), "{}", method.full_name());
    }
}

#[test]
fn every_resource_that_is_changed_by_verbs_has_an_etag_and_its_verbs_take_it() {
    for method in methods() {
        let verb = !reads(&method) && has(&method.input(), "name") && has(&method.output(), "etag");
        assert!(!verb || has(&method.input(), "etag"), "{}", method.full_name());
    }
}

#[test]
fn every_enum_begins_unspecified() {
    let pool = pool();
    for found in pool.all_enums().filter(|found| found.full_name().starts_with("kexiang.")) {
        let zero = found.get_value(0).unwrap();
        assert!(zero.name().ends_with("_UNSPECIFIED"), "{}", found.full_name());
    }
}

#[test]
fn every_method_and_field_says_what_it_is() {
    let pool = pool();
    for file in pool.files().filter(|file| file.package_name().starts_with("kexiang.")) {
        let proto = file.file_descriptor_proto();
        let locations = &proto.source_code_info.as_ref().unwrap().location;
        let comment = |path: &[i32]| {
            let found = locations.iter().find(|location| location.path == path);
            found.map(|location| location.leading_comments().to_owned()).unwrap_or_default()
        };
        for service in file.services() {
            for method in service.methods() {
                assert!(!comment(method.path()).trim().is_empty(), "{}", method.full_name());
            }
        }
        for message in file.messages().filter(|message| message.name().ends_with("Request")) {
            for field in message.fields() {
                let text = comment(field.path());
                let said = ["Required.", "Optional.", "Required unless", "Nobody was reached."];
                assert!(
                    said.iter().any(|word| text.trim().starts_with(word)),
                    "{}: {text}",
                    field.full_name()
                );
            }
        }
    }
}

#[test]
fn times_end_in_time_and_no_field_holds_json() {
    for message in pool().all_messages().filter(|message| message.full_name().starts_with("kexiang.")) {
        for field in message.fields() {
            if let Kind::Message(kind) = field.kind() {
                let is_time = kind.full_name() == "google.protobuf.Timestamp";
                assert!(
                    !is_time || field.name() == "time" || field.name().ends_with("_time"),
                    "{}",
                    field.full_name()
                );
            }
            assert!(!field.name().ends_with("_json"), "{}", field.full_name());
        }
    }
}
