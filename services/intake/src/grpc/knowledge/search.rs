//! Finding articles on the wire.

use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::{PageRequest, Violations, field};
use tonic::{Request, Status};

use super::{convert, read};
use crate::{
    app::{
        App,
        knowledge::search::{ArticleSearch, SearchFilter},
    },
    grpc::{DOMAIN, status::knowledge::status},
};

pub(super) async fn search_articles(
    app: &App,
    request: Request<pb::SearchArticlesRequest>,
) -> Result<pb::SearchArticlesResponse, Status> {
    let request = request.into_inner();
    let mut violations = Violations::default();
    let query = violations.check("query", field::text(&request.query, 500));
    let filter = read_search_filter(&request, &mut violations);
    let bound_to = pb::SearchArticlesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = PageRequest::<usize>::read(request.page_size, &request.page_token, &bound_to, &mut violations);
    let ((query, filter), page) = violations.into_result(DOMAIN, query.zip(filter).zip(page))?;
    let offset = page.after.unwrap_or(0);
    let size = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let search = ArticleSearch { query, filter, offset, limit: size.saturating_add(1) };
    let mut found = app.search_articles(search).await.map_err(status)?;
    let next_page_token = page.cut(&mut found.hits, |_| offset.saturating_add(size));
    let correction = |(word, taken_for)| pb::Correction { word, taken_for };
    Ok(pb::SearchArticlesResponse {
        hits: found.hits.into_iter().map(convert::hit).collect(),
        next_page_token,
        corrections: found.corrections.into_iter().map(correction).collect(),
        matched_all_words: found.matched_all,
        candidates_cut: found.cut,
    })
}

fn read_search_filter(
    request: &pb::SearchArticlesRequest,
    violations: &mut Violations,
) -> Option<SearchFilter> {
    let language = violations.check("language", field::optional(&request.language, str::parse));
    let kinds = read::kinds(&request.kinds, violations);
    let category = violations.check("category", field::optional_text(&request.category, 200));
    let site = violations.check("site", field::optional(&request.site, field::slug_name));
    Some(SearchFilter { language: language?, kinds: kinds?, category: category?, site: site? })
}
