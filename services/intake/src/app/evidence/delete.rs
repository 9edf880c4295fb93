//! The two ways in which a reference to a content ends: evidence is deleted, or an upload is given up.

use kexiang_core::{Call, EvidenceId, EvidenceObjectId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{EvidenceDesk, EvidenceError, check_etag, locked};
use crate::{
    app::IDEMPOTENCY,
    domain::evidence::Evidence,
    store::{
        self,
        evidence::{content, upload},
        objects,
    },
};

impl EvidenceDesk {
    /// STORED → DELETED. Its bytes are removed later, unless other evidence has the same.
    ///
    /// # Errors
    /// NOT_FOUND, ETAG_MISMATCH, [`EvidenceError::State`].
    #[tracing::instrument(name = "app.delete_evidence", skip_all, fields(evidence.id = %id))]
    pub async fn delete(
        &self,
        call: &Call,
        id: EvidenceId,
        etag: Option<i64>,
        reason: &str,
    ) -> Result<Evidence, EvidenceError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(evidence) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(evidence);
        }
        let mut evidence = locked(&mut transaction, id).await?;
        check_etag(&evidence, etag)?;
        evidence.delete(&call.actor, reason, now).map_err(|state| EvidenceError::State { id, state })?;
        let object = content::find(&mut transaction, id).await?.map(|object| object.id);
        lock(&mut transaction, object).await?;
        store::evidence::update(&mut transaction, &evidence, None).await?;
        release(&mut transaction, object, now).await?;
        let event = Draft::new("evidence.deleted", id.name(), now, &evidence.facts())?;
        self.log.append(&mut transaction, call, now, &[event]).await?;
        IDEMPOTENCY.save(&mut transaction, call, &evidence).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(evidence)
    }

    /// Forgets an upload that will not be finished, and what came of it. Nothing happens to evidence that is stored.
    pub(super) async fn give_up(&self, id: EvidenceId) -> Result<(), EvidenceError> {
        let mut transaction = self.pool.begin().await?;
        self.give_up_rows(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(self.objects.sweep(&objects::staging_folder(id)).await?)
    }

    pub(super) async fn give_up_rows(
        &self,
        connection: &mut PgConnection,
        id: EvidenceId,
    ) -> Result<(), EvidenceError> {
        let now = self.clock.now();
        // The order of locks is everywhere the same: evidence, then its object.
        store::evidence::lock(connection, id).await?;
        let claimed = content::find(connection, id).await?.map(|object| object.id);
        lock(connection, claimed).await?;
        let freed = store::evidence::give_up(connection, id).await?;
        release(connection, freed, now).await?;
        upload::close(connection, id, now).await?;
        Ok(())
    }
}

async fn lock(connection: &mut PgConnection, object: Option<EvidenceObjectId>) -> sqlx::Result<()> {
    match object {
        Some(object) => content::lock(connection, object).await,
        None => Ok(()),
    }
}

async fn release(
    connection: &mut PgConnection,
    object: Option<EvidenceObjectId>,
    now: Timestamp,
) -> sqlx::Result<()> {
    match object {
        Some(object) => content::release(connection, object, now).await,
        None => Ok(()),
    }
}
