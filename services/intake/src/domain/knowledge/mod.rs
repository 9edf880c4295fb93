//! What the desk knows, without any IO (IN-9): articles with their review, and how they are found.
//!
//! | to see | read |
//! |---|---|
//! | states of articles and versions, four eyes, expiry | [`article`] |
//! | its words: kinds, states, languages | [`vocabulary`], [`language`] |
//! | how text becomes words, Chinese and English | [`words`] |
//! | how an article becomes what PostgreSQL searches | [`index`] |
//! | how a query becomes what PostgreSQL looks for; which words count | [`query`] |
//! | misspelt words | [`typo`] |
//! | why a hit stands where it stands | [`ranking`] |
//! | what of a text is shown, and marked | [`snippet`] |

pub mod article;
pub mod facts;
pub mod index;
pub mod language;
pub mod query;
pub mod ranking;
pub mod snippet;
pub mod typo;
pub mod vocabulary;
pub mod words;

pub use article::{Article, Content, ContentChange, Move, MoveError, Version};
pub use facts::ArticleFacts;
pub use language::Language;
pub use vocabulary::{ArticleKind, ArticleState, VersionState};

use kexiang_core::{
    Actor, CaseId, ContactId, Timestamp,
    id::{ArticleFeedbackId, ArticleId, CitationId},
};
use serde::{Deserialize, Serialize};

/// One version of one article: `articles/{article}/versions/{number}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VersionId {
    /// The article.
    pub article: ArticleId,
    /// From 1.
    pub number: i32,
}

impl VersionId {
    /// The type's name in errors.
    pub const TYPE: &'static str = "ArticleVersion";

    /// Its resource name.
    #[must_use]
    pub fn name(self) -> String {
        format!("{}/versions/{}", self.article.name(), self.number)
    }
}

/// What somebody said of an article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feedback {
    /// Its id.
    pub id: ArticleFeedbackId,
    /// The version that was served.
    pub version: VersionId,
    /// Whether it helped.
    pub helped: bool,
    /// The case that it was read for.
    pub case: Option<CaseId>,
    /// The contact that it was read for.
    pub contact: Option<ContactId>,
    /// Who said it.
    pub recorded_by: Actor,
    /// When.
    pub recorded_at: Timestamp,
}

/// An answer that leans on a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Citation {
    /// Its id.
    pub id: CitationId,
    /// What is cited.
    pub version: VersionId,
    /// The case that was answered.
    pub case: CaseId,
    /// Who cited it first.
    pub cited_by: Actor,
    /// When.
    pub cited_at: Timestamp,
}
