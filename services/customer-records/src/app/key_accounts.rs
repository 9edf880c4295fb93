//! Key accounts: opening, changing, and reading them without showing prices to those who may not see them (CU-11).
//!
//! # Invariants and failure cases
//! - A command loads the key account locked, lets the domain decide, saves and tells in one transaction: killed before the commit
//!   nothing happened, after it everything.
//! - An answer with prices and the row that somebody saw them are one transaction, committed before the answer goes out: who is killed
//!   in between leaves a row too many, never one too few. Also an answer that is repeated for its `request_id` is a sight.
//! - A customer is a member of one open key account: who adds one holds the customer's lock. Merging customers may make it two.
//! - Locks are taken in one order: agreement, customers, key account, change of members.

use kexiang_core::{AgreementId, Call, CustomerId, KeyAccountId, MemberChangeId, PriceSightId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::{Claim, IdempotencyError};
use kexiang_rpc::policy::SEES_PRICES;
use sqlx::PgConnection;

use super::{App, AppError, IDEMPOTENCY, key_account_units::recount};
pub use crate::store::{key_accounts::KeyAccountFilter, price_sights::PriceSightFilter};
use crate::{
    domain::{
        agreement::AgreementState,
        key_account::{Command, KeyAccount, KeyAccountError, Offer, sight::PriceSight},
    },
    store::{agreements, customers, key_accounts, price_sights},
};

/// A refused use case of key accounts.
#[derive(Debug, thiserror::Error)]
pub enum KeyAccountRefusal {
    /// No such key account.
    #[error("there is no {0:?}")]
    NotFound(KeyAccountId),
    /// No such change of members.
    #[error("there is no {0:?}")]
    MemberChangeNotFound(MemberChangeId),
    /// No such resource with a code: its collection and its code.
    #[error("there is no {0}/{1}")]
    CodeNotFound(&'static str, String),
    /// No such customer.
    #[error("there is no {0:?}")]
    CustomerNotFound(CustomerId),
    /// No such agreement.
    #[error("there is no {0:?}")]
    AgreementNotFound(AgreementId),
    /// The etag is not the current one; which resource.
    #[error("{0} has changed")]
    EtagMismatch(String),
    /// A rule of key accounts.
    #[error("{subject}: {source}")]
    Rule {
        /// The resource that the rule is about; empty for one that is not there yet.
        subject: String,
        /// Why.
        source: KeyAccountError,
    },
    /// What any use case may meet.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<sqlx::Error> for KeyAccountRefusal {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<serde_json::Error> for KeyAccountRefusal {
    fn from(error: serde_json::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<IdempotencyError> for KeyAccountRefusal {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}

/// What is done with a key account. Only a link needs to look further than the key account.
#[derive(Debug, Clone)]
pub enum Change {
    /// As the domain has it.
    Do(Command),
    /// The agreement that shall be the contract.
    LinkContract(AgreementId),
}

/// A key account as a caller gets it.
#[derive(Debug, Clone)]
pub struct View {
    /// The key account.
    pub account: KeyAccount,
    /// Whether its prices are shown; then that is kept.
    pub prices: bool,
}

impl App {
    /// Opens a key account with these members.
    ///
    /// # Errors
    /// [`KeyAccountRefusal::CustomerNotFound`], [`KeyAccountRefusal::Rule`].
    #[tracing::instrument(name = "app.open_key_account", skip_all)]
    pub async fn open_key_account(
        &self,
        call: &Call,
        title: String,
        members: Vec<(CustomerId, String)>,
    ) -> Result<KeyAccount, KeyAccountRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(account) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(account);
        }
        let joining: Vec<_> = members.iter().map(|(customer, _)| *customer).collect();
        admit(&mut tx, &joining, None).await?;
        let mut account = KeyAccount::open(title, members, call.actor.clone(), now);
        let mut events = vec![told("key_account.opened", &account, None, now)?];
        events.extend(recount(&mut tx, &mut account, now).await?);
        key_accounts::save(&mut tx, &account).await?;
        self.log.append(&mut tx, call, now, &events).await?;
        IDEMPOTENCY.save(&mut tx, call, &account).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(account)
    }

    /// Does something with a key account. `etag` is the version that the caller saw, if given; `method` is what a sight of prices is
    /// kept under.
    ///
    /// # Errors
    /// [`KeyAccountRefusal::NotFound`], [`KeyAccountRefusal::EtagMismatch`], [`KeyAccountRefusal::CustomerNotFound`],
    /// [`KeyAccountRefusal::AgreementNotFound`], [`KeyAccountRefusal::Rule`].
    #[tracing::instrument(name = "app.change_key_account", skip_all, fields(key_account.id = %id, method))]
    pub async fn change_key_account(
        &self,
        (call, method): (&Call, &'static str),
        id: KeyAccountId,
        etag: Option<i64>,
        change: Change,
    ) -> Result<View, KeyAccountRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(account) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            let view = seen(&mut tx, (call, method), account, now).await?;
            tx.commit().await?;
            return Ok(view);
        }
        let command = match change {
            Change::Do(command) => command,
            Change::LinkContract(agreement) => Command::LinkContract(offer(&mut tx, agreement).await?),
        };
        if let Command::Add { customer, .. } = &command {
            admit(&mut tx, &[*customer], Some(id)).await?;
        }
        let mut account = lock(&mut tx, id, etag).await?;
        let mut events = Vec::new();
        if command == Command::ApprovePlan {
            events.extend(recount(&mut tx, &mut account, now).await?);
        }
        account.apply(&command, &call.actor, now).map_err(|source| refused(id, source))?;
        events.push(told(command.event_type(), &account, None, now)?);
        if matches!(command, Command::Add { .. } | Command::Remove { .. }) {
            events.extend(recount(&mut tx, &mut account, now).await?);
        }
        key_accounts::save(&mut tx, &account).await?;
        self.log.append(&mut tx, call, now, &events).await?;
        IDEMPOTENCY.save(&mut tx, call, &account).await?;
        let view = seen(&mut tx, (call, method), account, now).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(view)
    }

    /// The key account with this id, and its prices for those who may see them.
    ///
    /// # Errors
    /// [`KeyAccountRefusal::NotFound`].
    #[tracing::instrument(name = "app.get_key_account", skip_all)]
    pub async fn get_key_account(&self, call: &Call, id: KeyAccountId) -> Result<View, KeyAccountRefusal> {
        let mut tx = self.pool.begin().await?;
        let found = key_accounts::find(&mut tx, id, false).await?;
        let account = found.ok_or(KeyAccountRefusal::NotFound(id))?;
        let view = seen(&mut tx, (call, "GetKeyAccount"), account, self.clock.now()).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// A page of key accounts, newest first, to be shown without prices.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_key_accounts", skip_all)]
    pub async fn list_key_accounts(
        &self,
        filter: KeyAccountFilter,
        after: Option<KeyAccountId>,
        limit: i64,
    ) -> Result<Vec<KeyAccount>, KeyAccountRefusal> {
        let mut conn = self.pool.acquire().await?;
        Ok(key_accounts::list(&mut conn, filter, after, limit).await?)
    }

    /// A page of sights of prices, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_price_sights", skip_all)]
    pub async fn list_price_sights(
        &self,
        filter: &PriceSightFilter,
        after: Option<PriceSightId>,
        limit: i64,
    ) -> Result<Vec<PriceSight>, KeyAccountRefusal> {
        let mut conn = self.pool.acquire().await?;
        Ok(price_sights::list(&mut conn, filter, after, limit).await?)
    }
}

/// Refuses customers who are not there or are members of another open key account than `to`; until the transaction ends, nobody else
/// makes them members of one.
pub(super) async fn admit(
    conn: &mut PgConnection,
    customers: &[CustomerId],
    to: Option<KeyAccountId>,
) -> Result<(), KeyAccountRefusal> {
    for customer in customers {
        if !customers::exists(conn, *customer).await? {
            return Err(KeyAccountRefusal::CustomerNotFound(*customer));
        }
    }
    key_accounts::lock_customers(conn, customers).await?;
    let elsewhere = key_accounts::open_of(conn, customers).await?;
    match elsewhere.into_iter().find(|(_, account)| Some(*account) != to) {
        Some((customer, key_account)) => Err(KeyAccountRefusal::Rule {
            subject: to.map(KeyAccountId::name).unwrap_or_default(),
            source: KeyAccountError::MemberElsewhere { customer, key_account },
        }),
        None => Ok(()),
    }
}

pub(super) async fn lock(
    conn: &mut PgConnection,
    id: KeyAccountId,
    etag: Option<i64>,
) -> Result<KeyAccount, KeyAccountRefusal> {
    let found = key_accounts::find(conn, id, true).await?;
    let account = found.ok_or(KeyAccountRefusal::NotFound(id))?;
    if etag.is_some_and(|etag| etag != account.head.version) {
        return Err(KeyAccountRefusal::EtagMismatch(id.name()));
    }
    Ok(account)
}

pub(super) fn refused(id: KeyAccountId, source: KeyAccountError) -> KeyAccountRefusal {
    KeyAccountRefusal::Rule { subject: id.name(), source }
}

pub(super) fn told(
    event_type: &'static str,
    account: &KeyAccount,
    change: Option<MemberChangeId>,
    at: Timestamp,
) -> Result<Draft, serde_json::Error> {
    Draft::new(event_type, account.head.key_account_id.name(), at, &account.facts(change))
}

/// Decides whether the caller sees prices, and keeps that it does.
async fn seen(
    conn: &mut PgConnection,
    (call, method): (&Call, &'static str),
    account: KeyAccount,
    now: Timestamp,
) -> Result<View, KeyAccountRefusal> {
    let prices = call.roles.any_of(SEES_PRICES);
    if prices && account.has_prices() {
        let sight = PriceSight {
            price_sight_id: PriceSightId::at(now),
            key_account_id: account.head.key_account_id,
            actor: call.actor.clone(),
            method: method.to_owned(),
            seen_at: now,
        };
        price_sights::add(conn, &sight).await?;
    }
    Ok(View { account, prices })
}

/// Locked, so that it is in the files until the link is there.
async fn offer(conn: &mut PgConnection, id: AgreementId) -> Result<Offer, KeyAccountRefusal> {
    let found = agreements::find(conn, id, true).await?;
    let head = found.ok_or(KeyAccountRefusal::AgreementNotFound(id))?.head;
    let filed = head.state == AgreementState::Filed;
    Ok(Offer { agreement_id: id, customer_id: head.customer_id, currency: head.currency, filed })
}
