//! The comments of the protos, and what their first word says of a field.

use std::collections::HashMap;

use prost_reflect::{
    DescriptorPool, EnumDescriptor, EnumValueDescriptor, FieldDescriptor, MessageDescriptor,
    MethodDescriptor, ServiceDescriptor,
};

/// Leading comments by file and path inside its descriptor.
#[derive(Debug, Default)]
pub struct Comments(HashMap<(String, Vec<i32>), String>);

impl Comments {
    /// Reads all comments of the pool.
    pub fn of(pool: &DescriptorPool) -> Self {
        let mut comments = HashMap::new();
        for file in pool.files() {
            let source = file.file_descriptor_proto().source_code_info.as_ref();
            for location in source.iter().flat_map(|info| &info.location) {
                let text = unwrapped(location.leading_comments());
                if !text.is_empty() {
                    comments.insert((file.name().to_owned(), location.path.clone()), text);
                }
            }
        }
        Self(comments)
    }

    /// The comment of a service.
    pub fn service(&self, service: &ServiceDescriptor) -> &str {
        self.at(service.parent_file().name(), service.path())
    }

    /// The comment of a method.
    pub fn method(&self, method: &MethodDescriptor) -> &str {
        self.at(method.parent_file().name(), method.path())
    }

    /// The comment of a message.
    pub fn message(&self, message: &MessageDescriptor) -> &str {
        self.at(message.parent_file().name(), message.path())
    }

    /// The comment of an enum, then one line for each value that has one.
    pub fn enumeration(&self, enumeration: &EnumDescriptor) -> String {
        let file = enumeration.parent_file();
        let mut lines = vec![self.at(file.name(), enumeration.path()).to_owned()];
        lines.extend(enumeration.values().filter_map(|value: EnumValueDescriptor| {
            let text = self.at(file.name(), value.path());
            (!text.is_empty()).then(|| format!("- `{}`: {text}", value.name()))
        }));
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    }

    /// The comment of a field.
    pub fn field(&self, field: &FieldDescriptor) -> FieldComment<'_> {
        FieldComment::of(self.at(field.parent_file().name(), field.path()))
    }

    fn at(&self, file: &str, path: &[i32]) -> &str {
        self.0.get(&(file.to_owned(), path.to_vec())).map_or("", String::as_str)
    }
}

/// What a field's comment says.
#[derive(Debug, PartialEq, Eq)]
pub struct FieldComment<'a> {
    /// Its first words were "Required."
    pub is_required: bool,
    /// Its first words were "Output only."
    pub is_output_only: bool,
    /// The rest.
    pub text: &'a str,
}

impl<'a> FieldComment<'a> {
    fn of(text: &'a str) -> Self {
        let rest = |mark| text.strip_prefix(mark).map(str::trim_start);
        let (required, output_only) = (rest("Required."), rest("Output only."));
        Self {
            is_required: required.is_some(),
            is_output_only: output_only.is_some(),
            text: required.or(output_only).or(rest("Optional.")).unwrap_or(text),
        }
    }
}

/// One line: in the protos, lines end where the editor's window does.
fn unwrapped(comment: &str) -> String {
    comment.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_of_a_comment_is_the_behaviour_of_the_field() {
        let required = FieldComment { is_required: true, is_output_only: false, text: "A name." };
        let output_only = FieldComment { is_required: false, is_output_only: true, text: "" };
        let optional = FieldComment { is_required: false, is_output_only: false, text: "50 when 0." };

        assert_eq!(FieldComment::of("Required. A name."), required);
        assert_eq!(FieldComment::of("Output only."), output_only);
        assert_eq!(FieldComment::of("Optional. 50 when 0."), optional);
        assert_eq!(FieldComment::of("50 when 0."), optional);
    }
}
