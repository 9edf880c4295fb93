//! What is wrong with a filter, and where.

use std::ops::Range;

use super::{DEEPEST, LONGEST_FILTER, MOST_TESTS, MOST_VALUES};

/// Characters of the text that are shown.
const LONGEST_SHOWN: usize = 40;

/// Where something stands in a filter, counted in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// From 0, over all lines.
    pub offset: usize,
}

/// A problem at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterProblem {
    /// Where it begins.
    pub place: Place,
    /// What stands there, cut when long; empty at the end.
    pub text: String,
    /// What it is.
    pub problem: Problem,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Something else has to stand here.
    #[error("{0} is expected here")]
    Expected(&'static str),
    /// A text that does not end.
    #[error("the text has no closing quote")]
    Unterminated,
    /// No escape.
    #[error("this is no escape: there are \\\\, \\\", \\', \\n and \\t")]
    Escape,
    /// No token begins so.
    #[error("this can't stand here: a text with such characters goes into quotes")]
    Character,
    /// AND and OR without parentheses.
    #[error("AND and OR stand side by side: say with parentheses what belongs together")]
    Mixed,
    /// No field; perhaps this one was meant.
    #[error("there is no such field{}", .0.map(|name| format!("; perhaps {name}")).unwrap_or_default())]
    UnknownField(Option<&'static str>),
    /// Personal, and kept sealed.
    #[error("this is personal and lies sealed: nobody can filter by it")]
    Sealed,
    /// Fine, unless it is to be saved.
    #[error(
        "this names one customer, who may be erased while the segment stays: it can't be saved, only asked unsaved"
    )]
    NamesSomebody,
    /// The field is not compared so.
    #[error("this field takes {0}")]
    Operator(&'static str),
    /// Not what the field holds.
    #[error("must be {0}")]
    Value(String),
    /// Not what the field takes.
    #[error("this field takes {0}")]
    Argument(String),
    /// Over [`LONGEST_FILTER`].
    #[error("a filter has at most {LONGEST_FILTER} characters")]
    TooLong,
    /// Over [`DEEPEST`].
    #[error("at most {DEEPEST} parentheses and NOTs stand around a test")]
    TooDeep,
    /// Over [`MOST_TESTS`].
    #[error("a filter has at most {MOST_TESTS} tests")]
    TooManyTests,
    /// Over [`MOST_VALUES`].
    #[error("IN takes at most {MOST_VALUES} values")]
    TooManyValues,
}

/// What a problem is, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The text is not of the language.
    Syntax,
    /// No field.
    UnknownField,
    /// Sealed, or not to be saved.
    SealedField,
    /// The field is not compared so.
    OperatorNotAllowed,
    /// The field does not hold such.
    ValueNotAllowed,
    /// The field does not take such.
    ArgumentNotAllowed,
    /// Over a limit.
    LimitExceeded,
}

impl Problem {
    /// What it is.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Expected(_) | Self::Unterminated | Self::Escape | Self::Character | Self::Mixed => {
                Reason::Syntax
            }
            Self::UnknownField(_) => Reason::UnknownField,
            Self::Sealed | Self::NamesSomebody => Reason::SealedField,
            Self::Operator(_) => Reason::OperatorNotAllowed,
            Self::Value(_) => Reason::ValueNotAllowed,
            Self::Argument(_) => Reason::ArgumentNotAllowed,
            Self::TooLong | Self::TooDeep | Self::TooManyTests | Self::TooManyValues => Reason::LimitExceeded,
        }
    }

    /// The problem at these bytes of a filter.
    #[must_use]
    pub fn at(self, source: &str, span: &Range<usize>) -> FilterProblem {
        let before = source.get(..span.start).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let place = Place {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            offset: before.chars().count(),
        };
        let text = source.get(span.clone()).unwrap_or_default();
        let shown: String = text.chars().take(LONGEST_SHOWN).collect();
        let text = if shown.len() < text.len() { format!("{shown}…") } else { shown };
        FilterProblem { place, text, problem: self }
    }
}
