//! Everything about a customer in one call (CU-16), out of this schema alone: a fixed number of reads by index, none of which
//! grows with the history, on one connection.

use jiff::Timestamp;
use kexiang_core::CustomerId;
use sqlx::PgConnection;

use super::{App, AppError, relationships::same_customer_of, timeline::TOP};
use crate::{
    domain::{
        ownership::Ownership,
        profile::Profile,
        recognition::RECENT,
        view::{CustomerView, MOST_SHOWN, ViewNews},
    },
    store::{agreements, customers, links, ownerships, profiles, relationships, timeline, view},
};

impl App {
    /// Everything about a customer.
    ///
    /// # Errors
    /// [`AppError::CustomerNotFound`].
    #[tracing::instrument(name = "app.get_customer_view", skip_all)]
    pub async fn get_customer_view(&self, id: CustomerId) -> Result<CustomerView, AppError> {
        let since = self.clock.now().saturating_sub(RECENT).unwrap_or(Timestamp::MIN);
        self.require_sealed().await?;
        let mut conn = self.pool.acquire().await?;
        let customer =
            customers::find(&mut conn, &self.keys, id).await?.ok_or(AppError::CustomerNotFound(id))?;
        let ownership = ownerships::find(&mut conn, id).await?;
        let ownership = ownership.unwrap_or_else(|| Ownership::pooled(id, None, customer.created_at));
        let timeline = timeline::list(&mut conn, id, TOP, MOST_SHOWN).await?;
        Ok(CustomerView {
            customer,
            profile: profiles::find(&mut conn, &self.keys, id).await?.unwrap_or_else(|| Profile::empty(id)),
            relationships: relationships::list(&mut conn, id, false, None, MOST_SHOWN).await?,
            same_customer: same_customer_of(&mut conn, id).await?,
            ownership,
            agreements: agreements::list_of_customer(&mut conn, id, MOST_SHOWN).await?,
            open_cases: links::list_open_cases(&mut conn, id).await?,
            case_count: view::count_cases(&mut conn, id).await?,
            recent_contacts: links::count_contacts(&mut conn, id, since).await?,
            orders: view::list_orders(&mut conn, id).await?,
            visits: view::list_visits(&mut conn, id).await?,
            promises: view::list_promises(&mut conn, id).await?,
            timeline: timeline.into_iter().map(|(entry, _)| entry).collect(),
        })
    }

    /// Takes in what dispatch and intake tell of orders, visits and promises, inside the consumer's transaction. Told again, it
    /// changes nothing.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.take_in_view", skip_all)]
    pub async fn take_in_view(&self, conn: &mut PgConnection, news: ViewNews) -> Result<(), AppError> {
        view::save_orders(conn, &news.orders).await?;
        view::save_visits(conn, &news.visits).await?;
        view::save_promises(conn, &news.promises).await?;
        Ok(())
    }
}
