//! Kinds of entries, as data: their fields and types, whom they point to, what is done with them, how long they are kept.

use kexiang_core::{CustomerId, PhoneNumber, Timestamp, phone::DEFAULT_REGION};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Most fields of a kind.
pub const MAX_FIELDS: usize = 50;
/// Most options of a field.
pub const MAX_OPTIONS: usize = 100;
/// Most values of a repeated field.
pub const MAX_VALUES: usize = 100;
/// Most days of a retention class.
pub const MAX_PERIOD_DAYS: i32 = 36_500;
/// Characters of a text.
const LONGEST_TEXT: usize = 1_000;

/// What the values of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FieldType {
    /// Any text.
    Text,
    /// Kept in E.164.
    Phone,
    /// ISO 8601.
    Date,
    /// Exact.
    Decimal,
    /// One of the options.
    Choice,
    /// Resource name of a customer.
    Customer,
}

/// No such type.
#[derive(Debug, thiserror::Error)]
#[error("no such type of field")]
pub struct UnknownFieldType;

impl std::str::FromStr for FieldType {
    type Err = UnknownFieldType;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "TEXT" => Ok(Self::Text),
            "PHONE" => Ok(Self::Phone),
            "DATE" => Ok(Self::Date),
            "DECIMAL" => Ok(Self::Decimal),
            "CHOICE" => Ok(Self::Choice),
            "CUSTOMER" => Ok(Self::Customer),
            _ => Err(UnknownFieldType),
        }
    }
}

/// A field of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldSpec {
    /// Unique in the kind.
    pub code: String,
    /// Not blank.
    pub display_name: String,
    /// What its values are.
    pub field_type: FieldType,
    /// An entry must have it.
    #[serde(default)]
    pub required: bool,
    /// May have several values.
    #[serde(default)]
    pub repeated: bool,
    /// Of a choice.
    #[serde(default)]
    pub options: Vec<String>,
}

/// A kind of entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveKind {
    /// Code.
    pub code: String,
    /// Not blank.
    pub display_name: String,
    /// In the order to be shown.
    pub fields: Vec<FieldSpec>,
    /// The kind that each entry points to one of.
    #[serde(default)]
    pub parent_kind: Option<String>,
    /// Has versions.
    #[serde(default)]
    pub versioned: bool,
    /// Is assessed, and quotes.
    #[serde(default)]
    pub assessed: bool,
    /// Code of its retention class.
    pub retention_class: String,
}

/// A kind as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredArchiveKind {
    /// What it is.
    pub kind: ArchiveKind,
    /// Last changed.
    pub updated_at: Timestamp,
    /// From 1; the etag.
    pub version: i64,
}

/// How long what is retired is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionClass {
    /// Code.
    pub code: String,
    /// Not blank.
    pub display_name: String,
    /// From the retirement; `None` for forever.
    pub period_days: Option<i32>,
    /// Last changed.
    pub updated_at: Timestamp,
    /// From 1; the etag.
    pub version: i64,
}

impl RetentionClass {
    /// Until when what is retired at a time is kept; `None` for forever.
    #[must_use]
    pub fn until(&self, retired_at: Timestamp) -> Option<Timestamp> {
        let period = jiff::SignedDuration::from_hours(24 * i64::from(self.period_days?));
        Some(retired_at.checked_add(period).unwrap_or(Timestamp::MAX))
    }
}

/// The values of a field of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldValue {
    /// Code of the field.
    pub code: String,
    /// One, or several when it is repeated.
    pub values: Vec<String>,
}

/// What is wrong with a field of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidField {
    /// In the request.
    pub path: String,
    /// For programs.
    pub reason: &'static str,
    /// For people.
    pub what: String,
}

fn invalid(path: &str, reason: &'static str, what: impl Into<String>) -> InvalidField {
    InvalidField { path: path.to_owned(), reason, what: what.into() }
}

impl ArchiveKind {
    /// Reads the fields of an entry, each as its type has it: trimmed, phones in E.164, dates and decimals in one form.
    ///
    /// # Errors
    /// All that is wrong: unknown and double codes, missing ones, too many values, wrong values.
    pub fn check(&self, fields: &[FieldValue]) -> Result<Vec<FieldValue>, Vec<InvalidField>> {
        const PATH: &str = "content.fields";
        if fields.len() > MAX_FIELDS {
            return Err(vec![invalid(PATH, "TOO_MANY", format!("must be at most {MAX_FIELDS}"))]);
        }
        let (mut kept, mut wrong): (Vec<FieldValue>, Vec<_>) = (Vec::new(), Vec::new());
        for (index, field) in fields.iter().enumerate() {
            let path = format!("{PATH}[{index}]");
            let Some(spec) = self.fields.iter().find(|spec| spec.code == field.code) else {
                wrong.push(invalid(&format!("{path}.code"), "UNKNOWN", "is no field of this kind"));
                continue;
            };
            if kept.iter().any(|other| other.code == field.code) {
                wrong.push(invalid(&format!("{path}.code"), "DUPLICATE", "comes twice"));
            }
            let values = spec.check(&path, &field.values, &mut wrong);
            kept.push(FieldValue { code: field.code.clone(), values });
        }
        for spec in self.fields.iter().filter(|spec| spec.required) {
            if !fields.iter().any(|field| field.code == spec.code) {
                wrong.push(invalid(PATH, "REQUIRED", format!("must have `{}`", spec.code)));
            }
        }
        if wrong.is_empty() { Ok(kept) } else { Err(wrong) }
    }

    /// The customers that fields point to.
    #[must_use]
    pub fn customers(&self, fields: &[FieldValue]) -> Vec<CustomerId> {
        let of_customers = |field: &&FieldValue| {
            let spec = self.fields.iter().find(|spec| spec.code == field.code);
            spec.is_some_and(|spec| spec.field_type == FieldType::Customer)
        };
        let values = fields.iter().filter(of_customers).flat_map(|field| &field.values);
        values.filter_map(|value| customer(value)).collect()
    }
}

impl FieldSpec {
    fn check(&self, path: &str, values: &[String], wrong: &mut Vec<InvalidField>) -> Vec<String> {
        let path = format!("{path}.values");
        let most = if self.repeated { MAX_VALUES } else { 1 };
        if values.is_empty() || values.len() > most {
            let what = if values.is_empty() { "REQUIRED" } else { "TOO_MANY" };
            wrong.push(invalid(&path, what, format!("must be 1 to {most}")));
            return Vec::new();
        }
        let mut read = Vec::new();
        for (index, value) in values.iter().enumerate() {
            match self.read(value.trim()) {
                Ok(value) => read.push(value),
                Err(what) => wrong.push(invalid(&format!("{path}[{index}]"), "INVALID_VALUE", what)),
            }
        }
        read
    }

    fn read(&self, value: &str) -> Result<String, String> {
        match self.field_type {
            FieldType::Text if value.is_empty() => Err("must not be blank".to_owned()),
            FieldType::Text if value.contains('\0') => Err("must not have the character U+0000".to_owned()),
            FieldType::Text if value.chars().count() > LONGEST_TEXT => {
                Err(format!("must have at most {LONGEST_TEXT} characters"))
            }
            FieldType::Text => Ok(value.to_owned()),
            FieldType::Phone => match PhoneNumber::parse(value, DEFAULT_REGION) {
                Ok(phone) => Ok(phone.as_str().to_owned()),
                Err(error) => Err(error.to_string()),
            },
            FieldType::Date => match (value.len(), value.parse::<jiff::civil::Date>()) {
                (10, Ok(date)) => Ok(date.to_string()),
                _ => Err("must be a date such as 2026-11-25".to_owned()),
            },
            FieldType::Decimal => match Decimal::from_str_exact(value) {
                Ok(number) => Ok(number.to_string()),
                Err(_) => Err("must be a decimal of at most 28 digits, such as 12.50".to_owned()),
            },
            FieldType::Choice if self.options.iter().any(|option| option == value) => Ok(value.to_owned()),
            FieldType::Choice => Err(format!("must be one of {}", self.options.join(", "))),
            FieldType::Customer => match customer(value) {
                Some(id) => Ok(id.name()),
                None => Err("must have the form customers/{id} with a UUID".to_owned()),
            },
        }
    }
}

fn customer(name: &str) -> Option<CustomerId> {
    name.strip_prefix("customers/")?.parse().ok()
}
