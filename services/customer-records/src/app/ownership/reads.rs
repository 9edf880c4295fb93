//! Reading ownerships: as they were last decided. An ownership that is over shows so within the poll of the worker.

use jiff::Timestamp;
use kexiang_core::CustomerId;

use super::{OwnershipRefusal, Which};
use crate::{
    app::App,
    domain::ownership::{KeptEntry, Ownership},
    store::{customers, ownership_entries, ownerships},
};

impl App {
    /// Whose a customer is.
    ///
    /// # Errors
    /// [`OwnershipRefusal::NotFound`].
    #[tracing::instrument(name = "app.get_ownership", skip_all)]
    pub async fn get_ownership(&self, id: CustomerId) -> Result<Ownership, OwnershipRefusal> {
        let mut conn = self.pool.acquire().await?;
        if let Some(ownership) = ownerships::find(&mut conn, id).await? {
            return Ok(ownership);
        }
        let customer =
            customers::find(&mut conn, &self.keys, id).await?.ok_or(OwnershipRefusal::NotFound(id))?;
        Ok(Ownership::pooled(id, None, customer.created_at))
    }

    /// A page of ownerships.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_ownerships", skip_all)]
    pub async fn list_ownerships(
        &self,
        which: &Which,
        after: Option<(Timestamp, CustomerId)>,
        limit: i64,
    ) -> Result<Vec<Ownership>, OwnershipRefusal> {
        let mut conn = self.pool.acquire().await?;
        Ok(ownerships::list(&mut conn, which, after, limit).await?)
    }

    /// The history of a customer's ownership older than `after`, newest first.
    ///
    /// # Errors
    /// [`OwnershipRefusal::NotFound`].
    #[tracing::instrument(name = "app.list_ownership_entries", skip_all)]
    pub async fn list_ownership_entries(
        &self,
        id: CustomerId,
        after: Option<i64>,
        limit: i64,
    ) -> Result<Vec<KeptEntry>, OwnershipRefusal> {
        let mut conn = self.pool.acquire().await?;
        if !customers::exists(&mut conn, id).await? {
            return Err(OwnershipRefusal::NotFound(id));
        }
        let entries = ownership_entries::list(&mut conn, id, after, limit).await?;
        Ok(entries.into_iter().map(|(kept, _)| kept).collect())
    }
}
