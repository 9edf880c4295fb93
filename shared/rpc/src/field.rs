//! Reading request fields: every violation is collected with its path, and all are reported at once.

use std::{fmt::Display, str::FromStr};

use kexiang_core::{
    id::{Marker, TypedId},
    slug::{Slug, SlugMarker},
};
use kexiang_proto::rpc::bad_request::FieldViolation;
use thiserror::Error;

use crate::refusal::Refusal;

/// What is wrong with a request, field by field.
#[derive(Debug, Default, Clone)]
pub struct Violations(Vec<FieldViolation>);

impl Violations {
    /// Keeps a violation: the field's path in the request, a constant for programs, what is wrong.
    pub fn add(&mut self, field: &str, reason: &str, description: impl Into<String>) {
        self.0.push(FieldViolation {
            field: field.to_owned(),
            description: description.into(),
            reason: reason.to_owned(),
        });
    }

    /// Takes the value, or keeps what is wrong with it.
    pub fn check<T, E: Display>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(field, "INVALID_VALUE", error.to_string());
                None
            }
        }
    }

    /// Takes a message field that has to be there.
    pub fn required<T>(&mut self, field: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.add(field, "REQUIRED", "is required");
        }
        value
    }

    /// Whether nothing is wrong so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives `value` when nothing was wrong. Converters put `None` only where they kept a violation.
    ///
    /// # Errors
    /// The refusal with all violations.
    pub fn into_result<T>(self, domain: &str, value: Option<T>) -> Result<T, Refusal> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Refusal::invalid(domain, self)),
        }
    }

    /// The violations one by one: field, description, reason.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.0.iter().map(|v| (v.field.as_str(), v.description.as_str(), v.reason.as_str()))
    }

    pub(crate) fn into_wire(self) -> Vec<FieldViolation> {
        self.0
    }
}

/// Why a text is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidText {
    /// Nothing but white space.
    #[error("must not be blank")]
    Blank,
    /// Longer than this many characters.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// Has U+0000, which PostgreSQL can't keep.
    #[error("must not have the character U+0000")]
    Nul,
}

/// A text without white space around it, not blank, of at most `max` characters.
///
/// # Errors
/// [`InvalidText`] says what is wrong.
pub fn text(value: &str, max: usize) -> Result<String, InvalidText> {
    optional_text(value, max)?.ok_or(InvalidText::Blank)
}

/// The same, where blank means not given.
///
/// # Errors
/// [`InvalidText`] says what is wrong.
pub fn optional_text(value: &str, max: usize) -> Result<Option<String>, InvalidText> {
    let value = value.trim();
    if value.contains('\0') {
        return Err(InvalidText::Nul);
    }
    // A character has at least one byte, so most texts need no counting.
    if value.len() > max && value.chars().count() > max {
        return Err(InvalidText::TooLong(max));
    }
    Ok((!value.is_empty()).then(|| value.to_owned()))
}

/// Why a resource name is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must have the form {collection}/{{id}}{hint}")]
pub struct InvalidName {
    collection: &'static str,
    hint: &'static str,
}

/// Reads a resource name, such as `cases/0199…`.
///
/// # Errors
/// [`InvalidName`] says the form.
pub fn name<M: Marker>(text: &str) -> Result<TypedId<M>, InvalidName> {
    read_name(text, M::COLLECTION, " with a UUID")
}

/// Reads a resource name with a chosen id, such as `sites/main`.
///
/// # Errors
/// [`InvalidName`] says the form.
pub fn slug_name<M: SlugMarker>(text: &str) -> Result<Slug<M>, InvalidName> {
    read_name(text, M::COLLECTION, "")
}

fn read_name<T: FromStr>(text: &str, collection: &'static str, hint: &'static str) -> Result<T, InvalidName> {
    text.strip_prefix(collection)
        .and_then(|rest| rest.strip_prefix('/'))
        .and_then(|id| id.parse().ok())
        .ok_or(InvalidName { collection, hint })
}

/// `None` for an empty text, which means not given; else what `read` makes of it.
///
/// # Errors
/// Those of `read`.
pub fn optional<T, E>(text: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Result<Option<T>, E> {
    if text.is_empty() { Ok(None) } else { read(text).map(Some) }
}

/// An enum's number is none that this version knows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidEnum {
    /// Unspecified where a value is required.
    #[error("is required")]
    Unspecified,
    /// No such value.
    #[error("has no value {0}")]
    Unknown(i32),
}

/// Reads an enum that may be unspecified. `P` is the wire's enum, `T` the domain's, spelled alike without the prefix.
///
/// # Errors
/// [`InvalidEnum::Unknown`].
pub fn optional_word<P, T>(
    number: i32,
    prefix: &str,
    name: fn(&P) -> &'static str,
) -> Result<Option<T>, InvalidEnum>
where
    P: TryFrom<i32>,
    T: FromStr,
{
    if number == 0 {
        return Ok(None);
    }
    let value = P::try_from(number).map_err(|_| InvalidEnum::Unknown(number))?;
    let word = name(&value).strip_prefix(prefix).unwrap_or_default();
    word.parse().map(Some).map_err(|_| InvalidEnum::Unknown(number))
}

/// The same, where a value is required.
///
/// # Errors
/// [`InvalidEnum`].
pub fn word<P, T>(number: i32, prefix: &str, name: fn(&P) -> &'static str) -> Result<T, InvalidEnum>
where
    P: TryFrom<i32>,
    T: FromStr,
{
    optional_word(number, prefix, name)?.ok_or(InvalidEnum::Unspecified)
}

/// Reads an etag: the version it stands for, or `None` when not given.
///
/// # Errors
/// A text that no resource of ours ever had as etag.
pub fn etag(text: &str) -> Result<Option<i64>, InvalidEtag> {
    optional(text, |text| text.parse().map_err(|_| InvalidEtag))
}

/// The text is no etag of ours.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("is not an etag that was given out")]
pub struct InvalidEtag;
