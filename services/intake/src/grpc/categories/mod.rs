//! CategoryService: each method is one line here.
//!
//! | to see | read |
//! |---|---|
//! | the scripts | [`trees`], [`bindings`], [`models`] |
//! | from the wire, to the wire, refusals | [`read`], [`convert`], [`status`] |

mod bindings;
mod convert;
mod models;
mod read;
mod status;
mod trees;

use kexiang_proto::intake_v1::{self as pb, category_service_server::CategoryService};
use tonic::{Request, Response, Status};

pub(super) use self::{
    bindings::Asked,
    convert::{binding_facts, model_facts, tree_facts},
};
use crate::app::App;

type Answer<T> = Result<Response<T>, Status>;

/// CategoryService over the use cases.
#[derive(Clone)]
pub struct Categories {
    app: App,
}

impl Categories {
    /// Serves these use cases.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl CategoryService for Categories {
    async fn create_category_tree(
        &self,
        request: Request<pb::CreateCategoryTreeRequest>,
    ) -> Answer<pb::CategoryTree> {
        trees::create(&self.app, request).await.map(Response::new)
    }

    async fn draft_category_tree_version(
        &self,
        request: Request<pb::DraftCategoryTreeVersionRequest>,
    ) -> Answer<pb::CategoryTreeVersion> {
        trees::draft(&self.app, request).await.map(Response::new)
    }

    async fn publish_category_tree_version(
        &self,
        request: Request<pb::PublishCategoryTreeVersionRequest>,
    ) -> Answer<pb::CategoryTree> {
        trees::publish(&self.app, request).await.map(Response::new)
    }

    async fn get_category_tree(
        &self,
        request: Request<pb::GetCategoryTreeRequest>,
    ) -> Answer<pb::CategoryTree> {
        trees::get(&self.app, request).await.map(Response::new)
    }

    async fn list_category_tree_versions(
        &self,
        request: Request<pb::ListCategoryTreeVersionsRequest>,
    ) -> Answer<pb::ListCategoryTreeVersionsResponse> {
        trees::list_versions(&self.app, request).await.map(Response::new)
    }

    async fn list_categories(
        &self,
        request: Request<pb::ListCategoriesRequest>,
    ) -> Answer<pb::ListCategoriesResponse> {
        trees::list_categories(&self.app, request).await.map(Response::new)
    }

    async fn resolve_category(&self, request: Request<pb::ResolveCategoryRequest>) -> Answer<pb::Category> {
        trees::resolve(&self.app, request).await.map(Response::new)
    }

    async fn bind_category_tree(
        &self,
        request: Request<pb::BindCategoryTreeRequest>,
    ) -> Answer<pb::SiteCategoryTree> {
        bindings::bind(&self.app, request).await.map(Response::new)
    }

    async fn get_site_category_tree(
        &self,
        request: Request<pb::GetSiteCategoryTreeRequest>,
    ) -> Answer<pb::SiteCategoryTree> {
        bindings::get(&self.app, request).await.map(Response::new)
    }

    async fn get_case_category(
        &self,
        request: Request<pb::GetCaseCategoryRequest>,
    ) -> Answer<pb::CaseCategory> {
        bindings::get_case_category(&self.app, request).await.map(Response::new)
    }

    async fn suggest_categories(
        &self,
        request: Request<pb::SuggestCategoriesRequest>,
    ) -> Answer<pb::SuggestCategoriesResponse> {
        models::suggest(&self.app, request).await.map(Response::new)
    }

    async fn train_category_model(
        &self,
        request: Request<pb::TrainCategoryModelRequest>,
    ) -> Answer<pb::CategoryModel> {
        models::train(&self.app, request).await.map(Response::new)
    }

    async fn get_category_model(
        &self,
        request: Request<pb::GetCategoryModelRequest>,
    ) -> Answer<pb::CategoryModel> {
        models::get(&self.app, request).await.map(Response::new)
    }
}
