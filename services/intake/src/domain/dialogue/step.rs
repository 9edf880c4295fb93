//! What the front end shows: a prompt, and the keys and words of the stage.

use serde::{Deserialize, Serialize};

use super::{
    prompts::{Choice, Line, Spoken},
    stage::{Field, Stage},
};
use crate::domain::knowledge::VersionId;

/// A line with what is filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Say {
    /// Which.
    pub line: Line,
    /// What is filled in.
    pub args: Vec<String>,
    /// What it cites.
    pub citation: Option<VersionId>,
}

impl Say {
    /// A line with nothing to fill in.
    #[must_use]
    pub fn plain(line: Line) -> Self {
        Self::with(line, Vec::new())
    }

    /// A line with this filled in.
    #[must_use]
    pub fn with(line: Line, args: Vec<String>) -> Self {
        Self { line, args, citation: None }
    }
}

/// What kind of input a stage expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Expected {
    /// A key or word.
    Option,
    /// Free text.
    Text,
    /// Digits.
    Digits,
    /// Nothing any more.
    None,
}

impl Expected {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Option => "OPTION",
            Self::Text => "TEXT",
            Self::Digits => "DIGITS",
            Self::None => "NONE",
        }
    }
}

/// A step as it was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// To be spoken or shown.
    pub prompt: String,
    /// What may come.
    pub expected: Expected,
    /// Keys and their words.
    pub options: Vec<(String, String)>,
    /// What the prompt cites.
    pub citation: Option<VersionId>,
}

impl Step {
    /// What is said, then the question of the stage.
    #[must_use]
    pub fn new(stage: &Stage, language: Spoken, says: &[Say]) -> Self {
        let mut lines: Vec<_> = says.iter().map(|say| say.line.text(language, &say.args)).collect();
        lines.extend(question(stage).map(|line| line.text(language, &[])));
        let options = options(stage).iter();
        Self {
            prompt: lines.join("\n"),
            expected: expected(stage),
            options: options
                .map(|(key, choice)| ((*key).to_owned(), choice.word(language).to_owned()))
                .collect(),
            citation: says.iter().find_map(|say| say.citation),
        }
    }
}

const fn question(stage: &Stage) -> Option<Line> {
    Some(match stage {
        Stage::Menu => Line::AskMenu,
        Stage::Report => Line::AskReport,
        Stage::Topic { .. } => Line::AskTopic,
        Stage::Reading { .. } => Line::AskHelped,
        Stage::Phone { .. } => Line::AskPhone,
        Stage::Code { .. } => Line::AskCode,
        Stage::Gather { field: Field::Matter, .. } => Line::AskMatter,
        Stage::Gather { field: Field::Name, .. } => Line::AskName,
        Stage::Gather { field: Field::Phone, .. } => Line::AskGatherPhone,
        Stage::Gather { field: Field::Address, .. } => Line::AskAddress,
        Stage::Offer => Line::AskOffer,
        Stage::More => Line::AskMore,
        Stage::Over { .. } => return None,
    })
}

const fn expected(stage: &Stage) -> Expected {
    match stage {
        Stage::Menu | Stage::Report | Stage::Reading { .. } | Stage::Offer | Stage::More => Expected::Option,
        Stage::Topic { .. } => Expected::Text,
        Stage::Gather { field, .. } => match field {
            Field::Phone => Expected::Digits,
            Field::Matter | Field::Name | Field::Address => Expected::Text,
        },
        Stage::Phone { .. } | Stage::Code { .. } => Expected::Digits,
        Stage::Over { .. } => Expected::None,
    }
}

/// The keys of a stage.
#[must_use]
pub const fn options(stage: &Stage) -> &'static [(&'static str, Choice)] {
    match stage {
        Stage::Menu => &[
            ("1", Choice::OwnData),
            ("2", Choice::Business),
            ("3", Choice::CaseStatus),
            ("4", Choice::Policies),
            ("5", Choice::NewProducts),
            ("6", Choice::Notices),
            ("7", Choice::Convenience),
            ("8", Choice::Report),
            ("0", Choice::Person),
        ],
        Stage::Report => &[
            ("1", Choice::Fault),
            ("2", Choice::Complaint),
            ("3", Choice::Suggestion),
            ("9", Choice::Menu),
            ("0", Choice::Person),
        ],
        Stage::Topic { .. } => &[("1", Choice::Newest), ("9", Choice::Menu), ("0", Choice::Person)],
        Stage::Reading { .. } => {
            &[("1", Choice::Yes), ("2", Choice::No), ("9", Choice::Menu), ("0", Choice::Person)]
        }
        Stage::Phone { .. } | Stage::Gather { .. } => &[("9", Choice::Menu), ("0", Choice::Person)],
        Stage::Code { .. } => {
            &[("1", Choice::NewCode), ("2", Choice::OtherPhone), ("9", Choice::Menu), ("0", Choice::Person)]
        }
        Stage::Offer => &[("8", Choice::Report), ("9", Choice::Menu), ("0", Choice::Person)],
        Stage::More => &[("1", Choice::Done), ("9", Choice::Menu), ("0", Choice::Person)],
        Stage::Over { .. } => &[],
    }
}

/// What an input chooses at a stage: a key, or a word of either language.
#[must_use]
pub fn chosen(stage: &Stage, input: &str) -> Option<Choice> {
    let said = input.trim().trim_end_matches('#').to_lowercase();
    let is = |choice: Choice| [Spoken::Zh, Spoken::En].iter().any(|language| choice.word(*language) == said);
    let options = options(stage).iter();
    options.copied().find(|(key, choice)| *key == said || is(*choice)).map(|(_, choice)| choice)
}
