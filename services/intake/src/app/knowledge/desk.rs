//! What the desk does with articles: says whether they helped, and cites them in answers.

use kexiang_core::{
    Call, CaseId, ContactId,
    id::{ArticleFeedbackId, ArticleId, CitationId},
};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{KnowledgeError, articles::article_not_found};
pub use crate::store::knowledge::citation::CitationFilter;
use crate::{
    app::{App, AppError, IDEMPOTENCY},
    domain::knowledge::{Citation, Feedback, VersionId},
    store,
};

/// What is said of an article.
#[derive(Debug, Clone, Copy)]
pub struct Opinion {
    /// Which.
    pub article: ArticleId,
    /// Whether it helped.
    pub helped: bool,
    /// The case that it was read for.
    pub case: Option<CaseId>,
    /// The contact that it was read for.
    pub contact: Option<ContactId>,
}

impl App {
    /// Keeps whether the published version helped.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for article, case and contact; [`KnowledgeError::ArticleNeverPublished`].
    #[tracing::instrument(name = "app.record_article_feedback", skip_all)]
    pub async fn record_article_feedback(
        &self,
        call: &Call,
        opinion: Opinion,
    ) -> Result<Feedback, KnowledgeError> {
        let now = self.clock.now();
        let Opinion { article: id, helped, case, contact } = opinion;
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(feedback) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(feedback);
        }
        check_subjects(&mut transaction, case, contact).await?;
        let locked = store::knowledge::article::lock(&mut transaction, id).await?;
        let mut article = locked.ok_or_else(|| article_not_found(id))?;
        let Some(version) = article.published.clone() else {
            return Err(KnowledgeError::ArticleNeverPublished { article: id });
        };
        if helped {
            article.helped += 1;
        } else {
            article.not_helped += 1;
        }
        let feedback = Feedback {
            id: ArticleFeedbackId::at(now),
            version: article.version_id(version.number),
            helped,
            case,
            contact,
            recorded_by: call.actor.clone(),
            recorded_at: now,
        };
        store::knowledge::feedback::insert(&mut transaction, &feedback).await?;
        store::knowledge::article::save(&mut transaction, &article).await?;
        store::knowledge::search::count_feedback(&mut transaction, &article).await?;
        let facts = article.facts(&version, case);
        let event = Draft::new("article.feedback_recorded", id.name(), now, &facts)?;
        self.log.append(&mut transaction, call, now, &[event]).await?;
        IDEMPOTENCY.save(&mut transaction, call, &feedback).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(feedback)
    }

    /// Keeps that an answer to a case leans on a version, once; again gives what is kept.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for version and case; [`KnowledgeError::VersionNeverPublished`].
    #[tracing::instrument(name = "app.cite_article", skip_all)]
    pub async fn cite_article(
        &self,
        call: &Call,
        version_id: VersionId,
        case: CaseId,
    ) -> Result<Citation, KnowledgeError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(citation) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(citation);
        }
        check_subjects(&mut transaction, Some(case), None).await?;
        let missing = || AppError::NotFound { resource: VersionId::TYPE, name: version_id.name() };
        let locked = store::knowledge::article::lock(&mut transaction, version_id.article).await?;
        let article = locked.ok_or_else(missing)?;
        let found = store::knowledge::version::find(&mut transaction, &[version_id]).await?.pop();
        let (_, version) = found.ok_or_else(missing)?;
        if version.published_at.is_none() {
            return Err(KnowledgeError::VersionNeverPublished { version: version_id });
        }
        let citation = Citation {
            id: CitationId::at(now),
            version: version_id,
            case,
            cited_by: call.actor.clone(),
            cited_at: now,
        };
        let kept = store::knowledge::citation::insert(&mut transaction, &citation).await?;
        if kept.is_none() {
            let facts = article.facts(&version, Some(case));
            let event = Draft::new("article.cited", article.id.name(), now, &facts)?;
            self.log.append(&mut transaction, call, now, &[event]).await?;
        }
        let citation = kept.unwrap_or(citation);
        IDEMPOTENCY.save(&mut transaction, call, &citation).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(citation)
    }

    /// A page of citations, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_citations", skip_all)]
    pub async fn list_citations(
        &self,
        filter: &CitationFilter,
        after: Option<CitationId>,
        limit: i64,
    ) -> Result<Vec<Citation>, KnowledgeError> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::knowledge::citation::list(&mut connection, filter, after, limit).await?)
    }
}

async fn check_subjects(
    connection: &mut PgConnection,
    case: Option<CaseId>,
    contact: Option<ContactId>,
) -> Result<(), AppError> {
    if let Some(id) = case
        && store::case::find(connection, id).await?.is_none()
    {
        return Err(AppError::NotFound { resource: CaseId::TYPE, name: id.name() });
    }
    if let Some(id) = contact
        && store::contact::find(connection, &[id]).await?.is_empty()
    {
        return Err(AppError::NotFound { resource: ContactId::TYPE, name: id.name() });
    }
    Ok(())
}
