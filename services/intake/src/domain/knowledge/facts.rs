//! What the events of an article tell: ids and codes, no text of anybody.

use kexiang_core::{CaseId, SiteId, Timestamp, id::ArticleId};
use serde::{Deserialize, Serialize};

use super::{Article, ArticleKind, ArticleState, Language, VersionState};

/// Facts of an article, and of the version that the event is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArticleFacts {
    /// Which.
    pub article: ArticleId,
    /// Where it stands.
    pub state: ArticleState,
    /// The version.
    pub number: i32,
    /// Where that stands.
    pub version_state: VersionState,
    /// Its site; `None` for all.
    pub site: Option<SiteId>,
    /// What it is for.
    pub kind: ArticleKind,
    /// Category code.
    pub category: String,
    /// Language.
    pub language: Language,
    /// Found from then on.
    pub valid_from_at: Option<Timestamp>,
    /// Found until then.
    pub valid_until_at: Option<Timestamp>,
    /// How often it helped.
    pub helped: i64,
    /// How often it did not.
    pub not_helped: i64,
    /// The case of a feedback or citation.
    pub case: Option<CaseId>,
}

impl Article {
    /// What its events tell of this version.
    #[must_use]
    pub fn facts(&self, version: &super::Version, case: Option<CaseId>) -> ArticleFacts {
        let content = &version.content;
        ArticleFacts {
            article: self.id,
            state: self.state,
            number: version.number,
            version_state: version.state,
            site: content.site.clone(),
            kind: content.kind,
            category: content.category.clone(),
            language: content.language.clone(),
            valid_from_at: content.valid_from_at,
            valid_until_at: content.valid_until_at,
            helped: self.helped,
            not_helped: self.not_helped,
            case,
        }
    }
}
