//! Reading evidence, and its bytes.

use bytes::Bytes;
use futures::{Stream, StreamExt};
use kexiang_core::EvidenceId;

use super::{EvidenceDesk, EvidenceError, not_found};
use crate::{
    domain::evidence::{Evidence, EvidenceState, LARGEST_CHUNK, Parent},
    store::{self, evidence::content, objects::content_key},
};

impl EvidenceDesk {
    /// The evidence with this id.
    ///
    /// # Errors
    /// NOT_FOUND.
    #[tracing::instrument(name = "app.get_evidence", skip_all)]
    pub async fn get(&self, id: EvidenceId) -> Result<Evidence, EvidenceError> {
        let mut connection = self.pool.acquire().await?;
        store::evidence::find(&mut connection, id).await?.ok_or_else(|| not_found(id))
    }

    /// A page of the evidence of a parent, oldest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_evidence", skip_all)]
    pub async fn list(
        &self,
        parent: Parent,
        show_deleted: bool,
        after: Option<EvidenceId>,
        limit: i64,
    ) -> Result<Vec<Evidence>, EvidenceError> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::evidence::list(&mut connection, parent, show_deleted, after, limit).await?)
    }

    /// The bytes of stored evidence from `offset` on, in chunks of at most [`LARGEST_CHUNK`]. A deletion meanwhile does not
    /// break it off: its object stays for an hour.
    ///
    /// # Errors
    /// NOT_FOUND, [`EvidenceError::State`], [`EvidenceError::Beyond`], and those of the store.
    #[tracing::instrument(name = "app.download_evidence", skip_all, fields(evidence.id = %id))]
    pub async fn download(
        &self,
        id: EvidenceId,
        offset: i64,
    ) -> Result<
        (Evidence, impl Stream<Item = Result<Bytes, EvidenceError>> + Send + 'static + use<>),
        EvidenceError,
    > {
        let mut connection = self.pool.acquire().await?;
        let evidence = store::evidence::find(&mut connection, id).await?.ok_or_else(|| not_found(id))?;
        evidence.expect(EvidenceState::Stored).map_err(|state| EvidenceError::State { id, state })?;
        let size = evidence.size.unwrap_or_default();
        let from = u64::try_from(offset).ok().filter(|_| offset < size);
        let from = from.ok_or(EvidenceError::Beyond { size })?;
        let object = content::find(&mut connection, id).await?.ok_or_else(|| not_found(id))?;
        drop(connection);
        let bytes = self.objects.read(&content_key(&object), from, LARGEST_CHUNK).await?;
        Ok((evidence, bytes.map(|chunk| chunk.map_err(EvidenceError::from))))
    }
}
