//! Recognising a caller while the agent greets (IN-6): four lookups by index, whatever the number of customers.

use jiff::Timestamp;
use kexiang_core::PhoneNumber;

use super::{App, AppError};
use crate::{
    domain::recognition::{KnownCaller, RECENT},
    store::{contact_points, customers, links},
};

impl App {
    /// Who calls from this phone; `None` when no customer has it.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.recognise_caller", skip_all)]
    pub async fn recognise_caller(&self, phone: &PhoneNumber) -> Result<Option<KnownCaller>, AppError> {
        let since = self.clock.now().saturating_sub(RECENT).unwrap_or(Timestamp::MIN);
        self.require_sealed().await?;
        let mut conn = self.pool.acquire().await?;
        let Some(id) = contact_points::find_by_phone(&mut conn, &self.keys, phone).await? else {
            return Ok(None);
        };
        let Some(customer) = customers::find(&mut conn, &self.keys, id).await? else { return Ok(None) };
        let recent_contacts = links::count_contacts(&mut conn, id, since).await?;
        let open_cases = links::list_open_cases(&mut conn, id).await?;
        Ok(Some(KnownCaller { customer, recent_contacts, open_cases }))
    }
}
