//! The own fields of packs (CU-1): schemas by version, and the check of values. All that is wrong is told, field by field.

use std::{cmp::Ordering, collections::BTreeMap, str::FromStr};

use jiff::{Timestamp, civil::Date};
use kexiang_core::{Actor, FieldSchemaId, vocabulary::UnknownWord};
use serde::{Deserialize, Serialize};

/// Most fields of a schema.
pub const MOST_FIELDS: usize = 100;
/// Most choices of a field, and characters of each.
pub const MOST_CHOICES: usize = 200;
/// Characters of a choice.
pub const LONGEST_CHOICE: usize = 100;
/// Characters of a text.
pub const LONGEST_TEXT: usize = 1_000;
/// Digits of a decimal.
const MOST_DIGITS: usize = 28;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FieldKind {
    /// Text.
    Text,
    /// Whole number.
    Integer,
    /// Decimal number.
    Decimal,
    /// Date.
    Date,
    /// Yes or no.
    Bool,
    /// One of several.
    Choice,
    /// Some of several.
    MultiChoice,
}

impl FieldKind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Text, Self::Integer, Self::Decimal, Self::Date, Self::Bool, Self::Choice, Self::MultiChoice];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::Integer => "INTEGER",
            Self::Decimal => "DECIMAL",
            Self::Date => "DATE",
            Self::Bool => "BOOL",
            Self::Choice => "CHOICE",
            Self::MultiChoice => "MULTI_CHOICE",
        }
    }

    const fn has_choices(self) -> bool {
        matches!(self, Self::Choice | Self::MultiChoice)
    }

    const fn has_bounds(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Date)
    }
}

impl FromStr for FieldKind {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// A field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldDefinition {
    /// By which values are kept.
    pub key: String,
    /// What people read.
    pub display_name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// A profile with own fields must have it.
    pub mandatory: bool,
    /// Characters of a text.
    pub max_length: usize,
    /// The least.
    pub min: Option<String>,
    /// The greatest.
    pub max: Option<String>,
    /// What can be chosen.
    pub choices: Vec<String>,
}

/// A version of a pack's own fields; its fields never change. A draft becomes published, and never a draft again; only by
/// published ones are profiles checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldSchema {
    /// Which.
    pub id: FieldSchemaId,
    /// Of which pack.
    pub pack: String,
    /// 1 for the first of a pack.
    pub version: i32,
    /// In the order shown.
    pub fields: Vec<FieldDefinition>,
    /// Made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Actor,
    /// When and by whom published; `None` of a draft.
    pub published: Option<(Timestamp, Actor)>,
}

/// Data of `field_schema.created` and `field_schema.published`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldSchemaFacts {
    /// Which.
    pub field_schema_id: FieldSchemaId,
    /// Of which pack.
    pub pack: String,
    /// Which version.
    pub version: i32,
}

/// Values by key; several of a multi-choice.
pub type OwnFields = BTreeMap<String, Vec<String>>;

/// Why a value or a definition is not taken. Says nothing of the value: it may be personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// The schema has no such field.
    #[error("is no field of the schema")]
    Unknown,
    /// Mandatory, and not there.
    #[error("is required by the schema")]
    Missing,
    /// Several values where one is wanted.
    #[error("must have one value")]
    OneValue,
    /// Not of the kind.
    #[error("must be of kind {0}")]
    Kind(&'static str),
    /// Too long.
    #[error("must have 1 to {0} characters")]
    Length(usize),
    /// Less than the least or greater than the greatest.
    #[error("must be from {0} to {1}")]
    Bounds(String, String),
    /// None of the choices, or one twice.
    #[error("must be among the choices, none twice")]
    Choice,
    /// A key that is none.
    #[error("must be 1–40 of a–z, 0–9 and underscore, starting with a letter")]
    Key,
    /// A choice field without usable choices, or choices of another kind.
    #[error(
        "must be 1 to {MOST_CHOICES} different codes of at most {LONGEST_CHOICE} characters for choices, and none otherwise"
    )]
    Choices,
    /// A bound that is no value of the kind, or bounds the wrong way round.
    #[error(
        "must be a value of the field's kind, the least not above the greatest, and empty for kinds without bounds"
    )]
    BadBounds,
}

/// Whether a text is a pack: 1–40 of a–z, 0–9 and hyphen, starting with a letter.
#[must_use]
pub fn is_pack(text: &str) -> bool {
    is_code(text, b'-')
}

/// Whether a text can be the key of a field: 1–40 of a–z, 0–9 and underscore, starting with a letter.
#[must_use]
pub fn is_key(text: &str) -> bool {
    is_code(text, b'_')
}

fn is_code(text: &str, joiner: u8) -> bool {
    (1..=40).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == joiner)
}

/// A number as digits before and after the point, compared without loss.
fn decimal(text: &str) -> Option<(bool, Vec<u8>, Vec<u8>)> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, part) = digits.split_once('.').map_or((digits, "0"), |(whole, part)| (whole, part));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(part) || whole.len() + part.len() > MOST_DIGITS + 1 {
        return None;
    }
    let whole = whole.trim_start_matches('0').as_bytes().to_vec();
    let part = part.trim_end_matches('0').as_bytes().to_vec();
    let zero = whole.is_empty() && part.is_empty();
    Some((negative && !zero, whole, part))
}

impl FieldDefinition {
    /// How two values of this field compare; `None` when one is no value of its kind.
    fn compare(&self, one: &str, other: &str) -> Option<Ordering> {
        match self.kind {
            FieldKind::Integer => Some(one.parse::<i64>().ok()?.cmp(&other.parse::<i64>().ok()?)),
            FieldKind::Date => Some(one.parse::<Date>().ok()?.cmp(&other.parse::<Date>().ok()?)),
            FieldKind::Decimal => {
                let (one, other) = (decimal(one)?, decimal(other)?);
                let size = |n: &(bool, Vec<u8>, Vec<u8>)| (n.1.len(), n.1.clone(), n.2.clone());
                Some(match (one.0, other.0) {
                    (false, false) => size(&one).cmp(&size(&other)),
                    (true, true) => size(&other).cmp(&size(&one)),
                    (negative, _) => {
                        if negative {
                            Ordering::Less
                        } else {
                            Ordering::Greater
                        }
                    }
                })
            }
            FieldKind::Text | FieldKind::Bool | FieldKind::Choice | FieldKind::MultiChoice => None,
        }
    }

    /// What is wrong with the definition: part and problem.
    #[must_use]
    pub fn problems(&self) -> Vec<(&'static str, FieldProblem)> {
        let mut problems = Vec::new();
        if !is_code(&self.key, b'_') {
            problems.push(("key", FieldProblem::Key));
        }
        let mut different = self.choices.clone();
        different.sort();
        different.dedup();
        let fits = |choice: &String| !choice.is_empty() && choice.chars().count() <= LONGEST_CHOICE;
        let usable = (1..=MOST_CHOICES).contains(&self.choices.len())
            && different.len() == self.choices.len()
            && self.choices.iter().all(fits);
        if if self.kind.has_choices() { !usable } else { !self.choices.is_empty() } {
            problems.push(("choices", FieldProblem::Choices));
        }
        if self.max_length == 0 || self.max_length > LONGEST_TEXT {
            problems.push(("max_length", FieldProblem::Length(LONGEST_TEXT)));
        }
        let is_bound = |bound: &String| self.kind.has_bounds() && self.compare(bound, bound).is_some();
        for (part, bound) in [("min", &self.min), ("max", &self.max)] {
            if bound.as_ref().is_some_and(|bound| !is_bound(bound)) {
                problems.push((part, FieldProblem::BadBounds));
            }
        }
        let turned = self.min.as_ref().zip(self.max.as_ref()).and_then(|(min, max)| self.compare(min, max));
        if turned == Some(Ordering::Greater) {
            problems.push(("min", FieldProblem::BadBounds));
        }
        problems
    }

    fn check(&self, values: &[String]) -> Result<(), FieldProblem> {
        if self.kind == FieldKind::MultiChoice {
            let mut different = values.to_vec();
            different.sort();
            different.dedup();
            let known = values.iter().all(|value| self.choices.contains(value));
            return if known && different.len() == values.len() { Ok(()) } else { Err(FieldProblem::Choice) };
        }
        let [value] = values else { return Err(FieldProblem::OneValue) };
        match self.kind {
            FieldKind::Text
                if value.is_empty() || value.chars().count() > self.max_length || value.contains('\0') =>
            {
                Err(FieldProblem::Length(self.max_length))
            }
            FieldKind::Bool if value != "true" && value != "false" => Err(FieldProblem::Kind("BOOL")),
            FieldKind::Choice if !self.choices.contains(value) => Err(FieldProblem::Choice),
            FieldKind::Integer | FieldKind::Decimal | FieldKind::Date => self.check_bounds(value),
            FieldKind::Text | FieldKind::Bool | FieldKind::Choice | FieldKind::MultiChoice => Ok(()),
        }
    }

    fn check_bounds(&self, value: &str) -> Result<(), FieldProblem> {
        if self.compare(value, value).is_none() {
            return Err(FieldProblem::Kind(self.kind.as_str()));
        }
        let is = |bound: &Option<String>, wrong| {
            bound.as_ref().is_some_and(|bound| self.compare(value, bound) == Some(wrong))
        };
        if is(&self.min, Ordering::Less) || is(&self.max, Ordering::Greater) {
            let told = |bound: &Option<String>| bound.clone().unwrap_or_else(|| "…".to_owned());
            return Err(FieldProblem::Bounds(told(&self.min), told(&self.max)));
        }
        Ok(())
    }
}

impl FieldSchema {
    /// 1 of a draft, 2 once published; the etag.
    #[must_use]
    pub const fn revision(&self) -> i64 {
        if self.published.is_some() { 2 } else { 1 }
    }

    /// What events tell of it.
    #[must_use]
    pub fn facts(&self) -> FieldSchemaFacts {
        FieldSchemaFacts { field_schema_id: self.id, pack: self.pack.clone(), version: self.version }
    }

    /// What is wrong with values, by key.
    #[must_use]
    pub fn problems(&self, values: &OwnFields) -> Vec<(String, FieldProblem)> {
        let mut problems = Vec::new();
        for (key, values) in values {
            match self.fields.iter().find(|field| field.key == *key) {
                None => problems.push((key.clone(), FieldProblem::Unknown)),
                Some(field) => {
                    problems.extend(field.check(values).err().map(|problem| (key.clone(), problem)));
                }
            }
        }
        let missing = self.fields.iter().filter(|field| field.mandatory && !values.contains_key(&field.key));
        problems.extend(missing.map(|field| (field.key.clone(), FieldProblem::Missing)));
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: FieldKind, min: &str, max: &str) -> FieldDefinition {
        let bound = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let choices = if kind.has_choices() { vec!["a".to_owned(), "b".to_owned()] } else { vec![] };
        FieldDefinition {
            key: "field".into(),
            display_name: "Field".into(),
            kind,
            mandatory: false,
            max_length: 3,
            min: bound(min),
            max: bound(max),
            choices,
        }
    }

    #[test]
    fn values_are_checked_by_kind_and_bounds() {
        let good = [
            (field(FieldKind::Text, "", ""), "路路路"),
            (field(FieldKind::Integer, "-5", "5"), "-5"),
            (field(FieldKind::Decimal, "-1.5", "10"), "9.999"),
            (field(FieldKind::Decimal, "-1.5", "10"), "-1.50"),
            (field(FieldKind::Date, "2020-01-01", ""), "2026-02-28"),
            (field(FieldKind::Bool, "", ""), "true"),
            (field(FieldKind::Choice, "", ""), "b"),
        ];
        let bad = [
            (field(FieldKind::Text, "", ""), "路路路路"),
            (field(FieldKind::Integer, "-5", "5"), "6"),
            (field(FieldKind::Integer, "", ""), "1.0"),
            (field(FieldKind::Decimal, "-1.5", "10"), "-1.51"),
            (field(FieldKind::Decimal, "-1.5", "10"), "10.01"),
            (field(FieldKind::Decimal, "", ""), "1e3"),
            (field(FieldKind::Date, "2020-01-01", ""), "2019-12-31"),
            (field(FieldKind::Date, "", ""), "2026-02-29"),
            (field(FieldKind::Bool, "", ""), "yes"),
            (field(FieldKind::Choice, "", ""), "c"),
        ];

        for (field, value) in good {
            assert_eq!(field.check(&[value.to_owned()]), Ok(()), "{value}");
        }
        for (field, value) in bad {
            assert!(field.check(&[value.to_owned()]).is_err(), "{value}");
        }
        let several = field(FieldKind::MultiChoice, "", "");
        assert!(several.check(&["a".into(), "b".into()]).is_ok());
        assert!(several.check(&["a".into(), "a".into()]).is_err());
    }

    #[test]
    fn definitions_that_no_value_could_fit_are_told() {
        let turned = field(FieldKind::Integer, "5", "1");
        let unbounded = field(FieldKind::Text, "1", "");
        let unnamed = FieldDefinition {
            key: "Key".into(),
            choices: vec!["a".into()],
            ..field(FieldKind::Bool, "", "")
        };

        let parts =
            |field: &FieldDefinition| field.problems().into_iter().map(|(part, _)| part).collect::<Vec<_>>();

        assert_eq!(parts(&turned), ["min"]);
        assert_eq!(parts(&unbounded), ["min"]);
        assert_eq!(parts(&unnamed), ["key", "choices"]);
        assert!(parts(&field(FieldKind::MultiChoice, "", "")).is_empty());
    }
}
