//! Field paths such as `contact_point.kind`, by proto or JSON names, and what kind of thing a field holds in JSON.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

/// The field of one name, in `snake_case` or `lowerCamelCase`.
#[must_use]
pub fn named(message: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    message.get_field_by_json_name(name).or_else(|| message.get_field_by_name(name))
}

/// The fields along a dotted path; `None` when a name is unknown or a step leads through something that is not one message.
#[must_use]
pub fn resolve(message: &MessageDescriptor, path: &str) -> Option<Vec<FieldDescriptor>> {
    let mut message = Some(message.clone());
    path.split('.')
        .map(|name| {
            let field = named(&message.take()?, name)?;
            message = nested(&field).filter(|_| !field.is_list());
            Some(field)
        })
        .collect()
}

/// The path in proto names, as refusals write it.
#[must_use]
pub fn path_of(fields: &[FieldDescriptor]) -> String {
    fields.iter().map(FieldDescriptor::name).collect::<Vec<_>>().join(".")
}

/// The message type that is a JSON object in this field; `None` for scalars, maps and well-known types, which have JSON
/// forms of their own.
#[must_use]
pub fn nested(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    match field.kind() {
        Kind::Message(message) if !field.is_map() && !is_well_known(&message) => Some(message),
        _ => None,
    }
}

/// Whether canonical JSON has a form of its own for this type.
#[must_use]
pub fn is_well_known(message: &MessageDescriptor) -> bool {
    message.package_name() == "google.protobuf"
}

#[cfg(test)]
mod tests {
    use prost_reflect::DescriptorPool;

    use super::*;

    fn path(message: &str, text: &str) -> Option<String> {
        let pool = DescriptorPool::decode(kexiang_proto::DESCRIPTOR_SET).unwrap();
        resolve(&pool.get_message_by_name(message).unwrap(), text).map(|fields| path_of(&fields))
    }

    #[test]
    fn both_spellings_lead_to_the_field() {
        let request = "kexiang.customers.v1.ListCustomersRequest";

        assert_eq!(path(request, "contactPoint.kind").as_deref(), Some("contact_point.kind"));
        assert_eq!(path(request, "contact_point.kind").as_deref(), Some("contact_point.kind"));
        assert_eq!(path(request, "contact_point.nothing"), None);
        assert_eq!(path(request, "page_size.more"), None);
        assert_eq!(path(request, ""), None);
    }

    #[test]
    fn no_path_leads_into_lists_and_well_known_types() {
        assert_eq!(path("kexiang.customers.v1.Customer", "contact_points.kind"), None);
        assert_eq!(path("kexiang.customers.v1.Customer", "create_time.seconds"), None);
    }
}
