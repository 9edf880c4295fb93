//! Between the wire and the domain of files.

use encoding_rs::{Encoding, UTF_8};
use kexiang_core::{CustomerId, PhoneNumber, phone::InvalidPhone};
use kexiang_proto::{
    customers_v1::{self as pb, ImportField as Wire, import_row_result::Outcome as Word},
    rpc::bad_request::FieldViolation,
};
use kexiang_rpc::{Violations, field};

use crate::{
    app::ImportSettings,
    domain::{
        export::ExportFacts,
        import::{Fault, FileFormat, MAX_COLUMNS, columns::Field, plan::Outcome},
    },
    grpc::{convert, privacy::field_to_wire},
};

/// The longest name of a source, in characters.
const MAX_SOURCE: usize = 100;
/// The longest name of a column, in characters.
const MAX_COLUMN: usize = 200;
/// The most customers that an export names.
const MAX_CUSTOMERS: usize = 1_000;

/// Reads a format.
pub fn format(path: &str, number: i32, violations: &mut Violations) -> Option<FileFormat> {
    let format = match pb::FileFormat::try_from(number) {
        Ok(pb::FileFormat::Unspecified) => Err("must be given"),
        Ok(pb::FileFormat::Csv) => Ok(FileFormat::Csv),
        Ok(pb::FileFormat::Xlsx) => Ok(FileFormat::Xlsx),
        Ok(pb::FileFormat::Vcard) => Ok(FileFormat::VCard),
        Ok(pb::FileFormat::Vcard3) => Ok(FileFormat::VCard3),
        Err(_) => Err("is none of the formats"),
    };
    violations.check(path, format)
}

/// Media type and file name of a format.
pub const fn media(format: FileFormat) -> (&'static str, &'static str) {
    match format {
        FileFormat::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"customers.csv\""),
        FileFormat::Xlsx => (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "attachment; filename=\"customers.xlsx\"",
        ),
        FileFormat::VCard | FileFormat::VCard3 => {
            ("text/vcard; charset=utf-8", "attachment; filename=\"customers.vcf\"")
        }
    }
}

/// Reads whom an export is to have.
pub fn customers(names: &[String], violations: &mut Violations) -> Option<Vec<CustomerId>> {
    if names.len() > MAX_CUSTOMERS {
        return violations.check("customers", Err(format!("must be at most {MAX_CUSTOMERS}")));
    }
    let read = names.iter().enumerate();
    let mut ids: Vec<_> = read
        .map(|(index, name)| convert::customer_name(&format!("customers[{index}]"), name, violations))
        .collect::<Vec<_>>()
        .into_iter()
        .collect::<Option<_>>()?;
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id: &CustomerId| seen.insert(*id));
    Some(ids)
}

/// Reads how a file is to be taken in.
pub fn settings(wire: Option<&pb::ImportSettings>, violations: &mut Violations) -> Option<ImportSettings> {
    let wire = violations.required("settings", wire)?;
    let format = format("settings.format", wire.format, violations);
    let source = violations.check("settings.source", field::text(&wire.source, MAX_SOURCE));
    let mapping = mapping(&wire.columns, violations);
    let region = convert::region(&wire.phone_region).to_owned();
    let is_region = match PhoneNumber::parse("1", &region) {
        Err(InvalidPhone::Region) => Err(InvalidPhone::Region),
        _ => Ok(region),
    };
    let region = violations.check("settings.phone_region", is_region);
    let charset = match wire.charset.trim() {
        "" => Ok(UTF_8),
        label => Encoding::for_label(label.as_bytes()).ok_or("is no character set that is known"),
    };
    let charset = violations.check("settings.charset", charset);
    Some(ImportSettings {
        format: format?,
        charset: charset?,
        mapping: mapping?,
        region: region?,
        source: source?,
        dry_run: wire.dry_run,
    })
}

fn mapping(
    columns: &[pb::ColumnMapping],
    violations: &mut Violations,
) -> Option<Vec<(String, Option<Field>)>> {
    if columns.len() > MAX_COLUMNS {
        return violations.check("settings.columns", Err(format!("must be at most {MAX_COLUMNS}")));
    }
    let mut read = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        let path = format!("settings.columns[{index}]");
        let name = violations.check(&format!("{path}.column"), field::text(&column.column, MAX_COLUMN));
        let field = match Wire::try_from(column.field) {
            Ok(Wire::Ignored) => Ok(None),
            Ok(Wire::Customer) => Ok(Some(Field::Customer)),
            Ok(Wire::ExternalId) => Ok(Some(Field::ExternalId)),
            Ok(Wire::Kind) => Ok(Some(Field::Kind)),
            Ok(Wire::DisplayName) => Ok(Some(Field::DisplayName)),
            Ok(Wire::Phone) => Ok(Some(Field::Phone)),
            Ok(Wire::Email) => Ok(Some(Field::Email)),
            Ok(Wire::Address) => Ok(Some(Field::Address)),
            Ok(Wire::Unspecified) => Err("must be given"),
            Err(_) => Err("is none of the fields"),
        };
        read.push(name.zip(violations.check(&format!("{path}.field"), field)));
    }
    read.into_iter().collect()
}

/// Writes what became of a row, and counts it.
pub fn result(row: u64, outcome: Outcome, summary: &mut pb::ImportSummary) -> pb::ImportRowResult {
    let row = i64::try_from(row).unwrap_or(i64::MAX);
    let mut result = pb::ImportRowResult { row, ..Default::default() };
    summary.rows += 1;
    let (word, count) = match outcome {
        Outcome::Created(id) => {
            result.customer = id.name();
            (Word::Created, &mut summary.created)
        }
        Outcome::Updated(id) => {
            result.customer = id.name();
            (Word::Updated, &mut summary.updated)
        }
        Outcome::Unchanged(id) => {
            result.customer = id.name();
            (Word::Unchanged, &mut summary.unchanged)
        }
        Outcome::PossibleDuplicate(others) => {
            result.duplicates = others.into_iter().map(CustomerId::name).collect();
            (Word::PossibleDuplicate, &mut summary.possible_duplicates)
        }
        Outcome::Refused(faults) => {
            result.violations = faults.into_iter().map(violation).collect();
            (Word::Refused, &mut summary.refused)
        }
    };
    *count += 1;
    result.outcome = word.into();
    result
}

fn violation(fault: Fault) -> FieldViolation {
    FieldViolation { field: fault.field, description: fault.text, reason: fault.reason.to_owned() }
}

/// Writes that somebody took customers out.
pub fn export_facts(facts: &ExportFacts) -> pb::CustomerExportFacts {
    pb::CustomerExportFacts {
        customer_export: facts.customer_export_id.name(),
        customers: i64::try_from(facts.customers).unwrap_or(i64::MAX),
        fields_in_clear: facts.in_clear.iter().map(|field| field_to_wire(*field).into()).collect(),
    }
}
