//! What nobody needs any more goes. Any number of replicas may clean at once; each step may be killed and done again.

use jiff::SignedDuration;
use kexiang_core::Timestamp;

use super::{EvidenceDesk, EvidenceError};
use crate::{
    domain::evidence::{GRACE, link::KEY_AFTERLIFE},
    store::{
        evidence::{content, link_key, upload},
        objects::{content_key, staging_folder},
    },
};

/// Rows of one kind per round.
const AT_ONCE: i64 = 100;

impl EvidenceDesk {
    /// One round: uploads that expired are given up, folders of closed uploads swept, objects that nobody refers to condemned,
    /// condemned ones removed, old keys forgotten.
    ///
    /// # Errors
    /// Those of the database and of the store; what was done stays done.
    #[tracing::instrument(name = "app.clean_evidence", skip_all)]
    pub async fn clean(&self) -> Result<(), EvidenceError> {
        let now = self.clock.now();
        self.give_up_expired(now).await?;
        self.condemn(now).await?;
        let mut connection = self.pool.acquire().await?;
        link_key::forget_before(&mut connection, before(now, KEY_AFTERLIFE)).await?;
        drop(connection);
        // What needs the store comes last: it may be away.
        self.sweep_closed(now).await?;
        self.remove_condemned().await
    }

    async fn give_up_expired(&self, now: Timestamp) -> Result<(), EvidenceError> {
        let mut connection = self.pool.acquire().await?;
        let expired = upload::expired(&mut connection, now, AT_ONCE).await?;
        drop(connection);
        for id in expired {
            let mut transaction = self.pool.begin().await?;
            // A chunk may have come meanwhile; under the lock none can.
            crate::store::evidence::lock(&mut transaction, id).await?;
            if upload::is_expired(&mut transaction, id, now).await? {
                self.give_up_rows(&mut transaction, id).await?;
            }
            transaction.commit().await?;
        }
        Ok(())
    }

    async fn sweep_closed(&self, now: Timestamp) -> Result<(), EvidenceError> {
        let mut connection = self.pool.acquire().await?;
        let closed = upload::closed(&mut connection, before(now, GRACE), AT_ONCE).await?;
        drop(connection);
        for id in closed {
            self.objects.sweep(&staging_folder(id)).await?;
            upload::forget(&mut *self.pool.acquire().await?, id).await?;
        }
        Ok(())
    }

    async fn condemn(&self, now: Timestamp) -> Result<(), EvidenceError> {
        let mut transaction = self.pool.begin().await?;
        let condemned = content::condemn(&mut transaction, before(now, GRACE), now, AT_ONCE).await?;
        transaction.commit().await?;
        if condemned > 0 {
            tracing::info!(objects = condemned, "contents that nobody refers to are removed");
        }
        Ok(())
    }

    async fn remove_condemned(&self) -> Result<(), EvidenceError> {
        let mut connection = self.pool.acquire().await?;
        let condemned = content::condemned(&mut connection, AT_ONCE).await?;
        drop(connection);
        for object in condemned {
            self.objects.delete(&content_key(&object)).await?;
            content::forget(&mut *self.pool.acquire().await?, object.id).await?;
        }
        Ok(())
    }
}

fn before(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.checked_sub(span).unwrap_or(Timestamp::MIN)
}
