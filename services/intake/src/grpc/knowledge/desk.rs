//! Feedback and citations on the wire.

use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::{PageRequest, Violations, call, field};
use tonic::{Request, Status};

use super::{convert, read};
use crate::{
    app::{
        App,
        knowledge::desk::{CitationFilter, Opinion},
    },
    grpc::{DOMAIN, status::knowledge::status},
};

pub(super) async fn record_article_feedback(
    app: &App,
    request: Request<pb::RecordArticleFeedbackRequest>,
) -> Result<pb::ArticleFeedback, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "RecordArticleFeedback", &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let article = violations.check("article", field::name(&request.article));
    let case = violations.check("case", field::optional(&request.case, field::name));
    let contact = violations.check("contact", field::optional(&request.contact, field::name));
    let opinion =
        || Some(Opinion { article: article?, helped: request.helped, case: case?, contact: contact? });
    let (call, opinion) = violations.into_result(DOMAIN, call.zip(opinion()))?;
    let feedback = app.record_article_feedback(&call, opinion).await.map_err(status)?;
    Ok(convert::feedback(&feedback))
}

pub(super) async fn cite_article(
    app: &App,
    request: Request<pb::CiteArticleRequest>,
) -> Result<pb::Citation, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "CiteArticle", &request.get_ref().request_id, &mut violations)?;
    let version = violations.check("article_version", read::version_name(&request.get_ref().article_version));
    let case = violations.check("case", field::name(&request.get_ref().case));
    let ((call, version), case) = violations.into_result(DOMAIN, call.zip(version).zip(case))?;
    let citation = app.cite_article(&call, version, case).await.map_err(status)?;
    Ok(convert::citation(&citation))
}

pub(super) async fn list_citations(
    app: &App,
    request: Request<pb::ListCitationsRequest>,
) -> Result<pb::ListCitationsResponse, Status> {
    let request = request.into_inner();
    let mut violations = Violations::default();
    let case = violations.check("case", field::optional(&request.case, field::name));
    let article = violations.check("article", field::optional(&request.article, field::name));
    let filter = || Some(CitationFilter { case: case?, article: article? });
    let bound_to = pb::ListCitationsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = PageRequest::read(request.page_size, &request.page_token, &bound_to, &mut violations);
    let (filter, page) = violations.into_result(DOMAIN, filter().zip(page))?;
    let mut citations = app.list_citations(&filter, page.after, page.limit + 1).await.map_err(status)?;
    let next_page_token = page.cut(&mut citations, |citation| citation.id);
    let citations = citations.iter().map(convert::citation).collect();
    Ok(pb::ListCitationsResponse { citations, next_page_token })
}
