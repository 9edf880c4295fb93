//! The end of an upload: judged, claimed, put in its place, stored. The order is the protocol of [`super`].

use kexiang_core::{Call, EvidenceId};
use kexiang_events::Draft;
use kexiang_pg::Claim;

use super::{EvidenceDesk, EvidenceError, locked};
use crate::{
    app::IDEMPOTENCY,
    domain::evidence::{Announced, Evidence, EvidenceState, MediaType, Received, judge},
    store::{
        evidence::content::{self, Claimed, ContentObject},
        evidence::upload,
        objects,
    },
};

/// What came, whole, in the upload's folder.
pub(super) struct Staged {
    /// Where.
    pub(super) key: String,
    /// What.
    pub(super) received: Received,
}

impl EvidenceDesk {
    pub(super) async fn settle(
        &self,
        call: &Call,
        evidence: &Evidence,
        announced: &Announced,
        staged: Staged,
    ) -> Result<Evidence, EvidenceError> {
        let Staged { key, received } = staged;
        let detected =
            judge(&received, announced, evidence.media_type, self.largest).map_err(EvidenceError::Content)?;
        let claimed = self.claim(evidence.id, &received).await?;
        if !claimed.is_placed {
            let object = ContentObject { id: claimed.id, sha256: received.sha256 };
            self.objects.rename(&key, &objects::content_key(&object)).await?;
        }
        let stored = self.store(call, evidence.id, claimed, &received, detected).await?;
        if let Err(error) = self.objects.sweep(&objects::staging_folder(evidence.id)).await {
            tracing::info!(%error, evidence.id = %evidence.id, "the folder of an upload stays until its sweep");
        }
        Ok(stored)
    }

    /// From its commit on nobody removes this content.
    async fn claim(&self, id: EvidenceId, received: &Received) -> Result<Claimed, EvidenceError> {
        let mut transaction = self.pool.begin().await?;
        let evidence = locked(&mut transaction, id).await?;
        evidence.expect(EvidenceState::Uploading).map_err(|state| EvidenceError::State { id, state })?;
        let now = self.clock.now();
        let claimed = content::claim(&mut transaction, id, &received.sha256, received.size, now).await?;
        transaction.commit().await?;
        Ok(claimed)
    }

    async fn store(
        &self,
        call: &Call,
        id: EvidenceId,
        claimed: Claimed,
        received: &Received,
        detected: MediaType,
    ) -> Result<Evidence, EvidenceError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(evidence) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(evidence);
        }
        let mut evidence = locked(&mut transaction, id).await?;
        evidence.store(received, detected, now).map_err(|state| EvidenceError::State { id, state })?;
        content::place(&mut transaction, claimed.id, now).await?;
        crate::store::evidence::update(&mut transaction, &evidence, Some(claimed.id)).await?;
        upload::close(&mut transaction, id, now).await?;
        let event = Draft::new("evidence.stored", id.name(), now, &evidence.facts())?;
        self.log.append(&mut transaction, call, now, &[event]).await?;
        IDEMPOTENCY.save(&mut transaction, call, &evidence).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(evidence)
    }
}
