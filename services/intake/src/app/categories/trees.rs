//! Trees: creating, drafting, publishing, reading.

use kexiang_core::{Call, CategoryTreeId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::CategoryError;
pub use crate::store::category::tree::CategoryFilter;
use crate::{
    app::{App, AppError, IDEMPOTENCY},
    domain::category::{Category, CategoryTree, TreeVersion, facts::CategoryTreeFacts},
    store::category::tree,
};

/// A tree with one version.
#[derive(Debug, Clone)]
pub struct ShownTree {
    /// The tree.
    pub tree: CategoryTree,
    /// The version with its categories; `None` while nothing is published and none was asked for.
    pub version: Option<(TreeVersion, Vec<Category>)>,
}

/// A version to be drafted, checked by `domain::category::draft`.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// In this order, with their paths.
    pub categories: Vec<Category>,
    /// What it changes.
    pub note: Option<String>,
}

impl App {
    /// Creates a tree without versions.
    ///
    /// # Errors
    /// [`AppError::AlreadyExists`].
    #[tracing::instrument(name = "app.create_category_tree", skip_all)]
    pub async fn create_category_tree(
        &self,
        call: &Call,
        id: CategoryTreeId,
        display_name: String,
    ) -> Result<CategoryTree, CategoryError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(tree) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(tree);
        }
        let tree = CategoryTree {
            id,
            display_name,
            current_version: None,
            latest_version: 0,
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        if !tree::insert(&mut transaction, &tree).await? {
            let name = tree.id.name();
            return Err(AppError::AlreadyExists { resource: CategoryTreeId::TYPE, name }.into());
        }
        let facts =
            CategoryTreeFacts { tree: tree.id.clone(), version: 0, category_count: 0, retired_count: 0 };
        let event = Draft::new("category_tree.created", tree.id.name(), now, &facts)?;
        self.log.append(&mut transaction, call, now, &[event]).await?;
        IDEMPOTENCY.save(&mut transaction, call, &tree).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(tree)
    }

    /// Writes the next version of a tree.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::EtagMismatch`].
    #[tracing::instrument(name = "app.draft_category_tree_version", skip_all, fields(tree = %id))]
    pub async fn draft_category_tree_version(
        &self,
        call: &Call,
        id: &CategoryTreeId,
        etag: Option<i64>,
        new: NewVersion,
    ) -> Result<TreeVersion, CategoryError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(version) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(version);
        }
        let mut tree = lock(&mut transaction, id, etag).await?;
        let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        let version = TreeVersion {
            tree: id.clone(),
            version: tree.draft(now),
            category_count: count(new.categories.len()),
            retired_count: count(new.categories.iter().filter(|category| category.retired).count()),
            note: new.note,
            drafted_at: now,
            drafted_by: call.actor.to_string(),
            published: None,
        };
        tree::insert_version(&mut transaction, &version, &new.categories).await?;
        tree::update(&mut transaction, &tree).await?;
        let event = told("category_tree.drafted", &version, now)?;
        self.log.append(&mut transaction, call, now, &[event]).await?;
        IDEMPOTENCY.save(&mut transaction, call, &version).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(version)
    }

    /// Puts a draft in force; every site bound to the tree takes its codes from now on.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::EtagMismatch`], [`CategoryError::Publish`], [`CategoryError::CodesMissing`].
    #[tracing::instrument(name = "app.publish_category_tree_version", skip_all, fields(tree = %id, version))]
    pub async fn publish_category_tree_version(
        &self,
        call: &Call,
        id: &CategoryTreeId,
        version: i32,
        etag: Option<i64>,
    ) -> Result<CategoryTree, CategoryError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(tree) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(tree);
        }
        let mut tree = lock(&mut transaction, id, etag).await?;
        let mut draft = version_of(&mut transaction, id, version).await?;
        let before = tree.current_version;
        tree.publish(&mut draft, call.actor.to_string(), now)
            .map_err(|source| CategoryError::Publish { tree: id.clone(), source })?;
        if let Some(before) = before {
            let codes = tree::find_missing_codes(&mut transaction, id, before, version).await?;
            if !codes.is_empty() {
                return Err(CategoryError::CodesMissing { tree: id.clone(), codes });
            }
        }
        tree::publish(&mut transaction, &draft).await?;
        tree::update(&mut transaction, &tree).await?;
        let event = told("category_tree.published", &draft, now)?;
        self.log.append(&mut transaction, call, now, &[event]).await?;
        IDEMPOTENCY.save(&mut transaction, call, &tree).await?;
        transaction.commit().await?;
        self.log.wake();
        self.refresh_categories().await;
        Ok(tree)
    }

    /// A tree with the categories of one version, of that in force without `version`.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.get_category_tree", skip_all)]
    pub async fn get_category_tree(
        &self,
        id: &CategoryTreeId,
        version: Option<i32>,
    ) -> Result<ShownTree, CategoryError> {
        let mut connection = self.pool.acquire().await?;
        let tree = find(&mut connection, id).await?;
        let Some(shown) = version.or(tree.current_version) else {
            return Ok(ShownTree { tree, version: None });
        };
        let version = version_of(&mut connection, id, shown).await?;
        let all = CategoryFilter { show_retired: true, ..CategoryFilter::default() };
        let categories = tree::list_categories(&mut connection, id, shown, &all, None, i64::MAX).await?;
        let categories = categories.into_iter().map(|(_, category)| category).collect();
        Ok(ShownTree { tree, version: Some((version, categories)) })
    }

    /// Versions of a tree before `before`, newest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.list_category_tree_versions", skip_all)]
    pub async fn list_category_tree_versions(
        &self,
        id: &CategoryTreeId,
        before: Option<i32>,
        limit: i64,
    ) -> Result<Vec<TreeVersion>, CategoryError> {
        let mut connection = self.pool.acquire().await?;
        find(&mut connection, id).await?;
        Ok(tree::list_versions(&mut connection, id, before, limit).await?)
    }

    /// Categories of a version after a position, with their positions. A tree without a version in force has none.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the tree, the version or the subtree.
    #[tracing::instrument(name = "app.list_categories", skip_all)]
    pub async fn list_categories(
        &self,
        id: &CategoryTreeId,
        version: Option<i32>,
        filter: &CategoryFilter,
        after: Option<i32>,
        limit: i64,
    ) -> Result<Vec<(i32, Category)>, CategoryError> {
        let mut connection = self.pool.acquire().await?;
        let tree = find(&mut connection, id).await?;
        if let Some(version) = version {
            version_of(&mut connection, id, version).await?;
        }
        let Some(version) = version.or(tree.current_version) else { return Ok(Vec::new()) };
        if let Some(code) = &filter.subtree {
            category_of(&mut connection, id, version, code).await?;
        }
        Ok(tree::list_categories(&mut connection, id, version, filter, after, limit).await?)
    }

    /// The category with this code in the version in force, retired or not.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.resolve_category", skip_all)]
    pub async fn resolve_category(&self, id: &CategoryTreeId, code: &str) -> Result<Category, CategoryError> {
        let mut connection = self.pool.acquire().await?;
        let tree = find(&mut connection, id).await?;
        let version = tree.current_version.unwrap_or_default();
        category_of(&mut connection, id, version, code).await
    }
}

pub(super) async fn find(
    connection: &mut PgConnection,
    id: &CategoryTreeId,
) -> Result<CategoryTree, CategoryError> {
    let found = tree::find(connection, id).await?;
    found.ok_or_else(|| AppError::NotFound { resource: CategoryTreeId::TYPE, name: id.name() }.into())
}

async fn lock(
    connection: &mut PgConnection,
    id: &CategoryTreeId,
    etag: Option<i64>,
) -> Result<CategoryTree, CategoryError> {
    let found = tree::lock(connection, id).await?;
    let tree = found.ok_or_else(|| AppError::NotFound { resource: CategoryTreeId::TYPE, name: id.name() })?;
    if etag.is_some_and(|etag| etag != tree.revision) {
        return Err(AppError::EtagMismatch { name: id.name() }.into());
    }
    Ok(tree)
}

async fn version_of(
    connection: &mut PgConnection,
    id: &CategoryTreeId,
    version: i32,
) -> Result<TreeVersion, CategoryError> {
    let found = tree::find_version(connection, id, version).await?;
    let name = || format!("{}/versions/{version}", id.name());
    found.ok_or_else(|| AppError::NotFound { resource: "CategoryTreeVersion", name: name() }.into())
}

async fn category_of(
    connection: &mut PgConnection,
    id: &CategoryTreeId,
    version: i32,
    code: &str,
) -> Result<Category, CategoryError> {
    let found = tree::find_categories(connection, id, version, &[code]).await?.pop();
    let name = || format!("{}/categories/{code}", id.name());
    found.ok_or_else(|| AppError::NotFound { resource: "Category", name: name() }.into())
}

fn told(event_type: &'static str, version: &TreeVersion, now: Timestamp) -> Result<Draft, serde_json::Error> {
    let facts = CategoryTreeFacts {
        tree: version.tree.clone(),
        version: version.version,
        category_count: version.category_count,
        retired_count: version.retired_count,
    };
    Draft::new(event_type, version.tree.name(), now, &facts)
}
