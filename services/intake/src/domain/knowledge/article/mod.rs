//! Articles and their review.
//!
//! | state | of an article | moves |
//! |---|---|---|
//! | DRAFT | nothing published, first version written | submit → IN_REVIEW |
//! | IN_REVIEW | nothing published, first version reviewed | reject → DRAFT, approve → PUBLISHED |
//! | PUBLISHED | a version is served | its validity ends → EXPIRED |
//! | EXPIRED | the published version's validity is over | approve of a new version → PUBLISHED |
//! | RETIRED | taken out; final | |
//!
//! Retire leads from every state but RETIRED to RETIRED. Of a PUBLISHED or EXPIRED article a new version goes DRAFT ⇄
//! IN_REVIEW beside it and does not change the article's state until it is approved; then the published one is
//! REPLACED.
//!
//! Invariants: at most one version is published and at most one is drafted; a published or replaced version never
//! changes its content; nobody who wrote on a version approved it; a version in review does not change; numbers grow
//! by one.
//!
//! Expiry is computed from the validity for whoever looks ([`Article::state_at`]), and kept once by the first move or the
//! worker that comes after it ([`Article::expire`]): whoever keeps it tells it, in the same transaction.

mod edit;
mod moves;

use kexiang_core::{Actor, SiteId, Timestamp, id::ArticleId};
use serde::{Deserialize, Serialize};

pub use edit::ContentChange;
pub use moves::{Move, MoveError};

use super::{ArticleKind, ArticleState, Language, VersionId, VersionState};

/// What an author writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// Whose; `None` for all sites.
    pub site: Option<SiteId>,
    /// What for.
    pub kind: ArticleKind,
    /// Category code.
    pub category: String,
    /// Language.
    pub language: Language,
    /// In one line.
    pub title: String,
    /// In full.
    pub body: String,
    /// Other words for it.
    pub keywords: Vec<String>,
    /// Found from then on.
    pub valid_from_at: Option<Timestamp>,
    /// Found until then; after `valid_from_at`.
    pub valid_until_at: Option<Timestamp>,
}

impl Content {
    /// Whether its validity is over.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.valid_until_at.is_some_and(|until| until <= now)
    }
}

/// One version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// From 1.
    pub number: i32,
    /// Where it stands.
    pub state: VersionState,
    /// What was written.
    pub content: Content,
    /// Everybody who wrote on it.
    pub authors: Vec<Actor>,
    /// Who approved or last rejected it.
    pub reviewer: Option<Actor>,
    /// Why it was last rejected.
    pub reject_reason: Option<String>,
    /// Begun.
    pub created_at: Timestamp,
    /// Last written on.
    pub updated_at: Timestamp,
    /// Last submitted.
    pub submitted_at: Option<Timestamp>,
    /// Published.
    pub published_at: Option<Timestamp>,
}

impl Version {
    fn draft(number: i32, content: Content, author: Actor, now: Timestamp) -> Self {
        Self {
            number,
            state: VersionState::Draft,
            content,
            authors: vec![author],
            reviewer: None,
            reject_reason: None,
            created_at: now,
            updated_at: now,
            submitted_at: None,
            published_at: None,
        }
    }
}

/// An article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Article {
    /// Its id.
    pub id: ArticleId,
    /// Where it was last kept to stand; see [`Article::state_at`].
    pub state: ArticleState,
    /// The version that is served, or was.
    pub published: Option<Version>,
    /// The version that is written or reviewed.
    pub draft: Option<Version>,
    /// The highest number so far.
    pub last_number: i32,
    /// How often it helped.
    pub helped: i64,
    /// How often it did not.
    pub not_helped: i64,
    /// Why it was retired.
    pub retire_reason: Option<String>,
    /// Begun.
    pub created_at: Timestamp,
    /// Last change of versions or state.
    pub updated_at: Timestamp,
    /// Grows with every change of versions or state; the etag.
    pub version: i64,
}

impl Article {
    /// Begins an article with version 1 as its draft.
    #[must_use]
    pub fn create(id: ArticleId, content: Content, author: Actor, now: Timestamp) -> Self {
        Self {
            id,
            state: ArticleState::Draft,
            published: None,
            draft: Some(Version::draft(1, content, author, now)),
            last_number: 1,
            helped: 0,
            not_helped: 0,
            retire_reason: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// The version that lists and events speak of: the published one, or the draft while there is none.
    #[must_use]
    pub fn shown(&self) -> Option<&Version> {
        self.published.as_ref().or(self.draft.as_ref())
    }

    /// The version that is served, as far as it was kept; its validity decides when.
    #[must_use]
    pub fn served(&self) -> Option<&Version> {
        self.published.as_ref().filter(|_| self.state == ArticleState::Published)
    }

    /// Where it stands at a time, whether its expiry was kept already or not.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> ArticleState {
        let over = self.served().is_some_and(|version| version.content.is_over(now));
        if over { ArticleState::Expired } else { self.state }
    }

    /// Keeps that it expired; false when it did not, or that was kept before.
    pub fn expire(&mut self, now: Timestamp) -> bool {
        let expired = self.state != self.state_at(now);
        if expired {
            self.state = ArticleState::Expired;
            self.touch(now);
        }
        expired
    }

    /// The id of its version with this number.
    #[must_use]
    pub fn version_id(&self, number: i32) -> VersionId {
        VersionId { article: self.id, number }
    }

    fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.version += 1;
    }
}

#[cfg(test)]
mod tests;
