//! Creating, reading, changing and listing customers.

use kexiang_core::{Call, CustomerId};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{App, AppError, IDEMPOTENCY};
use crate::{
    domain::{
        contact_point::{ContactPoint, ContactPointKey},
        customer::{Customer, CustomerChange, CustomerProfile},
    },
    store::{
        contact_points::{self, Gain},
        customers, name_tokens,
    },
};

impl App {
    /// Creates a customer.
    ///
    /// # Errors
    /// [`AppError::ContactPointTaken`] when a contact point identifies another customer, also when that one is created at
    /// the same time.
    #[tracing::instrument(name = "app.create_customer", skip_all)]
    pub async fn create_customer(&self, call: &Call, profile: CustomerProfile) -> Result<Customer, AppError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(customer) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(customer);
        }
        let customer = Customer::new(profile, now);

        customers::insert(&mut tx, &[&customer]).await?;
        name_tokens::save(&mut tx, self.keys.blind(), &[&customer]).await?;
        insert_contact_points(&mut tx, &customer).await?;
        let created = Draft::new("customer.created", customer.customer_id.name(), now, &customer.facts())?;
        self.log.append(&mut tx, call, now, &[created]).await?;
        IDEMPOTENCY.save(&mut tx, call, &customer).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(customer)
    }

    /// Gets a customer.
    ///
    /// # Errors
    /// [`AppError::CustomerNotFound`].
    #[tracing::instrument(name = "app.get_customer", skip_all)]
    pub async fn get_customer(&self, id: CustomerId) -> Result<Customer, AppError> {
        let mut conn = self.pool.acquire().await?;
        customers::find(&mut conn, id).await?.ok_or(AppError::CustomerNotFound(id))
    }

    /// Changes a customer; a change that changes nothing writes nothing. `etag` is the version that the caller saw, if
    /// that matters to them.
    ///
    /// # Errors
    /// [`AppError::CustomerNotFound`], [`AppError::EtagMismatch`], [`AppError::ContactPointTaken`].
    #[tracing::instrument(name = "app.update_customer", skip_all)]
    pub async fn update_customer(
        &self,
        call: &Call,
        id: CustomerId,
        change: CustomerChange,
        etag: Option<i64>,
    ) -> Result<Customer, AppError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(customer) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(customer);
        }
        let before = customers::find_for_update(&mut tx, id).await?.ok_or(AppError::CustomerNotFound(id))?;
        if etag.is_some_and(|version| version != before.version) {
            return Err(AppError::EtagMismatch(id));
        }

        let changed = before.changed(change, now);
        if let Some(after) = &changed {
            save(&mut tx, after).await?;
            name_tokens::save(&mut tx, self.keys.blind(), &[after]).await?;
            let updated = Draft::new("customer.updated", id.name(), now, &after.facts())?;
            self.log.append(&mut tx, call, now, &[updated]).await?;
        }
        let customer = changed.unwrap_or(before);
        IDEMPOTENCY.save(&mut tx, call, &customer).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(customer)
    }

    /// Customers older than `after`, newest first; with `contact_point`, only those who have it (CU-2).
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_customers", skip_all)]
    pub async fn list_customers(
        &self,
        contact_point: Option<ContactPointKey>,
        after: Option<CustomerId>,
        limit: i64,
    ) -> Result<Vec<Customer>, AppError> {
        let mut conn = self.pool.acquire().await?;
        let ids = match contact_point {
            Some(key) => customers::list_by_contact_point(&mut conn, &key, after, limit).await?,
            None => customers::list(&mut conn, after, limit).await?,
        };
        Ok(customers::load(&mut conn, &ids).await?)
    }
}

async fn save(conn: &mut PgConnection, customer: &Customer) -> Result<(), AppError> {
    customers::update(conn, customer).await?;
    contact_points::delete_of(conn, customer.customer_id).await?;
    insert_contact_points(conn, customer).await
}

/// Inserts all contact points of a customer who has none yet. The index decides among those who try at once.
async fn insert_contact_points(conn: &mut PgConnection, customer: &Customer) -> Result<(), AppError> {
    let Customer { customer_id, kind, contact_points: points, .. } = customer;
    let gain = Gain { customer_id: *customer_id, kind: *kind, had: 0, points };
    if contact_points::insert(conn, &[gain]).await? {
        return Ok(());
    }
    let keys: Vec<_> = points.iter().filter(|point| point.identifies(*kind)).map(ContactPoint::key).collect();
    let other = contact_points::find_other_customer(conn, &keys, *customer_id).await?;
    // Nobody has it any more: it went away between the two statements.
    Err(other.map_or(AppError::Conflict, AppError::ContactPointTaken))
}
