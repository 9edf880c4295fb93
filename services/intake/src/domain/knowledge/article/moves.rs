//! The verbs of an article.

use kexiang_core::{Actor, Timestamp};
use thiserror::Error;

use super::{Article, Version};
use crate::domain::knowledge::{ArticleState, VersionState};

/// What people do with an article besides writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// Gives the draft to review.
    Submit,
    /// Publishes the version in review.
    Approve,
    /// Gives the version in review back.
    Reject {
        /// What has to change.
        reason: String,
    },
    /// Takes the article out.
    Retire {
        /// Why.
        reason: String,
    },
}

/// Why a move is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MoveError {
    /// Another state is needed.
    #[error("{needed}")]
    State {
        /// Which.
        needed: &'static str,
    },
    /// Who wrote on a version may not approve it.
    #[error("version {number} has to be approved by somebody who did not write on it")]
    ReviewerIsAuthor {
        /// The version.
        number: i32,
    },
    /// It would expire before it is published.
    #[error("the validity of version {number} is over: change valid_until_time")]
    ValidityOver {
        /// The version.
        number: i32,
    },
    /// The validity would end before it begins.
    #[error("must be after valid_from_time")]
    Validity,
}

impl MoveError {
    pub(super) const fn state(needed: &'static str) -> Self {
        Self::State { needed }
    }
}

impl Move {
    /// The type of the event that tells it.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::Submit => "article.submitted",
            Self::Approve => "article.approved",
            Self::Reject { .. } => "article.rejected",
            Self::Retire { .. } => "article.retired",
        }
    }
}

impl Article {
    /// Does one move; gives the version that is no longer served because of it.
    ///
    /// # Errors
    /// [`MoveError`]; the article is as before.
    pub fn apply(
        &mut self,
        step: &Move,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Option<Version>, MoveError> {
        if self.state == ArticleState::Retired {
            return Err(MoveError::state("an article that is not RETIRED is needed"));
        }
        let replaced = match step {
            Move::Submit => self.submit(now)?,
            Move::Approve => self.approve(actor, now)?,
            Move::Reject { reason } => self.reject(reason, actor)?,
            Move::Retire { reason } => {
                self.state = ArticleState::Retired;
                self.retire_reason = Some(reason.clone());
                None
            }
        };
        self.touch(now);
        Ok(replaced)
    }

    fn submit(&mut self, now: Timestamp) -> Result<Option<Version>, MoveError> {
        let draft = self.draft_in(VersionState::Draft, "a version in DRAFT is needed")?;
        draft.state = VersionState::InReview;
        draft.submitted_at = Some(now);
        draft.reject_reason = None;
        draft.reviewer = None;
        self.follow_first_draft(ArticleState::InReview);
        Ok(None)
    }

    fn reject(&mut self, reason: &str, actor: &Actor) -> Result<Option<Version>, MoveError> {
        let draft = self.draft_in(VersionState::InReview, "a version IN_REVIEW is needed")?;
        draft.state = VersionState::Draft;
        draft.reject_reason = Some(reason.to_owned());
        draft.reviewer = Some(actor.clone());
        self.follow_first_draft(ArticleState::Draft);
        Ok(None)
    }

    fn approve(&mut self, actor: &Actor, now: Timestamp) -> Result<Option<Version>, MoveError> {
        let draft = self.draft_in(VersionState::InReview, "a version IN_REVIEW is needed")?;
        if draft.authors.contains(actor) {
            return Err(MoveError::ReviewerIsAuthor { number: draft.number });
        }
        if draft.content.is_over(now) {
            return Err(MoveError::ValidityOver { number: draft.number });
        }
        draft.state = VersionState::Published;
        draft.reviewer = Some(actor.clone());
        draft.published_at = Some(now);
        let mut replaced = std::mem::replace(&mut self.published, self.draft.take());
        if let Some(replaced) = &mut replaced {
            replaced.state = VersionState::Replaced;
        }
        self.state = ArticleState::Published;
        Ok(replaced)
    }

    fn draft_in(&mut self, state: VersionState, needed: &'static str) -> Result<&mut Version, MoveError> {
        self.draft.as_mut().filter(|draft| draft.state == state).ok_or(MoveError::State { needed })
    }

    /// While nothing is published the article stands where its draft does.
    fn follow_first_draft(&mut self, state: ArticleState) {
        if self.published.is_none() {
            self.state = state;
        }
    }
}
