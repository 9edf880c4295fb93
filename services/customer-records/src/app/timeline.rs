//! Reading what happened with a customer (CU-16).

use jiff::Timestamp;
use kexiang_core::CustomerId;

use super::{App, AppError};
use crate::{
    domain::timeline::{TimelineEntry, TimelineKey},
    store::{customers, timeline},
};

/// Before everything, newest first.
pub(super) const TOP: TimelineKey = TimelineKey { occurred_at: Timestamp::MAX, entry_number: i64::MAX };

impl App {
    /// Entries of a customer's contacts and cases older than `after`, newest first, each with its key.
    ///
    /// # Errors
    /// [`AppError::CustomerNotFound`].
    #[tracing::instrument(name = "app.list_timeline_entries", skip_all)]
    pub async fn list_timeline_entries(
        &self,
        customer: CustomerId,
        after: Option<TimelineKey>,
        limit: i64,
    ) -> Result<Vec<(TimelineEntry, TimelineKey)>, AppError> {
        self.require_sealed().await?;
        let mut conn = self.pool.acquire().await?;
        if !customers::exists(&mut conn, customer).await? {
            return Err(AppError::CustomerNotFound(customer));
        }
        Ok(timeline::list(&mut conn, customer, after.unwrap_or(TOP), limit).await?)
    }
}
