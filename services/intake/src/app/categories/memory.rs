//! The memory of the codes in force at bound sites: every acceptance asks it, and none waits for the database because of it.
//!
//! # Invariants
//! - It is read once a second, after every publication and binding here, and again before a code is refused: what another
//!   replica published is known here a second later, and never refused for that reason. Within that second a code that was just
//!   retired may still be taken, which a case accepted a second earlier could have had as well.
//! - The version kept with a case is the one that it was checked against.
//! - When the database is out of reach the memory stays as it was; nothing is accepted then anyway.
//! - Categories of a version never change, so the codes of an edition are read once.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use kexiang_core::SiteId;
use kexiang_pg::Pool;

use crate::{
    domain::category::{Codes, Standing},
    store::category::{binding, tree},
};

type Known = HashMap<SiteId, Arc<Codes>>;

/// The memory. Cheap to clone.
#[derive(Clone)]
pub(in crate::app) struct Memory {
    pool: Pool,
    /// `None` until it was read for the first time.
    known: Arc<RwLock<Option<Known>>>,
    /// One reads at a time, so that an older reading never replaces a newer one.
    reading: Arc<tokio::sync::Mutex<()>>,
}

impl Memory {
    pub(in crate::app) fn new(pool: Pool) -> Self {
        Self { pool, known: Arc::default(), reading: Arc::default() }
    }

    /// Whether the site takes the code. `taken` says which standings are good enough without reading again.
    pub(super) async fn standing(
        &self,
        site: &SiteId,
        code: &str,
        taken: fn(&Standing) -> bool,
    ) -> sqlx::Result<Standing> {
        match self.recall(site, code) {
            Some(standing) if taken(&standing) => Ok(standing),
            _ => {
                self.refresh().await?;
                Ok(self.recall(site, code).unwrap_or(Standing::Unbound))
            }
        }
    }

    fn recall(&self, site: &SiteId, code: &str) -> Option<Standing> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Some(known.as_ref()?.get(site).map_or(Standing::Unbound, |codes| codes.standing(code)))
    }

    /// Reads which editions are in force, and the codes of those that are new.
    pub(super) async fn refresh(&self) -> sqlx::Result<()> {
        let _alone = self.reading.lock().await;
        let mut connection = self.pool.acquire().await?;
        let bound = binding::list(&mut connection).await?;
        let before = self.known.read().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default();
        let mut editions: Vec<Arc<Codes>> = before.values().cloned().collect();
        let mut known = Known::new();
        for (site, edition) in bound {
            let codes = match editions.iter().find(|codes| codes.edition == edition) {
                Some(codes) => Arc::clone(codes),
                None => {
                    let codes = tree::codes(&mut connection, &edition.tree, edition.version).await?;
                    let codes = Arc::new(Codes { edition, retired: codes.into_iter().collect() });
                    editions.push(Arc::clone(&codes));
                    codes
                }
            };
            known.insert(site, codes);
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(())
    }
}
