//! What happens to ownerships by itself: the announcement of their end, and the end (CU-5).

use kexiang_core::Call;

use crate::{
    app::{App, AppError},
    store::ownerships,
};

/// Ownerships that are looked at in one transaction at most: short, so that nobody's feed is held back. Many end at one midnight.
const AT_ONCE: i64 = 200;

impl App {
    /// Announces and ends ownerships whose time has come, as many as one transaction takes. Whether there may be more.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.advance_ownerships", skip_all)]
    pub async fn advance_ownerships(&self, call: &Call) -> Result<bool, AppError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let mut due = ownerships::lock_due(&mut tx, now, AT_ONCE).await?;
        if due.is_empty() {
            return Ok(false);
        }
        let policy = self.policy(&mut tx).await?;
        let entries: Vec<_> = due.iter_mut().flat_map(|ownership| ownership.advance(now)).collect();
        self.record(&mut tx, call, &due, &entries, &policy, |_| None).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(i64::try_from(due.len()).is_ok_and(|done| done == AT_ONCE))
    }
}
