//! Which site takes its categories from which tree, and what that means for an acceptance.

use kexiang_core::{Call, CaseId, CategoryTreeId, SiteId};
use kexiang_events::Draft;
use kexiang_pg::Claim;

use super::{CategoryError, trees};
use crate::{
    app::{App, AppError, IDEMPOTENCY},
    domain::category::{Binding, Category, Edition, Standing, facts::BindingFacts},
    store::{
        self,
        category::{binding, tree},
    },
};

/// The category of a case, then and now.
#[derive(Debug, Clone)]
pub struct CaseCategory {
    /// Which case.
    pub case: CaseId,
    /// The code.
    pub code: String,
    /// Under which edition it was accepted; `None` at a site without a tree.
    pub edition: Option<Edition>,
    /// The category in that edition.
    pub accepted: Option<Category>,
    /// The category in the version in force.
    pub current: Option<Category>,
}

impl App {
    /// Binds a site to a tree, or unbinds it.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::EtagMismatch`], [`CategoryError::NotPublished`].
    #[tracing::instrument(name = "app.bind_category_tree", skip_all)]
    pub async fn bind_category_tree(
        &self,
        call: &Call,
        site: &SiteId,
        tree: Option<CategoryTreeId>,
        etag: Option<i64>,
    ) -> Result<Binding, CategoryError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(bound) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(bound);
        }
        self.sites.get_over(&mut transaction, site).await?;
        if let Some(tree) = &tree
            && trees::find(&mut transaction, tree).await?.current_version.is_none()
        {
            return Err(CategoryError::NotPublished { tree: tree.clone() });
        }
        let before = binding::find(&mut transaction, site).await?.map_or(0, |before| before.revision);
        let changed = || AppError::EtagMismatch { name: format!("{}/categoryTree", site.name()) };
        if etag.is_some_and(|etag| etag != before) {
            return Err(changed().into());
        }
        let bound = Binding {
            site: site.clone(),
            tree,
            revision: before + 1,
            bound: Some((now, call.actor.to_string())),
        };
        if !binding::save(&mut transaction, &bound).await? {
            return Err(changed().into());
        }
        let facts = BindingFacts { site: site.clone(), tree: bound.tree.clone() };
        let event = Draft::new("site_category_tree.bound", site.name(), now, &facts)?;
        self.log.append(&mut transaction, call, now, &[event]).await?;
        IDEMPOTENCY.save(&mut transaction, call, &bound).await?;
        transaction.commit().await?;
        self.log.wake();
        self.refresh_categories().await;
        Ok(bound)
    }

    /// The tree that a site is bound to.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the site.
    #[tracing::instrument(name = "app.get_site_category_tree", skip_all)]
    pub async fn get_site_category_tree(&self, site: &SiteId) -> Result<Binding, CategoryError> {
        let mut connection = self.pool.acquire().await?;
        self.sites.get_over(&mut connection, site).await?;
        let found = binding::find(&mut connection, site).await?;
        Ok(found.unwrap_or(Binding { site: site.clone(), tree: None, revision: 0, bound: None }))
    }

    /// Whether a site takes a category code; of an old case (`history`) retired ones are taken too.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn category_standing(
        &self,
        site: &SiteId,
        code: &str,
        history: bool,
    ) -> Result<Standing, AppError> {
        let taken: fn(&Standing) -> bool = if history {
            |standing| !matches!(standing, Standing::Unknown)
        } else {
            |standing| matches!(standing, Standing::Unbound | Standing::Active(_))
        };
        Ok(self.categories.standing(site, code, taken).await?)
    }

    /// Whether an acceptance was done before, by its request or its external reference: then it is answered as it was, whatever
    /// became of its category since.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn was_accepted(
        &self,
        call: &Call,
        site: &SiteId,
        external_reference: Option<&str>,
    ) -> Result<bool, AppError> {
        let mut connection = self.pool.acquire().await?;
        if let Some(request) = call.request
            && !store::request::recall(&mut connection, &[(call, request)]).await?.is_empty()
        {
            return Ok(true);
        }
        let Some(reference) = external_reference else { return Ok(false) };
        Ok(!store::case::find_brought_over(&mut connection, &[(site, reference)]).await?.is_empty())
    }

    /// The category of a case, then and now.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.get_case_category", skip_all)]
    pub async fn get_case_category(&self, id: CaseId) -> Result<CaseCategory, CategoryError> {
        let mut connection = self.pool.acquire().await?;
        let found = store::case::find(&mut connection, id).await?;
        let case = found.ok_or_else(|| AppError::NotFound { resource: CaseId::TYPE, name: id.name() })?;
        let (mut accepted, mut current) = (None, None);
        let edition = binding::find_edition(&mut connection, id).await?;
        if let Some(Edition { tree, version }) = &edition {
            let codes = [case.category.as_str()];
            accepted = tree::find_categories(&mut connection, tree, *version, &codes).await?.pop();
            let now = trees::find(&mut connection, tree).await?.current_version.unwrap_or(*version);
            current = tree::find_categories(&mut connection, tree, now, &codes).await?.pop();
        }
        Ok(CaseCategory { case: id, code: case.category, edition, accepted, current })
    }

    /// Reads the codes in force again. A failure is told in the log alone: what is remembered stays, and is read again soon.
    pub async fn refresh_categories(&self) {
        if let Err(error) = self.categories.refresh().await {
            tracing::warn!(%error, "the categories in force are not read yet");
        }
    }
}
