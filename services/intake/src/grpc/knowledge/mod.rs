//! KnowledgeService: each method is one line here, and stands where its scripts are.
//!
//! | to see | read |
//! |---|---|
//! | writing and reviewing | [`articles`] |
//! | finding | [`search`] |
//! | feedback and citations | [`desk`] |
//! | from the wire, with every violation | [`read`] |
//! | to the wire | [`convert`] |

mod articles;
mod convert;
mod desk;
mod read;
mod search;

use kexiang_proto::intake_v1::{self as pb, knowledge_service_server::KnowledgeService};
use tonic::{Request, Response, Status};

pub(super) use convert::facts;

use crate::app::App;

type Answer<T> = Result<Response<T>, Status>;

/// KnowledgeService over the use cases.
#[derive(Clone)]
pub struct Knowledge {
    app: App,
}

impl Knowledge {
    /// Serves these use cases.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl KnowledgeService for Knowledge {
    async fn create_article(&self, request: Request<pb::CreateArticleRequest>) -> Answer<pb::Article> {
        articles::create_article(&self.app, request).await.map(Response::new)
    }

    async fn get_article(&self, request: Request<pb::GetArticleRequest>) -> Answer<pb::Article> {
        articles::get_article(&self.app, request).await.map(Response::new)
    }

    async fn update_article(&self, request: Request<pb::UpdateArticleRequest>) -> Answer<pb::Article> {
        articles::update_article(&self.app, request).await.map(Response::new)
    }

    async fn submit_article(&self, request: Request<pb::SubmitArticleRequest>) -> Answer<pb::Article> {
        articles::submit_article(&self.app, request).await.map(Response::new)
    }

    async fn approve_article(&self, request: Request<pb::ApproveArticleRequest>) -> Answer<pb::Article> {
        articles::approve_article(&self.app, request).await.map(Response::new)
    }

    async fn reject_article(&self, request: Request<pb::RejectArticleRequest>) -> Answer<pb::Article> {
        articles::reject_article(&self.app, request).await.map(Response::new)
    }

    async fn retire_article(&self, request: Request<pb::RetireArticleRequest>) -> Answer<pb::Article> {
        articles::retire_article(&self.app, request).await.map(Response::new)
    }

    async fn list_articles(
        &self,
        request: Request<pb::ListArticlesRequest>,
    ) -> Answer<pb::ListArticlesResponse> {
        articles::list_articles(&self.app, request).await.map(Response::new)
    }

    async fn list_article_versions(
        &self,
        request: Request<pb::ListArticleVersionsRequest>,
    ) -> Answer<pb::ListArticleVersionsResponse> {
        articles::list_article_versions(&self.app, request).await.map(Response::new)
    }

    async fn search_articles(
        &self,
        request: Request<pb::SearchArticlesRequest>,
    ) -> Answer<pb::SearchArticlesResponse> {
        search::search_articles(&self.app, request).await.map(Response::new)
    }

    async fn record_article_feedback(
        &self,
        request: Request<pb::RecordArticleFeedbackRequest>,
    ) -> Answer<pb::ArticleFeedback> {
        desk::record_article_feedback(&self.app, request).await.map(Response::new)
    }

    async fn cite_article(&self, request: Request<pb::CiteArticleRequest>) -> Answer<pb::Citation> {
        desk::cite_article(&self.app, request).await.map(Response::new)
    }

    async fn list_citations(
        &self,
        request: Request<pb::ListCitationsRequest>,
    ) -> Answer<pb::ListCitationsResponse> {
        desk::list_citations(&self.app, request).await.map(Response::new)
    }
}
