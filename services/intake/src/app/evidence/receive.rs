//! Uploads in one call: what comes goes straight to the store, and nothing stays of what is refused or breaks off.

use kexiang_core::Call;
use sha2::{Digest, Sha256};

use super::{EvidenceDesk, EvidenceError, settle::Staged};
use crate::{
    domain::evidence::{
        Announced, ContentFault, ContentHash, Evidence, HEAD_BYTES, NewEvidence, Received, limit_of,
    },
    store::objects::{self, Writing},
};

/// An upload in one call that begins.
pub enum Begun {
    /// It was done before; this was the answer.
    Answered(Box<Evidence>),
    /// Its bytes may come.
    Receiving(Box<Receiving>),
}

/// An upload whose bytes are coming.
pub struct Receiving {
    desk: EvidenceDesk,
    evidence: Evidence,
    announced: Announced,
    key: String,
    writing: Writing,
    hasher: Sha256,
    received: i64,
    head: Vec<u8>,
}

impl EvidenceDesk {
    /// Begins an upload in one call.
    ///
    /// # Errors
    /// NOT_FOUND for the parent; those of the store.
    #[tracing::instrument(name = "app.upload_evidence", skip_all)]
    pub async fn receive(&self, call: &Call, new: NewEvidence) -> Result<Begun, EvidenceError> {
        if let Some(evidence) = self.answered(call).await? {
            return Ok(Begun::Answered(Box::new(evidence)));
        }
        let announced = new.announced;
        let mut transaction = self.pool.begin().await?;
        let evidence = self.insert(&mut transaction, call, new).await?;
        transaction.commit().await?;
        let key = objects::staging_key(evidence.id, self.clock.now());
        let writing = match self.objects.write(&key).await {
            Ok(writing) => writing,
            Err(error) => {
                self.give_up(evidence.id).await?;
                return Err(error.into());
            }
        };
        Ok(Begun::Receiving(Box::new(Receiving {
            desk: self.clone(),
            evidence,
            announced,
            key,
            writing,
            hasher: Sha256::new(),
            received: 0,
            head: Vec::new(),
        })))
    }
}

impl Receiving {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`EvidenceError::Content`] beyond the size limit; those of the store.
    pub async fn push(&mut self, data: &[u8]) -> Result<(), EvidenceError> {
        self.received = self.received.saturating_add(i64::try_from(data.len()).unwrap_or(i64::MAX));
        let limit = limit_of(self.evidence.media_type, self.desk.largest);
        if self.received > limit {
            return Err(EvidenceError::Content(vec![ContentFault::TooLarge { limit }]));
        }
        self.hasher.update(data);
        let missing = HEAD_BYTES - self.head.len();
        self.head.extend_from_slice(data.get(..missing.min(data.len())).unwrap_or_default());
        Ok(self.writing.push(data).await?)
    }

    /// All came: checks and stores it, or leaves nothing.
    ///
    /// # Errors
    /// [`EvidenceError::Content`] with all faults; those of the store.
    pub async fn finish(self, call: &Call) -> Result<Evidence, EvidenceError> {
        let Self { desk, evidence, announced, key, writing, hasher, received, head } = self;
        let sha256 = ContentHash::new(hasher.finalize().into());
        let staged = Staged { key, received: Received { size: received, sha256, head } };
        // An empty object is none that a store takes in parts; it is refused anyhow.
        let written = if received == 0 { writing.abort().await } else { writing.finish().await };
        let settled = match written {
            Ok(()) => desk.settle(call, &evidence, &announced, staged).await,
            Err(error) => Err(error.into()),
        };
        if !settled.as_ref().is_ok_and(|stored| stored.id == evidence.id) {
            // Refused, or a twin with the same request id was faster.
            desk.give_up(evidence.id).await?;
        }
        settled
    }

    /// No more will come: leaves nothing.
    pub async fn give_up(self) {
        let Self { desk, evidence, writing, .. } = self;
        if let Err(error) = writing.abort().await {
            tracing::warn!(%error, evidence.id = %evidence.id, "the rest of an upload stays until its sweep");
        }
        if let Err(error) = desk.give_up(evidence.id).await {
            tracing::warn!(%error, evidence.id = %evidence.id, "a broken upload stays until it expires");
        }
    }
}
