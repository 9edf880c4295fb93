//! Suggesting from the models; one in memory per scope, read again when its revision in the database is another.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use kexiang_core::{CategoryTreeId, SiteId};
use sqlx::PgConnection;
use tokio::sync::Semaphore;

use super::{CategoryError, trees};
pub use crate::store::category::model::ModelCard;
use crate::{
    app::App,
    domain::category::{
        Category, Scope,
        classifier::{Classifier, Suggestion},
        words,
    },
    store::category::{binding, model, tree},
};

type Loaded = (i64, Arc<Classifier>);

/// The models in memory, and the place of the one training that a process does at a time.
#[derive(Clone)]
pub(in crate::app) struct Models {
    loaded: Arc<RwLock<HashMap<Scope, Loaded>>>,
    pub(super) training: Arc<Semaphore>,
}

impl Default for Models {
    fn default() -> Self {
        Self { loaded: Arc::default(), training: Arc::new(Semaphore::new(1)) }
    }
}

/// Suggestions and the model that made them.
#[derive(Debug, Clone)]
pub struct Suggested {
    /// Most likely first, each with its category where a tree is known.
    pub suggestions: Vec<(Suggestion, Option<Category>)>,
    /// Whose model it was.
    pub scope: Scope,
    /// Its revision.
    pub revision: i64,
}

impl App {
    /// Suggests categories for a text; a site without a model of its own uses that of its tree.
    ///
    /// # Errors
    /// `NotFound` for the site or the tree, [`CategoryError::ModelMissing`].
    #[tracing::instrument(name = "app.suggest_categories", skip_all)]
    pub async fn suggest_categories(
        &self,
        scope: &Scope,
        text: String,
        limit: usize,
    ) -> Result<Suggested, CategoryError> {
        let mut connection = self.pool.acquire().await?;
        let tree = self.tree_of(&mut connection, scope).await?;
        let mut scopes = vec![scope.clone()];
        scopes.extend(tree.clone().map(Scope::Tree).filter(|of_tree| of_tree != scope));
        for scope in scopes {
            let Some((revision, classifier)) = self.classifier(&mut connection, &scope).await? else {
                continue;
            };
            let suggested =
                tokio::task::spawn_blocking(move || classifier.suggest(&words::bag_of(&text))).await?;
            let suggestions = in_force(&mut connection, tree.as_ref(), suggested, limit).await?;
            return Ok(Suggested { suggestions, scope, revision });
        }
        Err(CategoryError::ModelMissing { scope: scope.clone() })
    }

    /// What is known about the model of a scope.
    ///
    /// # Errors
    /// `NotFound` for the site or the tree, [`CategoryError::ModelMissing`].
    #[tracing::instrument(name = "app.get_category_model", skip_all)]
    pub async fn get_category_model(&self, scope: &Scope) -> Result<ModelCard, CategoryError> {
        let mut connection = self.pool.acquire().await?;
        self.tree_of(&mut connection, scope).await?;
        let found = model::find(&mut connection, scope).await?;
        found.ok_or_else(|| CategoryError::ModelMissing { scope: scope.clone() })
    }

    /// The tree of a scope that exists: itself, or the one that the site is bound to.
    pub(super) async fn tree_of(
        &self,
        connection: &mut PgConnection,
        scope: &Scope,
    ) -> Result<Option<CategoryTreeId>, CategoryError> {
        match scope {
            Scope::Tree(tree) => Ok(Some(trees::find(connection, tree).await?.id)),
            Scope::Site(site) => {
                self.sites.get_over(connection, site).await?;
                Ok(binding::find(connection, site).await?.and_then(|binding| binding.tree))
            }
        }
    }

    /// The sites whose cases a model of this scope learns from.
    pub(super) async fn sites_of(
        &self,
        connection: &mut PgConnection,
        scope: &Scope,
    ) -> Result<Vec<SiteId>, CategoryError> {
        match scope {
            Scope::Site(site) => Ok(vec![site.clone()]),
            Scope::Tree(tree) => Ok(binding::sites(connection, tree).await?),
        }
    }

    async fn classifier(
        &self,
        connection: &mut PgConnection,
        scope: &Scope,
    ) -> Result<Option<Loaded>, CategoryError> {
        let Some(revision) = model::revision(connection, scope).await? else { return Ok(None) };
        let remembered = {
            let loaded = self.models.loaded.read().unwrap_or_else(PoisonError::into_inner);
            loaded.get(scope).filter(|(of, _)| *of == revision).cloned()
        };
        if remembered.is_some() {
            return Ok(remembered);
        }
        let Some((revision, bytes)) = model::load(connection, scope).await? else { return Ok(None) };
        let classifier = tokio::task::spawn_blocking(move || Classifier::decode(&bytes)).await??;
        let loaded = (revision, Arc::new(classifier));
        let mut all = self.models.loaded.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(scope.clone(), loaded.clone());
        Ok(Some(loaded))
    }
}

/// The first suggestions with their categories. Where a tree is in force, those that it does not offer are left out.
async fn in_force(
    connection: &mut PgConnection,
    tree: Option<&CategoryTreeId>,
    suggested: Vec<Suggestion>,
    limit: usize,
) -> Result<Vec<(Suggestion, Option<Category>)>, CategoryError> {
    let version = match tree {
        Some(tree) => trees::find(connection, tree).await?.current_version,
        None => None,
    };
    let Some((tree, version)) = tree.zip(version) else {
        return Ok(suggested.into_iter().take(limit).map(|suggestion| (suggestion, None)).collect());
    };
    let codes: Vec<_> = suggested.iter().map(|suggestion| suggestion.category.as_str()).collect();
    let found = tree::find_categories(connection, tree, version, &codes).await?;
    let mut offered: HashMap<String, Category> =
        found.into_iter().filter(|c| !c.retired).map(|c| (c.code.clone(), c)).collect();
    let with_category = |suggestion: Suggestion| {
        let category = offered.remove(&suggestion.category)?;
        Some((suggestion, Some(category)))
    };
    Ok(suggested.into_iter().filter_map(with_category).take(limit).collect())
}
