//! Sites: creating, reading, and a memory of them, since every acceptance needs its site and sites never change.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use kexiang_core::{Call, SiteId};
use kexiang_events::Draft;
use kexiang_pg::{Claim, Pool};
use sqlx::PgConnection;

use super::{App, AppError, IDEMPOTENCY};
use crate::{domain::Site, store};

/// The memory of sites.
#[derive(Clone)]
pub(super) struct Sites {
    pool: Pool,
    known: Arc<RwLock<HashMap<SiteId, Arc<Site>>>>,
}

impl Sites {
    pub(super) fn new(pool: Pool) -> Self {
        Self { pool, known: Arc::default() }
    }

    /// The site, from memory or from the database.
    pub(super) async fn get(&self, id: &SiteId) -> Result<Arc<Site>, AppError> {
        match self.recall(id) {
            Some(site) => Ok(site),
            None => self.get_over(&mut *self.pool.acquire().await?, id).await,
        }
    }

    /// The same for those who have a connection: waiting for a second one while holding one could wait for oneself.
    pub(super) async fn get_over(
        &self,
        connection: &mut PgConnection,
        id: &SiteId,
    ) -> Result<Arc<Site>, AppError> {
        if let Some(site) = self.recall(id) {
            return Ok(site);
        }
        let found = store::site::find(connection, id).await?;
        let site =
            Arc::new(found.ok_or_else(|| AppError::NotFound { resource: SiteId::TYPE, name: id.name() })?);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(id.clone(), Arc::clone(&site));
        Ok(site)
    }

    /// The site, if it is in memory.
    pub(super) fn recall(&self, id: &SiteId) -> Option<Arc<Site>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}

impl App {
    /// Creates a site with an empty register.
    ///
    /// # Errors
    /// [`AppError::AlreadyExists`].
    #[tracing::instrument(name = "app.create_site", skip_all)]
    pub async fn create_site(&self, call: &Call, site: Site) -> Result<Site, AppError> {
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(site) = IDEMPOTENCY.claim(&mut transaction, call, site.created_at).await? {
            return Ok(site);
        }
        if !store::site::insert(&mut transaction, &site).await? {
            return Err(AppError::AlreadyExists { resource: SiteId::TYPE, name: site.id.name() });
        }
        let event = Draft::new("site.created", site.id.name(), site.created_at, &site)?;
        self.log.append(&mut transaction, call, site.created_at, &[event]).await?;
        IDEMPOTENCY.save(&mut transaction, call, &site).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(site)
    }

    /// The site with this id.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.get_site", skip_all)]
    pub async fn get_site(&self, id: &SiteId) -> Result<Arc<Site>, AppError> {
        self.sites.get(id).await
    }

    /// The same, where it may be missing.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_site(&self, id: &SiteId) -> Result<Option<Arc<Site>>, AppError> {
        match self.get_site(id).await {
            Ok(site) => Ok(Some(site)),
            Err(AppError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sites after `after`, by id.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_sites", skip_all)]
    pub async fn list_sites(&self, after: Option<&SiteId>, limit: i64) -> Result<Vec<Site>, AppError> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::site::list(&mut connection, after, limit).await?)
    }
}
