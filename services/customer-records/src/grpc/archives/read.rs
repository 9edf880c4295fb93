//! The archive from the wire, with every violation.

use kexiang_core::Timestamp;
use kexiang_proto::customers_v1 as pb;
use kexiang_rpc::{
    Violations,
    field::{self, InvalidEnum},
    time,
};
use prost_types::Timestamp as WireTime;
use rust_decimal::Decimal;

use crate::{
    app::archives::{EntryFilter, LoanFilter},
    domain::{
        agreement::schedule,
        archive::{
            AssessmentResult, Content,
            kind::{ArchiveKind, FieldSpec, FieldType, FieldValue, MAX_FIELDS, MAX_OPTIONS, MAX_PERIOD_DAYS},
            level::Level,
        },
    },
    grpc::agreements::read::code,
};

/// Characters of titles, display names and locations.
pub const LONGEST_TITLE: usize = 200;

/// Reads `archiveKinds/{code}`.
pub fn kind_name(text: &str) -> Result<String, &'static str> {
    let read = text.strip_prefix("archiveKinds/").and_then(|text| code(text).ok());
    read.ok_or("must have the form archiveKinds/{code}")
}

fn class_name(text: &str) -> Result<String, &'static str> {
    let read = text.strip_prefix("retentionClasses/").and_then(|text| code(text).ok());
    read.ok_or("must have the form retentionClasses/{code}")
}

/// Reads a time after another one, which `of` names.
pub fn after(
    field: &str,
    wire: Option<&WireTime>,
    (of, other): (&str, Timestamp),
    violations: &mut Violations,
) -> Option<Timestamp> {
    let at = violations.required(field, wire)?;
    let at = violations.check(field, time::timestamp(at))?;
    if at <= other {
        violations.add(field, "TOO_EARLY", format!("must be after {of}"));
        return None;
    }
    Some(at)
}

/// Reads a time to come.
pub fn future(
    field: &str,
    wire: Option<&WireTime>,
    now: Timestamp,
    violations: &mut Violations,
) -> Option<Timestamp> {
    after(field, wire, ("now", now), violations)
}

/// Reads what an assessment found.
pub fn result(number: i32) -> Result<AssessmentResult, InvalidEnum> {
    field::word::<pb::AssessmentResult, _>(number, "ASSESSMENT_RESULT_", pb::AssessmentResult::as_str_name)
}

fn level(number: i32) -> Result<Option<Level>, InvalidEnum> {
    let name = pb::ConfidentialityLevel::as_str_name;
    field::optional_word::<pb::ConfidentialityLevel, _>(number, "CONFIDENTIALITY_LEVEL_", name)
}

/// Reads an amount in a currency.
pub fn money(amount: &str, currency: &str, violations: &mut Violations) -> Option<(Decimal, String)> {
    let amount = violations.check("amount", schedule::amount(amount)).map(|amount| amount.normalize());
    let currency = violations.check("currency_code", schedule::currency(currency));
    let (mut amount, currency) = (amount?, currency?);
    let decimals = schedule::decimals(&currency);
    if amount.scale() > decimals {
        let most = format!("must have at most {decimals} decimals in {currency}");
        return violations.check("amount", Err(most));
    }
    amount.rescale(decimals);
    Some((amount, currency))
}

/// Reads a retention class.
pub fn class(
    request: &pb::DefineRetentionClassRequest,
    violations: &mut Violations,
) -> Option<(String, String, Option<i32>)> {
    let code = violations.check("code", code(&request.code));
    let wire = violations.required("retention_class", request.retention_class.as_ref())?;
    let display_name = field::text(&wire.display_name, LONGEST_TITLE);
    let display_name = violations.check("retention_class.display_name", display_name);
    let days = match wire.period_days {
        0 => Ok(None),
        days if (1..=MAX_PERIOD_DAYS).contains(&days) => Ok(Some(days)),
        _ => Err(format!("must be 0 to {MAX_PERIOD_DAYS}")),
    };
    let days = violations.check("retention_class.period_days", days);
    Some((code?, display_name?, days?))
}

/// Reads a kind.
pub fn kind(request: &pb::DefineArchiveKindRequest, violations: &mut Violations) -> Option<ArchiveKind> {
    let code = violations.check("code", code(&request.code));
    let wire = violations.required("archive_kind", request.archive_kind.as_ref())?;
    let display_name = field::text(&wire.display_name, LONGEST_TITLE);
    let display_name = violations.check("archive_kind.display_name", display_name);
    let fields = specs(&wire.fields, violations);
    let parent_kind = field::optional(&wire.parent_kind, kind_name);
    let parent_kind = violations.check("archive_kind.parent_kind", parent_kind);
    if code.is_some() && parent_kind.as_ref().is_some_and(|parent| *parent == code) {
        violations.add("archive_kind.parent_kind", "INVALID_VALUE", "must not be the kind itself");
    }
    let class = violations.check("archive_kind.retention_class", class_name(&wire.retention_class));
    Some(ArchiveKind {
        code: code?,
        display_name: display_name?,
        fields: fields?,
        parent_kind: parent_kind?,
        versioned: wire.versioned,
        assessed: wire.assessed,
        retention_class: class?,
    })
}

fn specs(wire: &[pb::ArchiveField], violations: &mut Violations) -> Option<Vec<FieldSpec>> {
    let path = "archive_kind.fields";
    if wire.len() > MAX_FIELDS {
        violations.add(path, "TOO_MANY", format!("must be at most {MAX_FIELDS}"));
        return None;
    }
    let mut specs: Vec<FieldSpec> = Vec::new();
    for (index, field) in wire.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let Some(spec) = spec(&path, field, violations) else { continue };
        if specs.iter().any(|other| other.code == spec.code) {
            violations.add(&format!("{path}.code"), "DUPLICATE", "comes twice");
        }
        specs.push(spec);
    }
    Some(specs)
}

fn spec(path: &str, wire: &pb::ArchiveField, violations: &mut Violations) -> Option<FieldSpec> {
    let code = violations.check(&format!("{path}.code"), code(&wire.code));
    let display_name = field::text(&wire.display_name, LONGEST_TITLE);
    let display_name = violations.check(&format!("{path}.display_name"), display_name);
    let name = pb::ArchiveFieldType::as_str_name;
    let field_type = field::word::<pb::ArchiveFieldType, _>(wire.r#type, "ARCHIVE_FIELD_TYPE_", name);
    let field_type = violations.check(&format!("{path}.type"), field_type);
    let options = options(&format!("{path}.options"), field_type, &wire.options, violations);
    Some(FieldSpec {
        code: code?,
        display_name: display_name?,
        field_type: field_type?,
        required: wire.required,
        repeated: wire.repeated,
        options: options?,
    })
}

fn options(
    path: &str,
    of: Option<FieldType>,
    wire: &[String],
    violations: &mut Violations,
) -> Option<Vec<String>> {
    let fits = match of? {
        FieldType::Choice => (1..=MAX_OPTIONS).contains(&wire.len()),
        FieldType::Text | FieldType::Phone | FieldType::Date | FieldType::Decimal | FieldType::Customer => {
            wire.is_empty()
        }
    };
    if !fits {
        violations.add(path, "INVALID_VALUE", format!("must be 1 to {MAX_OPTIONS} of a choice, none else"));
        return None;
    }
    let read = |(index, option): (usize, &String)| {
        violations.check(&format!("{path}[{index}]"), field::text(option, LONGEST_TITLE))
    };
    wire.iter().enumerate().map(read).collect()
}

/// The fields of an entry, for its kind to be read.
pub fn fields(wire: &pb::ArchiveContent) -> Vec<FieldValue> {
    let field =
        |field: &pb::ArchiveFieldValue| FieldValue { code: field.code.clone(), values: field.values.clone() };
    wire.fields.iter().map(field).collect()
}

/// Reads what an entry says; its fields are read by its kind.
pub fn content(wire: Option<&pb::ArchiveContent>, violations: &mut Violations) -> Option<Content> {
    let wire = violations.required("content", wire)?;
    let title = violations.check("content.title", field::text(&wire.title, LONGEST_TITLE));
    let level = level(wire.level).and_then(|level| level.ok_or(InvalidEnum::Unspecified));
    let level = violations.check("content.level", level);
    let location = violations.check("content.location", field::optional_text(&wire.location, LONGEST_TITLE));
    let parent = violations.check("content.parent", field::optional(&wire.parent, field::name));
    let fields = fields(wire);
    Some(Content { title: title?, level: level?, location: location?, parent: parent?, fields })
}

/// Reads the filter of entries.
pub fn filter(request: &pb::ListArchiveEntriesRequest, violations: &mut Violations) -> Option<EntryFilter> {
    let kind = violations.check("kind", field::optional(&request.kind, kind_name));
    let name = pb::ArchiveEntryState::as_str_name;
    let state = field::optional_word::<pb::ArchiveEntryState, _>(request.state, "ARCHIVE_ENTRY_STATE_", name);
    let state = violations.check("state", state);
    let parent = violations.check("parent", field::optional(&request.parent, field::name));
    let level = violations.check("level", level(request.level));
    Some(EntryFilter { kind: kind?, state: state?, parent: parent?, level: level? })
}

/// Reads the filter of loans.
pub fn loan_filter(request: &pb::ListArchiveLoansRequest, violations: &mut Violations) -> Option<LoanFilter> {
    let entry = violations.check("entry", field::optional(&request.entry, field::name));
    let borrower = violations.check("borrower", field::optional(&request.borrower, field::slug_name));
    let (open, overdue) = (request.open, request.overdue);
    Some(LoanFilter { entry: entry?, borrower: borrower?, open, overdue })
}
