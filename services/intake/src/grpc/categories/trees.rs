//! Trees on the wire.

use kexiang_core::{CategoryTreeId, Kind};
use kexiang_proto::{intake_v1 as pb, type_v1 as words};
use kexiang_rpc::{PageRequest, Violations, call, field};
use tonic::{Request, Status};

use super::{convert, read, status::status};
use crate::{
    app::{App, categories::trees::CategoryFilter},
    grpc::DOMAIN,
};

pub(super) async fn create(
    app: &App,
    request: Request<pb::CreateCategoryTreeRequest>,
) -> Result<pb::CategoryTree, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "CreateCategoryTree", &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let id = violations.check("category_tree_id", CategoryTreeId::parse(&request.category_tree_id));
    let tree = violations.required("category_tree", request.category_tree);
    let display_name = tree.and_then(|tree| {
        violations.check("category_tree.display_name", field::text(&tree.display_name, 200))
    });
    let ((call, id), display_name) = violations.into_result(DOMAIN, call.zip(id).zip(display_name))?;
    let tree = app.create_category_tree(&call, id, display_name).await.map_err(status)?;
    Ok(convert::tree(tree))
}

pub(super) async fn draft(
    app: &App,
    request: Request<pb::DraftCategoryTreeVersionRequest>,
) -> Result<pb::CategoryTreeVersion, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "DraftCategoryTreeVersion", &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let id = violations.check("name", field::slug_name(&request.name));
    let etag = violations.check("etag", field::etag(&request.etag));
    let new = read::draft(request.tree, &mut violations);
    let ((call, id), (etag, new)) = violations.into_result(DOMAIN, call.zip(id).zip(etag.zip(new)))?;
    let version = app.draft_category_tree_version(&call, &id, etag, new).await.map_err(status)?;
    Ok(convert::version(version))
}

pub(super) async fn publish(
    app: &App,
    request: Request<pb::PublishCategoryTreeVersionRequest>,
) -> Result<pb::CategoryTree, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "PublishCategoryTreeVersion", &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let id = violations.check("name", field::slug_name(&request.name));
    let etag = violations.check("etag", field::etag(&request.etag));
    let version = violations.check("version", read::version(request.version));
    let version = version.and_then(|version| violations.required("version", version));
    let ((call, id), (etag, version)) =
        violations.into_result(DOMAIN, call.zip(id).zip(etag.zip(version)))?;
    let tree = app.publish_category_tree_version(&call, &id, version, etag).await.map_err(status)?;
    Ok(convert::tree(tree))
}

pub(super) async fn get(
    app: &App,
    request: Request<pb::GetCategoryTreeRequest>,
) -> Result<pb::CategoryTree, Status> {
    let request = request.into_inner();
    let mut violations = Violations::default();
    let id = violations.check("name", field::slug_name(&request.name));
    let version = violations.check("version", read::version(request.version));
    let (id, version) = violations.into_result(DOMAIN, id.zip(version))?;
    let shown = app.get_category_tree(&id, version).await.map_err(status)?;
    Ok(convert::shown_tree(shown))
}

pub(super) async fn list_versions(
    app: &App,
    request: Request<pb::ListCategoryTreeVersionsRequest>,
) -> Result<pb::ListCategoryTreeVersionsResponse, Status> {
    let request = request.into_inner();
    let mut violations = Violations::default();
    let id = violations.check("tree", field::slug_name(&request.tree));
    let filter =
        pb::ListCategoryTreeVersionsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = PageRequest::read(request.page_size, &request.page_token, &filter, &mut violations);
    let (id, page) = violations.into_result(DOMAIN, id.zip(page))?;
    let versions = app.list_category_tree_versions(&id, page.after, page.limit + 1).await;
    let mut versions = versions.map_err(status)?;
    let next_page_token = page.cut(&mut versions, |version| version.version);
    let versions = versions.into_iter().map(convert::version).collect();
    Ok(pb::ListCategoryTreeVersionsResponse { versions, next_page_token })
}

pub(super) async fn list_categories(
    app: &App,
    request: Request<pb::ListCategoriesRequest>,
) -> Result<pb::ListCategoriesResponse, Status> {
    let request = request.into_inner();
    let mut violations = Violations::default();
    let id = violations.check("tree", field::slug_name(&request.tree));
    let version = violations.check("version", read::version(request.version));
    let filter = read_filter(&request, &mut violations);
    let bound_to = pb::ListCategoriesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = PageRequest::read(request.page_size, &request.page_token, &bound_to, &mut violations);
    let ((id, version), (filter, page)) =
        violations.into_result(DOMAIN, id.zip(version).zip(filter.zip(page)))?;
    let found = app.list_categories(&id, version, &filter, page.after, page.limit + 1).await;
    let mut found = found.map_err(status)?;
    let next_page_token = page.cut(&mut found, |(position, _)| *position);
    let categories = found.into_iter().map(|(_, category)| convert::category(category)).collect();
    Ok(pb::ListCategoriesResponse { categories, next_page_token })
}

fn read_filter(request: &pb::ListCategoriesRequest, violations: &mut Violations) -> Option<CategoryFilter> {
    let subtree = violations.check("subtree", field::optional(&request.subtree, read::code));
    let kind = field::optional_word::<words::Kind, Kind>(request.kind, "KIND_", words::Kind::as_str_name);
    let kind = violations.check("kind", kind);
    let query = violations.check("query", field::optional_text(&request.query, 100));
    let show_retired = request.show_retired;
    Some(CategoryFilter { subtree: subtree?, kind: kind?, query: query?, show_retired })
}

pub(super) async fn resolve(
    app: &App,
    request: Request<pb::ResolveCategoryRequest>,
) -> Result<pb::Category, Status> {
    let request = request.into_inner();
    let mut violations = Violations::default();
    let id = violations.check("tree", field::slug_name(&request.tree));
    let code = violations.check("code", read::code(&request.code));
    let (id, code) = violations.into_result(DOMAIN, id.zip(code))?;
    let category = app.resolve_category(&id, &code).await.map_err(status)?;
    Ok(convert::category(category))
}
