//! Writing and reviewing articles.

use kexiang_core::{Call, Timestamp, id::ArticleId};
use kexiang_events::Draft;
use kexiang_pg::Claim;

use super::KnowledgeError;
pub use crate::store::knowledge::article::ArticleFilter;
use crate::{
    app::{App, AppError, IDEMPOTENCY},
    domain::knowledge::{Article, Content, ContentChange, Move, MoveError, Version},
    store::knowledge as store,
};

/// What to do with an article.
#[derive(Debug, Clone)]
pub enum ArticleChange {
    /// Write on its draft.
    Edit(Box<ContentChange>),
    /// Move it.
    Move(Move),
}

impl App {
    /// Begins an article with version 1 as its draft.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the site.
    #[tracing::instrument(name = "app.create_article", skip_all)]
    pub async fn create_article(&self, call: &Call, content: Content) -> Result<Article, KnowledgeError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(article) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(article);
        }
        if let Some(site) = &content.site {
            self.sites.get_over(&mut transaction, site).await?;
        }
        let article = Article::create(ArticleId::at(now), content, call.actor.clone(), now);
        store::article::save(&mut transaction, &article).await?;
        if let Some(version) = &article.draft {
            store::version::save(&mut transaction, article.id, version).await?;
        }
        let event = told("article.created", &article, now)?;
        self.log.append(&mut transaction, call, now, event.as_slice()).await?;
        IDEMPOTENCY.save(&mut transaction, call, &article).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(article)
    }

    /// Changes an article. `etag` is the version that the caller saw, if given. Where it expired meanwhile that is
    /// told first.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::EtagMismatch`], [`KnowledgeError::Move`].
    #[tracing::instrument(name = "app.change_article", skip_all, fields(article.id = %id))]
    pub async fn change_article(
        &self,
        call: &Call,
        id: ArticleId,
        etag: Option<i64>,
        change: ArticleChange,
    ) -> Result<Article, KnowledgeError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(article) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(article);
        }
        if let ArticleChange::Edit(edit) = &change
            && let Some(Some(site)) = &edit.site
        {
            self.sites.get_over(&mut transaction, site).await?;
        }
        let locked = store::article::lock(&mut transaction, id).await?;
        let before = locked.ok_or_else(|| article_not_found(id))?;
        if etag.is_some_and(|etag| etag != before.version) {
            return Err(AppError::EtagMismatch { name: id.name() }.into());
        }
        let mut after = before.clone();
        let mut events = Vec::new();
        if after.expire(now) {
            events.extend(told("article.expired", &after, now)?);
        }
        let changed = change.apply(&mut after, call, now);
        let changed = changed.map_err(|source| KnowledgeError::Move { article: id, source })?;
        if let Some(event_type) = changed.event_type {
            events.extend(told(event_type, &after, now)?);
        }
        self.save_article(&mut transaction, &before, &after, changed.replaced.as_ref()).await?;
        self.log.append(&mut transaction, call, now, &events).await?;
        IDEMPOTENCY.save(&mut transaction, call, &after).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(after)
    }

    /// The article with this id.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.get_article", skip_all)]
    pub async fn get_article(&self, id: ArticleId) -> Result<Article, KnowledgeError> {
        let mut connection = self.pool.acquire().await?;
        let found = store::article::find(&mut connection, id).await?;
        found.ok_or_else(|| article_not_found(id).into())
    }

    /// A page of articles, newest first; the state that they are filtered by is the one they have now.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_articles", skip_all)]
    pub async fn list_articles(
        &self,
        filter: &ArticleFilter,
        after: Option<ArticleId>,
        limit: i64,
    ) -> Result<Vec<Article>, KnowledgeError> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::article::list(&mut connection, filter, self.clock.now(), after, limit).await?)
    }

    /// A page of the versions of an article, newest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.list_article_versions", skip_all)]
    pub async fn list_article_versions(
        &self,
        id: ArticleId,
        after: Option<i32>,
        limit: i64,
    ) -> Result<Vec<Version>, KnowledgeError> {
        let mut connection = self.pool.acquire().await?;
        let versions = store::version::list(&mut connection, id, after, limit).await?;
        if versions.is_empty() && after.is_none() {
            return Err(article_not_found(id).into());
        }
        Ok(versions)
    }
}

/// What a change did.
struct Changed {
    event_type: Option<&'static str>,
    replaced: Option<Version>,
}

impl ArticleChange {
    fn apply(self, article: &mut Article, call: &Call, now: Timestamp) -> Result<Changed, MoveError> {
        match self {
            Self::Edit(change) => {
                let changed = article.edit(*change, &call.actor, now)?;
                Ok(Changed { event_type: changed.then_some("article.updated"), replaced: None })
            }
            Self::Move(step) => {
                let replaced = article.apply(&step, &call.actor, now)?;
                Ok(Changed { event_type: Some(step.event_type()), replaced })
            }
        }
    }
}

/// The event of an article: about its draft where there is one, for it is the draft that is written and reviewed;
/// what is published, expires or is retired is the published version.
pub(super) fn told(
    event_type: &'static str,
    article: &Article,
    now: Timestamp,
) -> Result<Option<Draft>, serde_json::Error> {
    let of_draft = matches!(
        event_type,
        "article.created" | "article.updated" | "article.submitted" | "article.rejected"
    );
    let version = if of_draft { article.draft.as_ref() } else { article.shown() };
    let facts = version.map(|version| article.facts(version, None));
    facts.map(|facts| Draft::new(event_type, article.id.name(), now, &facts)).transpose()
}

pub(super) fn article_not_found(id: ArticleId) -> AppError {
    AppError::NotFound { resource: ArticleId::TYPE, name: id.name() }
}
