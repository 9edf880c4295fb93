//! Reading contacts and registers. Contacts are written by [`super::acceptance`].

use std::collections::HashMap;

use kexiang_core::{Actor, ContactId, SiteId};

use super::{App, AppError};
use crate::{domain::Contact, store};

impl App {
    /// The contact with this id.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.get_contact", skip_all)]
    pub async fn get_contact(&self, id: ContactId) -> Result<Contact, AppError> {
        let found = self.batch_get_contacts(&[id]).await?.pop();
        found.ok_or_else(|| AppError::NotFound { resource: ContactId::TYPE, name: id.name() })
    }

    /// The contacts with these ids, in this order; unknown ones are left out.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.batch_get_contacts", skip_all)]
    pub async fn batch_get_contacts(&self, ids: &[ContactId]) -> Result<Vec<Contact>, AppError> {
        let mut connection = self.pool.acquire().await?;
        let found = store::contact::find(&mut connection, ids).await?;
        let by_id: HashMap<_, _> = found.into_iter().map(|contact| (contact.id, contact)).collect();
        Ok(ids.iter().filter_map(|id| by_id.get(id).cloned()).collect())
    }

    /// A page of a site's register by number: the public one, or what one actor registered.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the site.
    #[tracing::instrument(name = "app.list_contacts", skip_all)]
    pub async fn list_contacts(
        &self,
        site: &SiteId,
        registered_by: Option<&Actor>,
        after: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Contact>, AppError> {
        self.sites.get(site).await?;
        let mut connection = self.pool.acquire().await?;
        Ok(store::contact::list(&mut connection, site, registered_by, after, limit).await?)
    }
}
