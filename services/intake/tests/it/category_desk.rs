//! What stories of categories send, in few words.

use kexiang_proto::{
    intake_v1::{
        AcceptCaseRequest, BindCategoryTreeRequest, Case, Category, CategoryTree, CategoryTreeDraft,
        CategoryTreeVersion, CreateCategoryTreeRequest, DraftCategoryTreeVersionRequest, ImportCasesRequest,
        ImportCasesResponse, ListCategoriesRequest, PublishCategoryTreeVersionRequest, SiteCategoryTree,
        category_service_client::CategoryServiceClient,
    },
    rpc::BadRequest,
};
use kexiang_rpc::refusal;
use tonic::{Status, service::interceptor::InterceptedService, transport::Channel};

use crate::{
    desk::{AGENT, Bearer, Desk},
    wire::{self, MAIN},
};

/// The tree of most stories.
pub const TELECOM: &str = "categoryTrees/telecom";

pub type Client = CategoryServiceClient<InterceptedService<Channel, Bearer>>;

/// A category with both names.
pub fn category(code: &str, parent: &str, zh: &str, en: &str) -> Category {
    Category {
        code: code.to_owned(),
        parent: parent.to_owned(),
        display_name_zh: zh.to_owned(),
        display_name_en: en.to_owned(),
        ..Category::default()
    }
}

/// Lines and bills, two levels.
pub fn telecom() -> Vec<Category> {
    vec![
        category("line", "", "线路", "Line"),
        category("line.dead", "line", "无拨号音", "Dead line"),
        category("line.noise", "line", "杂音", "Noise on the line"),
        category("bill", "", "账单", "Bill"),
        category("bill.wrong", "bill", "扣费错误", "Wrong charge"),
    ]
}

/// The same with one retired.
pub fn telecom_without(code: &str) -> Vec<Category> {
    let retire = |category: Category| Category { retired: category.code == code, ..category };
    telecom().into_iter().map(retire).collect()
}

/// A case of that category, reported by the person of most stories.
pub fn acceptance_of(code: &str) -> AcceptCaseRequest {
    let request = wire::acceptance();
    let case = Case { category: code.to_owned(), ..request.case.unwrap() };
    AcceptCaseRequest { case: Some(case), ..request }
}

/// Field and reason of every violation.
pub fn reasons(status: &Status) -> Vec<(String, String)> {
    let refused: BadRequest = refusal::detail(status).unwrap();
    refused.field_violations.into_iter().map(|v| (v.field, v.reason)).collect()
}

impl Desk {
    /// Speaks to CategoryService as an administrator.
    pub fn categories(&self) -> Client {
        CategoryServiceClient::with_interceptor(self.channel.clone(), self.bearer(AGENT))
            .max_decoding_message_size(4 * 1024 * 1024)
    }

    /// Creates a tree without versions.
    pub async fn create_tree(&self, id: &str) -> CategoryTree {
        let request = CreateCategoryTreeRequest {
            category_tree_id: id.to_owned(),
            category_tree: Some(CategoryTree { display_name: id.to_owned(), ..CategoryTree::default() }),
            ..Default::default()
        };
        self.categories().create_category_tree(request).await.unwrap().into_inner()
    }

    /// Drafts the next version of a tree, or tells why not.
    pub async fn try_draft(
        &self,
        tree: &str,
        categories: Vec<Category>,
    ) -> Result<CategoryTreeVersion, Status> {
        let request = DraftCategoryTreeVersionRequest {
            name: tree.to_owned(),
            tree: Some(CategoryTreeDraft { categories, note: String::new() }),
            ..Default::default()
        };
        self.categories().draft_category_tree_version(request).await.map(tonic::Response::into_inner)
    }

    /// Publishes a version, or tells why not.
    pub async fn try_publish(&self, tree: &str, version: i32) -> Result<CategoryTree, Status> {
        let request =
            PublishCategoryTreeVersionRequest { name: tree.to_owned(), version, ..Default::default() };
        self.categories().publish_category_tree_version(request).await.map(tonic::Response::into_inner)
    }

    /// Drafts and publishes the next version.
    pub async fn publish_tree(&self, tree: &str, categories: Vec<Category>) -> CategoryTree {
        let draft = self.try_draft(tree, categories).await.unwrap();
        self.try_publish(tree, draft.version).await.unwrap()
    }

    /// Binds a site to a tree, or unbinds it; tells why not.
    pub async fn try_bind(&self, site: &str, tree: &str) -> Result<SiteCategoryTree, Status> {
        let request =
            BindCategoryTreeRequest { site: site.to_owned(), tree: tree.to_owned(), ..Default::default() };
        self.categories().bind_category_tree(request).await.map(tonic::Response::into_inner)
    }

    /// The tree of most stories, published and bound to the main site.
    pub async fn with_telecom(&self) {
        self.create_tree("telecom").await;
        self.publish_tree(TELECOM, telecom()).await;
        self.try_bind(MAIN, TELECOM).await.unwrap();
    }

    /// The codes of all categories that a filter finds, page by page.
    pub async fn codes(&self, filter: ListCategoriesRequest) -> Vec<String> {
        let mut request = filter;
        let mut codes = Vec::new();
        loop {
            let page = self.categories().list_categories(request.clone()).await.unwrap().into_inner();
            codes.extend(page.categories.into_iter().map(|category| category.code));
            if page.next_page_token.is_empty() {
                return codes;
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Brings cases over in one stream; gives all results.
    pub async fn bring_over(&self, items: Vec<ImportCasesRequest>) -> Vec<ImportCasesResponse> {
        let mut stream = self.client().import_cases(tokio_stream::iter(items)).await.unwrap().into_inner();
        let mut results = Vec::new();
        while let Some(result) = stream.message().await.unwrap() {
            results.push(result);
        }
        results
    }
}
