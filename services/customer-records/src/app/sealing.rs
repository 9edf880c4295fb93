//! Sealing what earlier versions wrote in clear, and wrapping keys anew after a rotation (CU-14).
//!
//! Both go in short transactions of a batch each, so that they can be killed between any two and go on from there, and any
//! number of replicas share them. Until nothing lies in clear any more the service is not ready and refuses calls as
//! temporarily unavailable: a contact point in clear is not found by its digest, so somebody known might become a second
//! customer. 10 million customers take minutes.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{App, AppError};
use crate::store::{clear, subject_keys};

/// Customers sealed, or keys wrapped, in one transaction.
const BATCH: i64 = 500;
/// How long to wait after a failure, or for rows that another replica has in hand.
const AGAIN: Duration = Duration::from_millis(500);
/// How long a call waits for it: at every start nothing is known for a moment.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often to look for keys to wrap anew: a restart brings a new key file, so once would nearly do.
const LOOK: Duration = Duration::from_mins(10);

impl App {
    /// Whether nothing lies in clear, as far as this process has found out.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        *self.sealed.borrow()
    }

    /// Waits a little while something lies in clear, then refuses.
    ///
    /// # Errors
    /// [`AppError::Sealing`].
    pub(super) async fn require_sealed(&self) -> Result<(), AppError> {
        if self.is_sealed() {
            return Ok(());
        }
        let mut sealed = self.sealed.subscribe();
        let waited = tokio::time::timeout(PATIENCE, sealed.wait_for(|sealed| *sealed)).await;
        if matches!(waited, Ok(Ok(_))) { Ok(()) } else { Err(AppError::Sealing) }
    }

    /// Seals everything that lies in clear. Gives up at `shutdown` only.
    pub async fn seal_all(&self, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() && !self.is_sealed() {
            match self.seal_batch().await {
                Ok(0) => self.note_whether_sealed().await,
                Ok(_) => continue,
                Err(error) => tracing::warn!(%error, "customers are not sealed yet"),
            }
            if !self.is_sealed() {
                shutdown.run_until_cancelled(tokio::time::sleep(AGAIN)).await;
            }
        }
    }

    async fn note_whether_sealed(&self) {
        let clear = async {
            let mut conn = self.pool.acquire().await?;
            // With another key file nobody would be found, and whoever calls would become a new customer.
            subject_keys::probe(&mut conn, &self.keys).await?;
            clear::exists(&mut conn).await
        };
        match clear.await {
            Ok(clear) => {
                self.sealed.send_replace(!clear);
            }
            Err(error) => {
                tracing::error!(%error, "customers can't be opened: is it the key file of this database?");
            }
        }
    }

    #[tracing::instrument(name = "app.seal_batch", skip_all)]
    async fn seal_batch(&self) -> Result<usize, AppError> {
        let mut tx = self.pool.begin().await?;
        let customers = clear::seal_customers(&mut tx, &self.keys, BATCH, self.clock.now()).await?;
        let answers = if customers == 0 { clear::seal_answers(&mut tx, &self.keys, BATCH).await? } else { 0 };
        tx.commit().await?;
        Ok(customers + answers)
    }

    /// Wraps all keys anew that another key-encryption key than the current one wraps, now and whenever there are some.
    pub async fn rewrap_keys(&self, shutdown: &CancellationToken) {
        let mut ticks = tokio::time::interval(LOOK);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            if let Err(error) = self.rewrap_all(shutdown).await {
                tracing::warn!(%error, "keys are not wrapped anew yet");
                ticks.reset_after(AGAIN);
            }
        }
    }

    #[tracing::instrument(name = "app.rewrap_keys", skip_all)]
    async fn rewrap_all(&self, shutdown: &CancellationToken) -> Result<(), AppError> {
        let mut done = 0;
        while !shutdown.is_cancelled() {
            let mut tx = self.pool.begin().await?;
            let wrapped = subject_keys::rewrap(&mut tx, &self.keys, BATCH).await?;
            tx.commit().await?;
            done += wrapped;
            if wrapped == 0 {
                break;
            }
        }
        if done > 0 {
            tracing::info!(keys = done, current = self.keys.current(), "keys are wrapped anew");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kexiang_core::{Clock, CustomerId, Timestamp};
    use kexiang_events::EventLog;
    use kexiang_testkit::TestDatabase;

    use super::*;
    use crate::{SCHEMA, domain::vault::KeyRing};

    fn new_ring() -> KeyRing {
        KeyRing::parse(&KeyRing::new_file().unwrap()).unwrap()
    }

    /// A key file that was lost and made anew (CU-14).
    #[tokio::test]
    async fn with_a_key_file_of_another_database_nothing_is_served() {
        let database = TestDatabase::create(&[&SCHEMA]).await;
        let pool = database.pool(SCHEMA.role).await;
        let app = |ring| {
            App::new(pool.clone(), Clock::manual(Timestamp::UNIX_EPOCH).0, EventLog::new(SCHEMA.name), ring)
        };
        let (own, other) = (app(new_ring()), app(new_ring()));
        let customer = CustomerId::at(Timestamp::UNIX_EPOCH);
        let mut conn = pool.acquire().await.unwrap();
        subject_keys::create(&mut conn, &own.keys, &[customer], Timestamp::UNIX_EPOCH).await.unwrap();

        for app in [&own, &other] {
            app.note_whether_sealed().await;
        }

        assert_eq!((own.is_sealed(), other.is_sealed()), (true, false));
    }
}
