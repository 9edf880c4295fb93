//! Profiles and the schemas of own fields (CU-1). A profile is written while its customer is locked; what is answered to a
//! repeated request is read anew, because the memory of requests keeps nothing personal.

use kexiang_core::{Call, CustomerId, FieldSchemaId};
use kexiang_events::Draft;
use kexiang_pg::Claim;

use super::{App, AppError, IDEMPOTENCY};
pub use crate::store::profiles::ProfileFilter;
use crate::{
    domain::{
        field_schema::{FieldDefinition, FieldSchema},
        profile::{Profile, own_field_token},
    },
    store::{customers, field_schemas, profiles},
};

impl App {
    /// The profile of a customer, an empty one when nothing is known.
    ///
    /// # Errors
    /// [`AppError::CustomerNotFound`].
    #[tracing::instrument(name = "app.get_profile", skip_all)]
    pub async fn get_profile(&self, id: CustomerId) -> Result<Profile, AppError> {
        let mut conn = self.pool.acquire().await?;
        if !customers::exists(&mut conn, id).await? {
            return Err(AppError::CustomerNotFound(id));
        }
        Ok(profiles::find(&mut conn, &self.keys, id).await?.unwrap_or_else(|| Profile::empty(id)))
    }

    /// Changes a profile; a change that changes nothing writes nothing. `etag` is the version that the caller saw, if given.
    ///
    /// # Errors
    /// [`AppError::CustomerNotFound`], [`AppError::EtagMismatch`].
    #[tracing::instrument(name = "app.update_profile", skip_all)]
    pub async fn update_profile(
        &self,
        call: &Call,
        id: CustomerId,
        etag: Option<i64>,
        change: impl FnOnce(&mut Profile) + Send,
    ) -> Result<Profile, AppError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let claim: Claim<CustomerId> = IDEMPOTENCY.claim(&mut tx, call, now).await?;
        let customer = customers::find_for_update(&mut tx, &self.keys, id).await?;
        let customer = customer.ok_or(AppError::CustomerNotFound(id))?;
        if customer.erased_at.is_some() {
            return Err(AppError::CustomerErased(id));
        }
        let before = profiles::find(&mut tx, &self.keys, id).await?.unwrap_or_else(|| Profile::empty(id));
        if matches!(claim, Claim::Replay(_)) {
            return Ok(before);
        }
        if etag.is_some_and(|version| version != before.version) {
            return Err(AppError::EtagMismatch(id));
        }
        let mut after = before.clone();
        change(&mut after);
        if after != before {
            after.updated_at = Some(now);
            after.version += 1;
            profiles::save(&mut tx, &self.keys, &after).await?;
            let updated = Draft::new("customer_profile.updated", id.name(), now, &after.facts())?;
            self.log.append(&mut tx, call, now, &[updated]).await?;
        }
        IDEMPOTENCY.save(&mut tx, call, &id).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(after)
    }

    /// Profiles with all of the filter, newest customers first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_profiles", skip_all)]
    pub async fn list_profiles(
        &self,
        filter: &ProfileFilter,
        own_field: Option<(&str, &str)>,
        after: Option<CustomerId>,
        limit: i64,
    ) -> Result<Vec<Profile>, AppError> {
        let token = own_field.map(|(field, value)| own_field_token(self.keys.blind(), field, value));
        let filter = ProfileFilter { own_field: token, ..filter.clone() };
        let mut conn = self.pool.acquire().await?;
        Ok(profiles::list(&mut conn, &self.keys, &filter, after, limit).await?)
    }

    /// Makes the next version of a pack's schema, a draft.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.create_field_schema", skip_all)]
    pub async fn create_field_schema(
        &self,
        call: &Call,
        pack: String,
        fields: Vec<FieldDefinition>,
    ) -> Result<FieldSchema, AppError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(schema) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(schema);
        }
        let version = field_schemas::next_version(&mut tx, &pack).await?;
        let id = FieldSchemaId::at(now);
        let schema = FieldSchema {
            id,
            pack,
            version,
            fields,
            created_at: now,
            created_by: call.actor.clone(),
            published: None,
        };
        field_schemas::insert(&mut tx, &schema).await?;
        let created = Draft::new("field_schema.created", id.name(), now, &schema.facts())?;
        self.log.append(&mut tx, call, now, &[created]).await?;
        IDEMPOTENCY.save(&mut tx, call, &schema).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(schema)
    }

    /// Publishes a draft: profiles may be checked by it from now on. `etag` is the revision that the caller saw, if given.
    ///
    /// # Errors
    /// [`AppError::FieldSchemaNotFound`], [`AppError::FieldSchemaEtag`], [`AppError::FieldSchemaPublished`].
    #[tracing::instrument(name = "app.publish_field_schema", skip_all)]
    pub async fn publish_field_schema(
        &self,
        call: &Call,
        id: FieldSchemaId,
        etag: Option<i64>,
    ) -> Result<FieldSchema, AppError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(schema) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(schema);
        }
        let found = field_schemas::find_for_update(&mut tx, id).await?;
        let mut schema: FieldSchema = found.ok_or(AppError::FieldSchemaNotFound(id))?;
        if etag.is_some_and(|revision| revision != schema.revision()) {
            return Err(AppError::FieldSchemaEtag(id));
        }
        if schema.published.is_some() {
            return Err(AppError::FieldSchemaPublished(id));
        }
        schema.published = Some((now, call.actor.clone()));
        field_schemas::publish(&mut tx, id, now, &call.actor).await?;
        let published = Draft::new("field_schema.published", id.name(), now, &schema.facts())?;
        self.log.append(&mut tx, call, now, &[published]).await?;
        IDEMPOTENCY.save(&mut tx, call, &schema).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(schema)
    }

    /// The schema of this id.
    ///
    /// # Errors
    /// [`AppError::FieldSchemaNotFound`].
    #[tracing::instrument(name = "app.get_field_schema", skip_all)]
    pub async fn get_field_schema(&self, id: FieldSchemaId) -> Result<FieldSchema, AppError> {
        let mut conn = self.pool.acquire().await?;
        field_schemas::find(&mut conn, id).await?.ok_or(AppError::FieldSchemaNotFound(id))
    }

    /// Schemas older than `after`, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_field_schemas", skip_all)]
    pub async fn list_field_schemas(
        &self,
        pack: Option<&str>,
        after: Option<FieldSchemaId>,
        limit: i64,
    ) -> Result<Vec<FieldSchema>, AppError> {
        let mut conn = self.pool.acquire().await?;
        Ok(field_schemas::list(&mut conn, pack, after, limit).await?)
    }
}
