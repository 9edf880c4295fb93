//! From the words of a file to ours: a value map with its policy for everything else.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Deserializer, de::Error as _};

use super::row::{Pattern, Row};

/// Chooses a word of the vocabulary by the cell of a column. Exact values go before beginnings (`General Request*`),
/// longer beginnings before shorter ones. Without a column everything is `otherwise`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, bound = "T: FromStr, T::Err: std::fmt::Display")]
pub struct Choice<T> {
    #[serde(default)]
    column: Option<String>,
    #[serde(default)]
    values: BTreeMap<Pattern, Word<T>>,
    /// What becomes of values that the map does not know, blank ones among them: `refuse`, or a word.
    otherwise: Otherwise<T>,
}

#[derive(Debug, Clone)]
struct Word<T>(T);

#[derive(Debug, Clone)]
enum Otherwise<T> {
    Refuse,
    Take(T),
}

/// A cell holds what the profile does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// Nothing stands there.
    #[error("column `{0}` is blank")]
    Blank(String),
    /// Something else stands there.
    #[error("column `{column}`: the profile knows no `{value}`")]
    Value {
        /// Where.
        column: String,
        /// What, cut to 60 characters.
        value: String,
    },
}

impl Unknown {
    /// Of a cell.
    #[must_use]
    pub fn new(column: &str, value: &str) -> Self {
        match value {
            "" => Self::Blank(column.to_owned()),
            value => Self::Value { column: column.to_owned(), value: value.chars().take(60).collect() },
        }
    }

    /// The constant for programs.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Blank(_) => "BLANK",
            Self::Value { .. } => "UNKNOWN_VALUE",
        }
    }
}

impl<T: Copy> Choice<T> {
    /// The word for this row.
    ///
    /// # Errors
    /// [`Unknown`] when the map does not have the value and the policy is to refuse.
    pub fn choose(&self, row: &Row<'_>) -> Result<T, Unknown> {
        let column = self.column.as_deref().unwrap_or_default();
        let value = row.cell(column);
        match (self.find(value), &self.otherwise) {
            (Some(word), _) | (None, Otherwise::Take(word)) => Ok(*word),
            (None, Otherwise::Refuse) => Err(Unknown::new(column, value)),
        }
    }

    fn find(&self, value: &str) -> Option<&T> {
        let exact =
            self.values.iter().find(|(pattern, _)| pattern.beginning().is_none() && pattern.fits(value));
        let longest = || {
            let fitting = self
                .values
                .iter()
                .filter(|(pattern, _)| pattern.beginning().is_some() && pattern.fits(value));
            fitting.max_by_key(|(pattern, _)| pattern.beginning().map(str::len))
        };
        exact.or_else(longest).map(|(_, Word(word))| word)
    }

    /// The column it reads.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.column.as_deref().into_iter()
    }
}

impl<'de, T: FromStr<Err: std::fmt::Display>> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(D::Error::custom)
    }
}

impl<'de, T: FromStr<Err: std::fmt::Display>> Deserialize<'de> for Otherwise<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "refuse" => Ok(Self::Refuse),
            word => word.parse().map(Self::Take).map_err(D::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::row::{Blank, Header};
    use kexiang_core::Kind;

    fn chosen(toml: &str, cell: &str) -> Result<Kind, Unknown> {
        let choice: Choice<Kind> = toml::from_str(toml).unwrap();
        let (header, blank) = (Header::new(["type"].into_iter()), Blank::default());
        choice.choose(&Row::new(&header, &blank, &csv::StringRecord::from(vec![cell])))
    }

    const MAP: &str = r#"
        column = "type"
        otherwise = "refuse"
        [values]
        "Noise" = "COMPLAINT"
        "Noise*" = "OTHER"
        "Noise - Park*" = "SUGGESTION"
    "#;

    #[test]
    fn exact_values_go_before_longer_beginnings_before_shorter_ones() {
        assert_eq!(chosen(MAP, "Noise"), Ok(Kind::Complaint));
        assert_eq!(chosen(MAP, "Noise - Street"), Ok(Kind::Other));
        assert_eq!(chosen(MAP, "Noise - Parks"), Ok(Kind::Suggestion));
    }

    #[test]
    fn an_unknown_value_is_refused_by_its_name() {
        let refusal = chosen(MAP, "Rats").unwrap_err();

        assert_eq!(refusal.reason(), "UNKNOWN_VALUE");
        assert_eq!(refusal.to_string(), "column `type`: the profile knows no `Rats`");
        assert_eq!(chosen(MAP, " ").unwrap_err().reason(), "BLANK");
    }

    #[test]
    fn a_default_takes_what_is_unknown() {
        assert_eq!(chosen("column = \"type\"\notherwise = \"FAULT\"", "Rats"), Ok(Kind::Fault));
    }

    #[test]
    fn a_word_that_does_not_exist_is_refused_when_the_profile_is_read() {
        assert!(
            toml::from_str::<Choice<Kind>>("otherwise = \"FALT\"").unwrap_err().to_string().contains("FALT")
        );
    }
}
