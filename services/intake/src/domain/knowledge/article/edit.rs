//! Writing on the draft.

use kexiang_core::{Actor, SiteId, Timestamp};

use super::{Article, Content, MoveError, Version};
use crate::domain::knowledge::{ArticleKind, ArticleState, Language, VersionState};

/// New values of some fields; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContentChange {
    /// Whose.
    pub site: Option<Option<SiteId>>,
    /// What for.
    pub kind: Option<ArticleKind>,
    /// Category code.
    pub category: Option<String>,
    /// Language.
    pub language: Option<Language>,
    /// In one line.
    pub title: Option<String>,
    /// In full.
    pub body: Option<String>,
    /// Other words for it.
    pub keywords: Option<Vec<String>>,
    /// Found from then on.
    pub valid_from_at: Option<Option<Timestamp>>,
    /// Found until then.
    pub valid_until_at: Option<Option<Timestamp>>,
}

impl ContentChange {
    fn of(self, content: Content) -> Content {
        Content {
            site: self.site.unwrap_or(content.site),
            kind: self.kind.unwrap_or(content.kind),
            category: self.category.unwrap_or(content.category),
            language: self.language.unwrap_or(content.language),
            title: self.title.unwrap_or(content.title),
            body: self.body.unwrap_or(content.body),
            keywords: self.keywords.unwrap_or(content.keywords),
            valid_from_at: self.valid_from_at.unwrap_or(content.valid_from_at),
            valid_until_at: self.valid_until_at.unwrap_or(content.valid_until_at),
        }
    }
}

impl Article {
    /// Changes the draft, or begins one from the published version; false when nothing would change.
    ///
    /// # Errors
    /// [`MoveError::State`] when the article is retired or its draft in review; [`MoveError::Validity`] when the two
    /// ends of the validity change places.
    pub fn edit(&mut self, change: ContentChange, author: &Actor, now: Timestamp) -> Result<bool, MoveError> {
        if self.state == ArticleState::Retired {
            return Err(MoveError::state("an article that is not RETIRED is needed"));
        }
        let base = self.draft.as_ref().or(self.published.as_ref());
        let Some(base) = base else { return Err(MoveError::state("a version is needed")) };
        if base.state == VersionState::InReview {
            return Err(MoveError::state("the draft is IN_REVIEW: it has to be rejected or approved first"));
        }
        let content = change.of(base.content.clone());
        if let (Some(from), Some(until)) = (content.valid_from_at, content.valid_until_at)
            && until <= from
        {
            return Err(MoveError::Validity);
        }
        if content == base.content {
            return Ok(false);
        }
        match &mut self.draft {
            Some(draft) => {
                draft.content = content;
                draft.updated_at = now;
                if !draft.authors.contains(author) {
                    draft.authors.push(author.clone());
                }
            }
            None => {
                self.last_number += 1;
                self.draft = Some(Version::draft(self.last_number, content, author.clone(), now));
            }
        }
        self.touch(now);
        Ok(true)
    }
}
