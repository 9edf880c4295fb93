//! One row of a file, read by the names of its columns.
//!
//! Cells are trimmed; what the profile calls blank reads as empty, so that `Unspecified` never becomes a district.

use std::collections::{BTreeMap, HashMap};

use csv::StringRecord;
use serde::Deserialize;

/// Where each column stands. Of two columns with one name the first counts.
#[derive(Debug, Clone, Default)]
pub struct Header(HashMap<String, usize>);

impl Header {
    /// Of the names in the file's first record.
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut columns = HashMap::new();
        for (at, name) in names.enumerate() {
            columns.entry(name.trim().to_owned()).or_insert(at);
        }
        Self(columns)
    }

    /// Whether the file has this column.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.0.contains_key(column)
    }

    /// The column that stands at `at`.
    #[must_use]
    pub fn name(&self, at: usize) -> Option<&str> {
        self.0.iter().find(|(_, place)| **place == at).map(|(name, _)| name.as_str())
    }
}

/// A value, or the beginning of values when it ends in `*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct Pattern(String);

impl Pattern {
    /// Whether `value` is this value, or begins so.
    #[must_use]
    pub fn fits(&self, value: &str) -> bool {
        self.beginning().map_or(self.0 == value, |beginning| value.starts_with(beginning))
    }

    /// The beginning, of a pattern with `*`.
    #[must_use]
    pub fn beginning(&self) -> Option<&str> {
        self.0.strip_suffix('*')
    }
}

/// Per column, the values that say nothing.
pub type Blank = BTreeMap<String, Vec<Pattern>>;

/// A row with what is needed to read it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    header: &'a Header,
    blank: &'a Blank,
    record: &'a StringRecord,
}

impl<'a> Row<'a> {
    /// Of one record.
    #[must_use]
    pub fn new(header: &'a Header, blank: &'a Blank, record: &'a StringRecord) -> Self {
        Self { header, blank, record }
    }

    /// The trimmed cell; empty when it is missing, or blank by the profile.
    #[must_use]
    pub fn cell(&self, column: &str) -> &'a str {
        let cell = self.header.0.get(column).and_then(|at| self.record.get(*at)).unwrap_or_default().trim();
        let says_nothing =
            self.blank.get(column).is_some_and(|values| values.iter().any(|value| value.fits(cell)));
        if says_nothing { "" } else { cell }
    }

    /// Whether the cell of every column of `conditions` fits one of its patterns.
    #[must_use]
    pub fn fits(&self, conditions: &BTreeMap<String, Vec<Pattern>>) -> bool {
        conditions.iter().all(|(column, values)| values.iter().any(|value| value.fits(self.cell(column))))
    }
}
