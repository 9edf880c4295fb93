//! Who is proposed as key account: thresholds, and counting the units of filed agreements (CU-11).
//!
//! # Concurrency
//! What is filed for a customer holds the customer's lock until it is committed, and what counts a group holds the group's row: of two
//! agreements filed at once the second counts the first, so that a threshold is reached once and by somebody.
//!
//! # When a threshold changes
//! The transaction that changes it notes all customers whom it may concern; workers take the notes one by one, each in the transaction
//! that counts: killed at any time, a note is there and nothing is counted, or the other way round.

use kexiang_core::{Call, CustomerId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{
    App, AppError, IDEMPOTENCY,
    key_accounts::{KeyAccountRefusal, told},
};
use crate::domain::vault::KeyRing;
use crate::{
    domain::key_account::{
        KeyAccount,
        threshold::{StoredThreshold, Threshold, reached},
    },
    store::{agreements, customers, key_accounts},
};

impl App {
    /// Defines a threshold, or replaces its definition. Whom that may concern is looked at soon ([`App::check_key_account`]).
    ///
    /// # Errors
    /// [`KeyAccountRefusal::CodeNotFound`], [`KeyAccountRefusal::EtagMismatch`]; [`AppError::Conflict`] when two define a new one at
    /// once.
    #[tracing::instrument(name = "app.define_key_account_threshold", skip_all)]
    pub async fn define_key_account_threshold(
        &self,
        call: &Call,
        threshold: Threshold,
        etag: Option<i64>,
    ) -> Result<StoredThreshold, KeyAccountRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(stored) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(stored);
        }
        for kind in &threshold.kinds {
            if agreements::find_kind(&mut tx, kind, false).await?.is_none() {
                return Err(KeyAccountRefusal::CodeNotFound("agreementKinds", kind.clone()));
            }
        }
        let name = format!("keyAccountThresholds/{}", threshold.code);
        let before = key_accounts::find_threshold(&mut tx, &threshold.code, true).await?;
        let version = before.map_or(0, |before| before.version);
        if etag.is_some_and(|etag| etag != version) {
            return Err(KeyAccountRefusal::EtagMismatch(name));
        }
        let stored = StoredThreshold { threshold, updated_at: now, version: version + 1 };
        if !key_accounts::save_threshold(&mut tx, &stored).await? {
            return Err(AppError::Conflict.into());
        }
        let least = stored.threshold.units.min(stored.threshold.group_units);
        key_accounts::add_checks(&mut tx, least).await?;
        let facts = serde_json::json!({ "threshold": stored.threshold.code });
        let defined = Draft::new("key_account_threshold.defined", name, now, &facts)?;
        self.log.append(&mut tx, call, now, &[defined]).await?;
        IDEMPOTENCY.save(&mut tx, call, &stored).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(stored)
    }

    /// Counts the units of a customer whom a change of thresholds may concern. Whether there may be more of them.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.check_key_account", skip_all)]
    pub async fn check_key_account(&self, call: &Call) -> Result<bool, AppError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let Some(customer) = key_accounts::take_check(&mut tx).await? else { return Ok(false) };
        let events = agreements_changed(&mut tx, &self.keys, call, customer, now).await?;
        self.log.append(&mut tx, call, now, &events).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(true)
    }

    /// Gets a threshold.
    ///
    /// # Errors
    /// [`KeyAccountRefusal::CodeNotFound`].
    pub async fn get_key_account_threshold(&self, code: &str) -> Result<StoredThreshold, KeyAccountRefusal> {
        let mut conn = self.pool.acquire().await?;
        let found = key_accounts::find_threshold(&mut conn, code, false).await?;
        found.ok_or_else(|| KeyAccountRefusal::CodeNotFound("keyAccountThresholds", code.to_owned()))
    }

    /// Thresholds after a code.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_key_account_thresholds(
        &self,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<StoredThreshold>, KeyAccountRefusal> {
        let mut conn = self.pool.acquire().await?;
        Ok(key_accounts::list_thresholds(&mut conn, after, Some(limit)).await?)
    }
}

/// An agreement of this customer came into force or ended: counts its key accounts anew, or proposes one for the customer alone.
pub(super) async fn agreements_changed(
    conn: &mut PgConnection,
    ring: &KeyRing,
    call: &Call,
    customer: CustomerId,
    now: Timestamp,
) -> Result<Vec<Draft>, AppError> {
    key_accounts::lock_customers(conn, &[customer]).await?;
    let mut events = Vec::new();
    let mut ids: Vec<_> =
        key_accounts::open_of(conn, &[customer]).await?.into_iter().map(|(_, id)| id).collect();
    ids.dedup();
    for id in &ids {
        let Some(mut account) = key_accounts::find(conn, *id, true).await? else { continue };
        let counted = recount(conn, &mut account, now).await?;
        if counted.is_some() {
            key_accounts::save(conn, &account).await?;
        }
        events.extend(counted);
    }
    if ids.is_empty() {
        events.extend(propose(conn, ring, call, customer, now).await?);
    }
    Ok(events)
}

/// Counts the units of a key account anew; tells when that changes something. The caller saves it.
pub(super) async fn recount(
    conn: &mut PgConnection,
    account: &mut KeyAccount,
    now: Timestamp,
) -> Result<Option<Draft>, AppError> {
    let units = key_accounts::count_units(conn, &account.customers()).await?;
    let version = account.head.version;
    let proposed = account.count(&units, &thresholds(conn).await?, now);
    let event_type = if proposed { "key_account.proposed" } else { "key_account.recounted" };
    Ok(if account.head.version == version { None } else { Some(told(event_type, account, None, now)?) })
}

/// Proposes a customer alone whose units reach a threshold; not again what was dismissed with as many.
async fn propose(
    conn: &mut PgConnection,
    ring: &KeyRing,
    call: &Call,
    customer: CustomerId,
    now: Timestamp,
) -> Result<Vec<Draft>, AppError> {
    let units = key_accounts::count_units(conn, &[customer]).await?;
    if reached(&thresholds(conn).await?, &units, false).is_none() {
        return Ok(Vec::new());
    }
    let dismissed = key_accounts::dismissed_units(conn, customer).await?;
    if dismissed.is_some_and(|dismissed| units.values().sum::<i64>() <= dismissed) {
        return Ok(Vec::new());
    }
    let Some(found) = customers::find(conn, ring, customer).await? else { return Ok(Vec::new()) };
    let members = vec![(customer, found.display_name)];
    let mut account = KeyAccount::open(String::new(), members, call.actor.clone(), now);
    let opened = told("key_account.opened", &account, None, now)?;
    let proposed = recount(conn, &mut account, now).await?;
    key_accounts::save(conn, &account).await?;
    Ok(std::iter::once(opened).chain(proposed).collect())
}

async fn thresholds(conn: &mut PgConnection) -> Result<Vec<Threshold>, AppError> {
    let stored = key_accounts::list_thresholds(conn, None, None).await?;
    Ok(stored.into_iter().map(|stored| stored.threshold).collect())
}
