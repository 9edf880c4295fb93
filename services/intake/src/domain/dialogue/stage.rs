//! Where a conversation stands, and what its caller wants.

use kexiang_core::Kind;
use serde::{Deserialize, Serialize};

use super::DialogueState;
use crate::domain::knowledge::{ArticleKind, VersionId};

/// Where in the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Stage {
    /// The main menu.
    Menu,
    /// Which kind of report.
    Report,
    /// What to look for among articles of a kind.
    Topic {
        /// The kind.
        kind: ArticleKind,
    },
    /// An article was told.
    Reading {
        /// What was found, best first.
        versions: Vec<VersionId>,
        /// Which of it was told.
        at: usize,
    },
    /// The phone to be proven.
    Phone {
        /// What for.
        want: Want,
    },
    /// The code that was sent.
    Code {
        /// What for.
        want: Want,
    },
    /// A field of a report.
    Gather {
        /// What is reported.
        kind: Kind,
        /// Which field.
        field: Field,
        /// The matter, once said.
        matter: Option<String>,
    },
    /// It could not be answered: a report, or a person.
    Offer,
    /// It was answered.
    More,
    /// It is over.
    Over {
        /// How.
        state: DialogueState,
    },
}

impl Stage {
    /// Where the dialogue stands.
    #[must_use]
    pub const fn state(&self) -> DialogueState {
        match self {
            Self::Over { state } => *state,
            Self::Menu
            | Self::Report
            | Self::Topic { .. }
            | Self::Reading { .. }
            | Self::Phone { .. }
            | Self::Code { .. }
            | Self::Gather { .. }
            | Self::Offer
            | Self::More => DialogueState::Open,
        }
    }
}

/// A field of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Field {
    /// What it is about.
    Matter,
    /// Who reports.
    Name,
    /// How to reach them.
    Phone,
    /// Where.
    Address,
}

/// What somebody wants to know that is for nobody else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Want {
    /// What is registered of them.
    OwnData,
    /// Their open matters.
    Business,
    /// Where their cases stand.
    CaseStatus {
        /// That one alone.
        number: Option<String>,
    },
}
