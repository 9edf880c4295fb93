//! Creating, reading, changing and listing customers.

use kexiang_core::{Call, CustomerId, CustomerKind, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{App, AppError, IDEMPOTENCY};
use crate::{
    domain::{
        contact_point::{ContactPoint, ContactPointKey},
        customer::{Customer, CustomerChange, CustomerProfile},
        merge::Origins,
        origin,
        vault::KeyRing,
    },
    store::{
        contact_points::{self, Gain},
        customers, origins,
        sealed_answers::SealedAnswer,
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
        self.require_sealed().await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Some(customer) = self.replayed_customer(&mut tx, call, now).await? {
            return Ok(customer);
        }
        let customer = Customer::new(profile, now);

        customers::insert(&mut tx, &self.keys, &[&customer]).await?;
        insert_contact_points(&mut tx, &self.keys, &customer).await?;
        self.put_into_pool(&mut tx, customer.customer_id).await?;
        let created = Draft::new("customer.created", customer.customer_id.name(), now, &customer.facts())?;
        self.log.append(&mut tx, call, now, &[created]).await?;
        self.keep_customer(&mut tx, call, &customer).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(customer)
    }

    /// Gets a customer.
    ///
    /// # Errors
    /// [`AppError::CustomerNotFound`], [`AppError::CustomerMerged`].
    #[tracing::instrument(name = "app.get_customer", skip_all)]
    pub async fn get_customer(&self, id: CustomerId) -> Result<Customer, AppError> {
        self.require_sealed().await?;
        let mut conn = self.pool.acquire().await?;
        require_unmerged(&mut conn, id).await?;
        customers::find(&mut conn, &self.keys, id).await?.ok_or(AppError::CustomerNotFound(id))
    }

    /// Changes a customer; a change that changes nothing writes nothing. `etag` is the version that the caller saw, if
    /// that matters to them.
    ///
    /// # Errors
    /// [`AppError::CustomerNotFound`], [`AppError::CustomerErased`], [`AppError::EtagMismatch`],
    /// [`AppError::ContactPointTaken`].
    #[tracing::instrument(name = "app.update_customer", skip_all)]
    pub async fn update_customer(
        &self,
        call: &Call,
        id: CustomerId,
        change: CustomerChange,
        etag: Option<i64>,
    ) -> Result<Customer, AppError> {
        self.require_sealed().await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Some(customer) = self.replayed_customer(&mut tx, call, now).await? {
            return Ok(customer);
        }
        let before = customers::find_for_update(&mut tx, &self.keys, id).await?;
        let before = before.ok_or(AppError::CustomerNotFound(id))?;
        require_unmerged(&mut tx, id).await?;
        if before.erased_at.is_some() {
            return Err(AppError::CustomerErased(id));
        }
        if etag.is_some_and(|version| version != before.version) {
            return Err(AppError::EtagMismatch(id));
        }

        let is_outlet = change.kind.unwrap_or(before.kind) == CustomerKind::Outlet;
        if change.outlet_kind.flatten().is_some() && !is_outlet {
            return Err(AppError::NotAnOutlet(id));
        }
        let changed = before.changed(change, now);
        if let Some(after) = &changed {
            let origins =
                Origins { of_points: origins::of_points(&mut tx, id).await?, customer: before.clone() };
            save(&mut tx, &self.keys, after).await?;
            origins::set_of_points(&mut tx, id, 0, &origin::carried(&origins, after)).await?;
            let updated = Draft::new("customer.updated", id.name(), now, &after.facts())?;
            self.log.append(&mut tx, call, now, &[updated]).await?;
        }
        let customer = changed.unwrap_or(before);
        self.keep_customer(&mut tx, call, &customer).await?;
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
        self.require_sealed().await?;
        let mut conn = self.pool.acquire().await?;
        let ids = match contact_point {
            Some(key) => customers::list_by_contact_point(&mut conn, &self.keys, &key, after, limit).await?,
            None => customers::list(&mut conn, after, limit).await?,
        };
        Ok(customers::load(&mut conn, &self.keys, &ids).await?)
    }

    /// The customer that was answered to the same request before; claims the request when there was none.
    ///
    /// # Errors
    /// [`AppError::CustomerErased`] when nothing is known of that customer any more.
    pub(super) async fn replayed_customer(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        now: Timestamp,
    ) -> Result<Option<Customer>, AppError> {
        let Claim::Replay(answer) = IDEMPOTENCY.claim::<SealedAnswer>(conn, call, now).await? else {
            return Ok(None);
        };
        let customer = answer.open(conn, &self.keys).await?;
        customer.map(Some).ok_or(AppError::CustomerErased(answer.customer_id))
    }

    /// Keeps the answer of a claimed request, sealed.
    pub(super) async fn keep_customer(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        customer: &Customer,
    ) -> Result<(), AppError> {
        if call.request.is_some() {
            let answer = SealedAnswer::of(conn, &self.keys, customer).await?;
            IDEMPOTENCY.save(conn, call, &answer).await?;
        }
        Ok(())
    }
}

/// Writes a changed customer whose row is locked, with all contact points.
pub(super) async fn save(
    conn: &mut PgConnection,
    keys: &KeyRing,
    customer: &Customer,
) -> Result<(), AppError> {
    customers::update(conn, keys, customer).await?;
    contact_points::delete_of(conn, customer.customer_id).await?;
    insert_contact_points(conn, keys, customer).await
}

/// Inserts all contact points of a customer who has none yet. The index decides among those who try at once.
async fn insert_contact_points(
    conn: &mut PgConnection,
    keyring: &KeyRing,
    customer: &Customer,
) -> Result<(), AppError> {
    let Customer { customer_id, kind, contact_points: points, .. } = customer;
    let gain = Gain { customer_id: *customer_id, kind: *kind, had: 0, points };
    if contact_points::insert(conn, keyring, &[gain]).await? {
        return Ok(());
    }
    let keys: Vec<_> = points.iter().filter(|point| point.identifies(*kind)).map(ContactPoint::key).collect();
    let other = contact_points::find_other_customer(conn, keyring, &keys, *customer_id).await?;
    // Nobody has it any more: it went away between the two statements.
    Err(other.map_or(AppError::Conflict, AppError::ContactPointTaken))
}

/// Refuses for a customer who is merged into another.
pub(super) async fn require_unmerged(conn: &mut PgConnection, id: CustomerId) -> Result<(), AppError> {
    match origins::survivors(conn, &[id.uuid()]).await?.get(&id) {
        Some(survivor) => Err(AppError::CustomerMerged { customer: id, survivor: *survivor }),
        None => Ok(()),
    }
}
