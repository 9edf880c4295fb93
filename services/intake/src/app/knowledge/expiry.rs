//! Telling what expired. Whoever looks sees the expiry at once, by the validity; this keeps and tells it, once.
//!
//! Any number of replicas may do it at once: each takes articles that no other has locked, and keeping the new state
//! and telling it are one transaction. A kill before the commit leaves all for the next one.

use kexiang_core::Call;

use super::{KnowledgeError, articles::told};
use crate::{app::App, store::knowledge as store};

/// Articles kept as expired in one transaction: short, so that nobody's feed is held back.
const AT_ONCE: i64 = 50;

impl App {
    /// Keeps and tells what expired until now, a bounded number of articles; tells whether more may be left.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.expire_articles", level = "debug", skip_all)]
    pub async fn expire_articles(&self, call: &Call) -> Result<bool, KnowledgeError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        let expiring = store::article::lock_expiring(&mut transaction, now, AT_ONCE).await?;
        let mut events = Vec::new();
        for before in &expiring {
            let mut after = before.clone();
            if after.expire(now) {
                self.save_article(&mut transaction, before, &after, None).await?;
                events.extend(told("article.expired", &after, now)?);
            }
        }
        self.log.append(&mut transaction, call, now, &events).await?;
        transaction.commit().await?;
        if !events.is_empty() {
            self.log.wake();
        }
        Ok(i64::try_from(expiring.len()).is_ok_and(|count| count == AT_ONCE))
    }
}
