//! Published numbers (IN-2).

use std::collections::HashMap;

use kexiang_core::{Call, PublishedNumberId, SiteId};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{App, AppError, IDEMPOTENCY, calls::CallError};
use crate::{
    domain::{PublishedNumber, published_number::NumberChange},
    store,
};

impl App {
    /// Publishes a number.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the site, [`AppError::AlreadyExists`].
    #[tracing::instrument(name = "app.create_published_number", skip_all)]
    pub async fn create_published_number(
        &self,
        call: &Call,
        number: PublishedNumber,
    ) -> Result<PublishedNumber, AppError> {
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(number) = IDEMPOTENCY.claim(&mut transaction, call, number.created_at).await? {
            return Ok(number);
        }
        self.sites.get_over(&mut transaction, &number.site).await?;
        if !store::published_number::insert(&mut transaction, &number).await? {
            let published = std::slice::from_ref(&number.number);
            let there = store::published_number::find_dialled(&mut transaction, published).await?.pop();
            let name = there.map_or_else(|| number.id.name(), |there| there.id.name());
            return Err(AppError::AlreadyExists { resource: PublishedNumberId::TYPE, name });
        }
        self.tell(&mut transaction, call, "published_number.created", &number).await?;
        IDEMPOTENCY.save(&mut transaction, call, &number).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(number)
    }

    /// Changes a number. `etag` is the version that the caller saw, if given.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::EtagMismatch`], [`CallError::NumberDeleted`].
    #[tracing::instrument(name = "app.update_published_number", skip_all)]
    pub async fn update_published_number(
        &self,
        call: &Call,
        id: PublishedNumberId,
        etag: Option<i64>,
        change: NumberChange,
    ) -> Result<PublishedNumber, AppError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(number) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(number);
        }
        let mut number = lock(&mut transaction, id, etag).await?;
        if change != NumberChange::default() {
            number.change(change, now);
            self.sites.get_over(&mut transaction, &number.site).await?;
            store::published_number::update(&mut transaction, &number).await?;
            self.tell(&mut transaction, call, "published_number.updated", &number).await?;
        }
        IDEMPOTENCY.save(&mut transaction, call, &number).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(number)
    }

    /// Takes a number out of use.
    ///
    /// # Errors
    /// Those of [`App::update_published_number`].
    #[tracing::instrument(name = "app.delete_published_number", skip_all)]
    pub async fn delete_published_number(
        &self,
        call: &Call,
        id: PublishedNumberId,
        etag: Option<i64>,
    ) -> Result<PublishedNumber, AppError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(number) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(number);
        }
        let mut number = lock(&mut transaction, id, etag).await?;
        number.delete(now);
        store::published_number::update(&mut transaction, &number).await?;
        self.tell(&mut transaction, call, "published_number.deleted", &number).await?;
        IDEMPOTENCY.save(&mut transaction, call, &number).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(number)
    }

    async fn tell(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        event_type: &'static str,
        number: &PublishedNumber,
    ) -> Result<(), AppError> {
        let event = Draft::new(event_type, number.id.name(), number.updated_at, number)?;
        Ok(self.log.append(connection, call, number.updated_at, &[event]).await?)
    }

    /// The number with this id, also when it was deleted.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.get_published_number", skip_all)]
    pub async fn get_published_number(&self, id: PublishedNumberId) -> Result<PublishedNumber, AppError> {
        let mut connection = self.pool.acquire().await?;
        store::published_number::find(&mut connection, id, false).await?.ok_or_else(|| not_found(id))
    }

    /// A page of published numbers, of one site or all.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_published_numbers", skip_all)]
    pub async fn list_published_numbers(
        &self,
        site: Option<&SiteId>,
        after: Option<PublishedNumberId>,
        limit: i64,
    ) -> Result<Vec<PublishedNumber>, AppError> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::published_number::list(&mut connection, site, after, limit).await?)
    }

    /// Those of these numbers that are published, as dialled.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.find_dialled", skip_all)]
    pub async fn find_dialled(
        &self,
        numbers: &[String],
    ) -> Result<HashMap<String, PublishedNumber>, AppError> {
        if numbers.is_empty() {
            return Ok(HashMap::new());
        }
        let mut connection = self.pool.acquire().await?;
        let found = store::published_number::find_dialled(&mut connection, numbers).await?;
        Ok(found.into_iter().map(|number| (number.number.clone(), number)).collect())
    }
}

async fn lock(
    connection: &mut PgConnection,
    id: PublishedNumberId,
    etag: Option<i64>,
) -> Result<PublishedNumber, AppError> {
    let number = store::published_number::find(connection, id, true).await?.ok_or_else(|| not_found(id))?;
    if number.deleted_at.is_some() {
        return Err(CallError::NumberDeleted { number: id.name() }.into());
    }
    if etag.is_some_and(|etag| etag != number.version) {
        return Err(AppError::EtagMismatch { name: id.name() });
    }
    Ok(number)
}

fn not_found(id: PublishedNumberId) -> AppError {
    AppError::NotFound { resource: PublishedNumberId::TYPE, name: id.name() }
}
