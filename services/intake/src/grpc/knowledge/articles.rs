//! Writing, reviewing and listing articles on the wire.

use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::{PageRequest, Violations, call, field};
use tonic::{Request, Status};

use super::{convert, read};
use crate::{
    app::{
        App,
        knowledge::articles::{ArticleChange, ArticleFilter},
    },
    domain::knowledge::{ArticleState, Move},
    grpc::{DOMAIN, status::knowledge::status},
};

pub(super) async fn create_article(
    app: &App,
    request: Request<pb::CreateArticleRequest>,
) -> Result<pb::Article, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "CreateArticle", &request.get_ref().request_id, &mut violations)?;
    let content = violations.required("content", request.into_inner().content);
    let content = content.and_then(|content| read::content(&content, &mut violations));
    let (call, content) = violations.into_result(DOMAIN, call.zip(content))?;
    let article = app.create_article(&call, content).await.map_err(status)?;
    Ok(convert::article(article, app.clock().now()))
}

pub(super) async fn get_article(
    app: &App,
    request: Request<pb::GetArticleRequest>,
) -> Result<pb::Article, Status> {
    let mut violations = Violations::default();
    let id = violations.check("name", field::name(&request.get_ref().name));
    let id = violations.into_result(DOMAIN, id)?;
    let article = app.get_article(id).await.map_err(status)?;
    Ok(convert::article(article, app.clock().now()))
}

pub(super) async fn update_article(
    app: &App,
    request: Request<pb::UpdateArticleRequest>,
) -> Result<pb::Article, Status> {
    let pb::UpdateArticleRequest { name, content, update_mask, etag, request_id } = request.get_ref();
    let change = |violations: &mut Violations| {
        let content = violations.required("content", content.as_ref())?;
        let edit = read::content_change(content, update_mask.as_ref(), violations)?;
        Some(ArticleChange::Edit(Box::new(edit)))
    };
    change_article(app, &request, "UpdateArticle", Target { name, etag, request_id }, change).await
}

pub(super) async fn submit_article(
    app: &App,
    request: Request<pb::SubmitArticleRequest>,
) -> Result<pb::Article, Status> {
    let pb::SubmitArticleRequest { name, etag, request_id } = request.get_ref();
    let change = |_: &mut Violations| Some(ArticleChange::Move(Move::Submit));
    change_article(app, &request, "SubmitArticle", Target { name, etag, request_id }, change).await
}

pub(super) async fn approve_article(
    app: &App,
    request: Request<pb::ApproveArticleRequest>,
) -> Result<pb::Article, Status> {
    let pb::ApproveArticleRequest { name, etag, request_id } = request.get_ref();
    let change = |_: &mut Violations| Some(ArticleChange::Move(Move::Approve));
    change_article(app, &request, "ApproveArticle", Target { name, etag, request_id }, change).await
}

pub(super) async fn reject_article(
    app: &App,
    request: Request<pb::RejectArticleRequest>,
) -> Result<pb::Article, Status> {
    let pb::RejectArticleRequest { name, reason, etag, request_id } = request.get_ref();
    let change = |violations: &mut Violations| {
        let reason = violations.check("reason", field::text(reason, 1_000))?;
        Some(ArticleChange::Move(Move::Reject { reason }))
    };
    change_article(app, &request, "RejectArticle", Target { name, etag, request_id }, change).await
}

pub(super) async fn retire_article(
    app: &App,
    request: Request<pb::RetireArticleRequest>,
) -> Result<pb::Article, Status> {
    let pb::RetireArticleRequest { name, reason, etag, request_id } = request.get_ref();
    let change = |violations: &mut Violations| {
        let reason = violations.check("reason", field::text(reason, 1_000))?;
        Some(ArticleChange::Move(Move::Retire { reason }))
    };
    change_article(app, &request, "RetireArticle", Target { name, etag, request_id }, change).await
}

pub(super) async fn list_articles(
    app: &App,
    request: Request<pb::ListArticlesRequest>,
) -> Result<pb::ListArticlesResponse, Status> {
    let request = request.into_inner();
    let mut violations = Violations::default();
    let filter = read_article_filter(&request, &mut violations);
    let bound_to = pb::ListArticlesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = PageRequest::read(request.page_size, &request.page_token, &bound_to, &mut violations);
    let (filter, page) = violations.into_result(DOMAIN, filter.zip(page))?;
    let mut articles = app.list_articles(&filter, page.after, page.limit + 1).await.map_err(status)?;
    let next_page_token = page.cut(&mut articles, |article| article.id);
    let now = app.clock().now();
    let articles = articles.into_iter().map(|article| convert::article(article, now)).collect();
    Ok(pb::ListArticlesResponse { articles, next_page_token })
}

pub(super) async fn list_article_versions(
    app: &App,
    request: Request<pb::ListArticleVersionsRequest>,
) -> Result<pb::ListArticleVersionsResponse, Status> {
    let request = request.into_inner();
    let mut violations = Violations::default();
    let id = violations.check("article", field::name(&request.article));
    let bound_to =
        pb::ListArticleVersionsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = PageRequest::read(request.page_size, &request.page_token, &bound_to, &mut violations);
    let (id, page) = violations.into_result(DOMAIN, id.zip(page))?;
    let mut versions = app.list_article_versions(id, page.after, page.limit + 1).await.map_err(status)?;
    let next_page_token = page.cut(&mut versions, |version| version.number);
    let versions = versions.into_iter().map(|version| convert::version(id, version)).collect();
    Ok(pb::ListArticleVersionsResponse { versions, next_page_token })
}

/// What every change names.
struct Target<'a> {
    name: &'a str,
    etag: &'a str,
    request_id: &'a str,
}

async fn change_article<M: prost::Message>(
    app: &App,
    request: &Request<M>,
    method: &'static str,
    target: Target<'_>,
    change: impl FnOnce(&mut Violations) -> Option<ArticleChange>,
) -> Result<pb::Article, Status> {
    let mut violations = Violations::default();
    let call = call(request, method, target.request_id, &mut violations)?;
    let id = violations.check("name", field::name(target.name));
    let etag = violations.check("etag", field::etag(target.etag));
    let change = change(&mut violations);
    let read = || Some((call?, id?, etag?, change?));
    let (call, id, etag, change) = violations.into_result(DOMAIN, read())?;
    let article = app.change_article(&call, id, etag, change).await.map_err(status)?;
    Ok(convert::article(article, app.clock().now()))
}

fn read_article_filter(
    request: &pb::ListArticlesRequest,
    violations: &mut Violations,
) -> Option<ArticleFilter> {
    let kind = violations.check("kind", read::optional_kind(request.kind));
    let category = violations.check("category", field::optional_text(&request.category, 200));
    let language = violations.check("language", field::optional(&request.language, str::parse));
    let state = field::optional_word::<pb::ArticleState, ArticleState>(
        request.state,
        "ARTICLE_STATE_",
        pb::ArticleState::as_str_name,
    );
    let state = violations.check("state", state);
    Some(ArticleFilter { kind: kind?, category: category?, language: language?, state: state? })
}
