//! Import profiles: data files that say how the rows of another system's file become cases.
//!
//! The shipped ones lie in `profiles/` and are compiled in; any other is read from its path. A profile is checked
//! when it is read (unknown keys, unknown words, zones) and once more against the header of the file (missing
//! columns), so that a mistake in it shows before the first row.

mod choice;
mod row;
mod template;
mod times;
mod translate;

use std::{collections::BTreeSet, path::Path};

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::setup::Setup;
pub use row::{Header, Row};
pub use translate::Translated;

/// Name and text of each shipped profile.
pub const SHIPPED: [(&str, &str); 5] = [
    ("kexiang", include_str!("../../profiles/kexiang.toml")),
    ("sf311", include_str!("../../profiles/sf311.toml")),
    ("nyc311", include_str!("../../profiles/nyc311.toml")),
    ("boston311", include_str!("../../profiles/boston311.toml")),
    ("comcast", include_str!("../../profiles/comcast.toml")),
];

/// How the rows of a file become cases. `profiles/sf311.toml` explains every part.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// What the file is, for people.
    pub description: String,
    /// The site, units, agents and routes that the cases need.
    pub setup: Setup,
    #[serde(default)]
    blank: row::Blank,
    case: translate::CaseColumns,
    contact: translate::ContactColumns,
    state: Option<times::State>,
    times: times::Times,
}

/// One thing that is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The path of the field in the request, such as `contact.channel`.
    pub field: String,
    /// A constant for programs.
    pub reason: String,
    /// What is wrong; may quote the file.
    pub description: String,
}

impl Refusal {
    /// Of its parts.
    #[must_use]
    pub fn new(field: &str, reason: &str, description: &str) -> Self {
        Self { field: field.to_owned(), reason: reason.to_owned(), description: description.to_owned() }
    }

    fn of_unknown(field: &str, unknown: &choice::Unknown) -> Self {
        Self::new(field, unknown.reason(), &unknown.to_string())
    }
}

impl Profile {
    /// A shipped profile by its name, or the one in the file at this path.
    ///
    /// # Errors
    /// When there is neither, or the text is no profile.
    pub fn load(name: &str) -> anyhow::Result<Self> {
        if Path::new(name).extension().is_none_or(|extension| extension != "toml") {
            return Self::parse(Self::shipped(name)?).with_context(|| format!("shipped profile {name}"));
        }
        let text = std::fs::read_to_string(name).with_context(|| format!("profile {name} can't be read"))?;
        Self::parse(&text).with_context(|| format!("{name} is no profile"))
    }

    /// The text of a shipped profile.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn shipped(name: &str) -> anyhow::Result<&'static str> {
        let Some((_, text)) = SHIPPED.into_iter().find(|(shipped, _)| *shipped == name) else {
            let names = SHIPPED.map(|(name, _)| name).join(", ");
            bail!(
                "there is no profile `{name}`; shipped ones are {names}; one of your own is given by its path, FILE.toml"
            );
        };
        Ok(text)
    }

    /// Reads the text of a profile.
    ///
    /// # Errors
    /// When it is none; the message shows the line.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        Ok(toml::from_str(text)?)
    }

    /// Checks that the file has every column that the profile reads.
    ///
    /// # Errors
    /// Names all missing columns.
    pub fn check(&self, header: &Header) -> anyhow::Result<()> {
        let missing: BTreeSet<_> = self.columns().filter(|column| !header.has(column)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let missing: Vec<_> = missing.into_iter().collect();
        bail!(
            "the file has no column {}; is it a file for this profile ({})?",
            missing.join(", "),
            self.description
        );
    }

    /// The row of a record as this profile sees it.
    #[must_use]
    pub fn row<'a>(&'a self, header: &'a Header, record: &'a csv::StringRecord) -> Row<'a> {
        Row::new(header, &self.blank, record)
    }

    /// The row's number in the other system.
    #[must_use]
    pub fn external_reference(&self, row: &Row<'_>) -> String {
        self.case.external_reference.fill(row).unwrap_or_default()
    }

    fn columns(&self) -> impl Iterator<Item = &str> {
        let state = self.state.iter().map(times::State::column);
        self.case.columns().chain(self.contact.columns()).chain(self.times.columns()).chain(state)
    }
}

#[cfg(test)]
mod tests;
