//! Uploads in several calls: begin, chunk after chunk, finish. A break costs at most one chunk.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use kexiang_core::{Call, EvidenceId};
use kexiang_pg::Claim;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::{EvidenceDesk, EvidenceError, check_etag, locked, not_found, settle::Staged};
use crate::{
    app::{AppError, IDEMPOTENCY},
    domain::evidence::{
        ContentFault, ContentHash, Evidence, EvidenceState, HEAD_BYTES, NewEvidence, Progress, Received,
        give_up_at, limit_of,
    },
    store::{
        self,
        evidence::upload::{self, Chunk},
        objects,
    },
};

/// Chunks that are read ahead while they are put together.
const READ_AHEAD: usize = 8;

/// What a chunk is to what came before.
enum Position {
    Next,
    Repeated,
}

impl EvidenceDesk {
    /// Begins an upload in several calls.
    ///
    /// # Errors
    /// NOT_FOUND for the parent.
    #[tracing::instrument(name = "app.begin_evidence_upload", skip_all)]
    pub async fn begin_upload(&self, call: &Call, new: NewEvidence) -> Result<Evidence, EvidenceError> {
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(evidence) = IDEMPOTENCY.claim(&mut transaction, call, self.clock.now()).await? {
            return Ok(evidence);
        }
        let evidence = self.insert(&mut transaction, call, new).await?;
        IDEMPOTENCY.save(&mut transaction, call, &evidence).await?;
        transaction.commit().await?;
        Ok(evidence)
    }

    /// Writes the rows of an upload that begins.
    pub(super) async fn insert(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        new: NewEvidence,
    ) -> Result<Evidence, EvidenceError> {
        let (parent, announced) = (new.parent, new.announced);
        if !store::evidence::has_parent(connection, parent).await? {
            return Err(AppError::NotFound { resource: "Parent", name: parent.to_string() }.into());
        }
        let now = self.clock.now();
        let evidence = new.begin(&call.actor, now);
        store::evidence::insert(connection, &evidence).await?;
        let progress = Progress { received: 0, expires_at: give_up_at(now) };
        upload::insert(connection, evidence.id, &announced, progress).await?;
        Ok(evidence)
    }

    /// Takes the next chunk, or one that came before.
    ///
    /// # Errors
    /// [`EvidenceError::Offset`], [`EvidenceError::State`], [`EvidenceError::Content`] beyond the size limit.
    #[tracing::instrument(name = "app.append_evidence_chunk", skip_all, fields(evidence.id = %id, bytes = data.len()))]
    pub async fn append_chunk(
        &self,
        call: &Call,
        id: EvidenceId,
        offset: i64,
        data: Bytes,
    ) -> Result<Progress, EvidenceError> {
        let crc32 = crc32fast::hash(&data);
        let size = i64::try_from(data.len()).unwrap_or(i64::MAX);
        let key = objects::staging_key(id, self.clock.now());
        let chunk = Chunk { offset, size, crc32, key };
        // A chunk that is refused anyhow is not worth a write.
        let mut connection = self.pool.acquire().await?;
        let found = store::evidence::find(&mut connection, id).await?.ok_or_else(|| not_found(id))?;
        if let (progress, Position::Repeated) = self.place(&mut connection, &found, &chunk).await? {
            return Ok(progress);
        }
        drop(connection);

        self.objects.put(&chunk.key, data).await?;
        let appended = self.append_row(call, id, &chunk).await;
        if !matches!(appended, Ok((_, Position::Next))) {
            self.objects.delete(&chunk.key).await?;
        }
        appended.map(|(progress, _)| progress)
    }

    async fn append_row(
        &self,
        call: &Call,
        id: EvidenceId,
        chunk: &Chunk,
    ) -> Result<(Progress, Position), EvidenceError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(progress) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok((progress, Position::Repeated));
        }
        let evidence = locked(&mut transaction, id).await?;
        let (mut progress, position) = self.place(&mut transaction, &evidence, chunk).await?;
        if matches!(position, Position::Next) {
            progress = Progress { received: progress.received + chunk.size, expires_at: give_up_at(now) };
            upload::append(&mut transaction, id, chunk, progress).await?;
        }
        IDEMPOTENCY.save(&mut transaction, call, &progress).await?;
        transaction.commit().await?;
        Ok((progress, position))
    }

    /// Where this chunk belongs.
    async fn place(
        &self,
        connection: &mut PgConnection,
        evidence: &Evidence,
        chunk: &Chunk,
    ) -> Result<(Progress, Position), EvidenceError> {
        let (id, state) = (evidence.id, evidence.state);
        evidence.expect(EvidenceState::Uploading).map_err(|state| EvidenceError::State { id, state })?;
        // Without progress it is being given up.
        let progress = evidence.progress.ok_or(EvidenceError::State { id, state })?;
        let limit = limit_of(evidence.media_type, self.largest);
        if chunk.offset == progress.received {
            if progress.received.saturating_add(chunk.size) > limit {
                return Err(EvidenceError::Content(vec![ContentFault::TooLarge { limit }]));
            }
            return Ok((progress, Position::Next));
        }
        let before = upload::chunk_at(connection, id, chunk.offset).await?;
        match before {
            Some(before) if (before.size, before.crc32) == (chunk.size, chunk.crc32) => {
                Ok((progress, Position::Repeated))
            }
            _ => Err(EvidenceError::Offset { awaited: progress.received }),
        }
    }

    /// Checks what came, and stores it.
    ///
    /// # Errors
    /// [`EvidenceError::Content`] with all faults, [`EvidenceError::State`], ETAG_MISMATCH.
    #[tracing::instrument(name = "app.finish_evidence_upload", skip_all, fields(evidence.id = %id))]
    pub async fn finish_upload(
        &self,
        call: &Call,
        id: EvidenceId,
        etag: Option<i64>,
    ) -> Result<Evidence, EvidenceError> {
        if let Some(evidence) = self.answered(call).await? {
            return Ok(evidence);
        }
        let mut connection = self.pool.acquire().await?;
        let evidence = store::evidence::find(&mut connection, id).await?.ok_or_else(|| not_found(id))?;
        evidence.expect(EvidenceState::Uploading).map_err(|state| EvidenceError::State { id, state })?;
        check_etag(&evidence, etag)?;
        let announced = upload::announced(&mut connection, id).await?;
        let chunks = upload::chunks(&mut connection, id).await?;
        drop(connection);

        let settled = match self.put_together(id, chunks).await {
            Ok(staged) => self.settle(call, &evidence, &announced, staged).await,
            Err(error) => Err(error),
        };
        // Another call may have finished it meanwhile, and swept what this one was about to read.
        if let Err(EvidenceError::Objects(_)) = &settled {
            let now = self.get(id).await?;
            now.expect(EvidenceState::Uploading).map_err(|state| EvidenceError::State { id, state })?;
        }
        settled
    }

    /// The answer that this call got before, if it did.
    pub(super) async fn answered(&self, call: &Call) -> Result<Option<Evidence>, EvidenceError> {
        let mut transaction = self.pool.begin().await?;
        let claim = IDEMPOTENCY.claim(&mut transaction, call, self.clock.now()).await?;
        // The claim itself belongs into the transaction that stores.
        transaction.rollback().await?;
        Ok(match claim {
            Claim::Replay(evidence) => Some(evidence),
            Claim::New => None,
        })
    }

    async fn put_together(&self, id: EvidenceId, chunks: Vec<Chunk>) -> Result<Staged, EvidenceError> {
        let key = objects::staging_key(id, self.clock.now());
        let (mut hasher, mut head, mut size) = (Sha256::new(), Vec::new(), 0);
        if !chunks.is_empty() {
            let mut writing = self.objects.write(&key).await?;
            let read = |chunk: Chunk| async move { self.objects.get(&chunk.key).await };
            let mut pieces = stream::iter(chunks).map(read).buffered(READ_AHEAD);
            while let Some(piece) = pieces.try_next().await? {
                hasher.update(&piece);
                let missing = HEAD_BYTES - head.len();
                head.extend_from_slice(piece.get(..missing.min(piece.len())).unwrap_or_default());
                size += i64::try_from(piece.len()).unwrap_or(i64::MAX);
                writing.push(&piece).await?;
            }
            writing.finish().await?;
        }
        let sha256 = ContentHash::new(hasher.finalize().into());
        Ok(Staged { key, received: Received { size, sha256, head } })
    }
}
