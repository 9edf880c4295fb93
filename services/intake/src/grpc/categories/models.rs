//! Models and their suggestions on the wire.

use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::{Violations, call, field};
use tonic::{Request, Status};

use super::{convert, status::status};
use crate::{app::App, domain::category::Scope, grpc::DOMAIN};

const DEFAULT_LIMIT: usize = 5;
const LARGEST_LIMIT: usize = 50;

pub(super) async fn suggest(
    app: &App,
    request: Request<pb::SuggestCategoriesRequest>,
) -> Result<pb::SuggestCategoriesResponse, Status> {
    let request = request.into_inner();
    let mut violations = Violations::default();
    let scope = violations.check("scope", request.scope.parse::<Scope>());
    let text = violations.check("text", field::text(&request.text, 10_000));
    let limit = violations.check("limit", read_limit(request.limit));
    let ((scope, text), limit) = violations.into_result(DOMAIN, scope.zip(text).zip(limit))?;
    let suggested = app.suggest_categories(&scope, text, limit).await.map_err(status)?;
    Ok(convert::suggested(suggested))
}

fn read_limit(limit: i32) -> Result<usize, String> {
    match usize::try_from(limit) {
        Ok(0) => Ok(DEFAULT_LIMIT),
        Ok(limit) if limit <= LARGEST_LIMIT => Ok(limit),
        _ => Err(format!("must be 0 to {LARGEST_LIMIT}")),
    }
}

pub(super) async fn train(
    app: &App,
    request: Request<pb::TrainCategoryModelRequest>,
) -> Result<pb::CategoryModel, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "TrainCategoryModel", &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let scope = violations.check("scope", request.scope.parse::<Scope>());
    let etag = violations.check("etag", field::etag(&request.etag));
    let ((call, scope), etag) = violations.into_result(DOMAIN, call.zip(scope).zip(etag))?;
    let card = app.train_category_model(&call, &scope, etag).await.map_err(status)?;
    Ok(convert::model(card))
}

pub(super) async fn get(
    app: &App,
    request: Request<pb::GetCategoryModelRequest>,
) -> Result<pb::CategoryModel, Status> {
    let mut violations = Violations::default();
    let scope = violations.check("scope", request.get_ref().scope.parse::<Scope>());
    let scope = violations.into_result(DOMAIN, scope)?;
    let card = app.get_category_model(&scope).await.map_err(status)?;
    Ok(convert::model(card))
}
