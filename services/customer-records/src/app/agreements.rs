//! Agreements: opening, changing, reading them, and announcing what time brings (CU-12).
//!
//! # Invariants and failure cases
//! - A command loads the agreement locked, lets the domain decide, saves and tells in one transaction: killed before the commit
//!   nothing happened, after it everything; of two commands at once the second sees what the first did.
//! - Announcements that are due go off before the command, in its transaction; the timer comes to the same result. A mark and its
//!   event commit together, so each is told once with any number of replicas; of two one locks, the other skips.
//! - A renewal locks, of the two agreements, the renewal first when it is filed or closed, and only the old one when it is opened:
//!   nobody waits in a circle.

use kexiang_core::{AgreementId, Call, CustomerId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::{Claim, IdempotencyError};
use rust_decimal::Decimal;
use sqlx::PgConnection;

use super::{App, AppError, IDEMPOTENCY, key_account_units};
pub use crate::store::agreements::AgreementFilter;
use crate::{
    domain::agreement::{
        Agreement, AgreementError, AgreementState, Command,
        alarm::Alarm,
        content::Content,
        kind::{AgreementKind, StoredKind},
    },
    store::{agreements, customers},
};

/// Agreements whose announcements go off in one transaction at most: short, so that nobody's feed is held back.
const ALARMS_AT_ONCE: i64 = 100;

/// A refused use case of agreements.
#[derive(Debug, thiserror::Error)]
pub enum AgreementRefusal {
    /// No such agreement.
    #[error("there is no {0:?}")]
    NotFound(AgreementId),
    /// No such kind.
    #[error("there is no kind {0}")]
    KindNotFound(String),
    /// No such customer.
    #[error("there is no {0:?}")]
    CustomerNotFound(CustomerId),
    /// The etag is not the current one; which resource.
    #[error("{0} has changed")]
    EtagMismatch(String),
    /// A rule of agreements.
    #[error("{agreement:?}: {source}")]
    Rule {
        /// Which; `None` for one that is not there yet.
        agreement: Option<AgreementId>,
        /// Why.
        source: AgreementError,
    },
    /// What any use case may meet.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<sqlx::Error> for AgreementRefusal {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<serde_json::Error> for AgreementRefusal {
    fn from(error: serde_json::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<IdempotencyError> for AgreementRefusal {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}

/// What a new agreement or edition says.
#[derive(Debug, Clone)]
pub struct Written {
    /// Apart from money.
    pub content: Content,
    /// Amounts and due times.
    pub installments: Vec<(Decimal, Timestamp)>,
}

impl App {
    /// Defines a kind, or replaces its definition.
    ///
    /// # Errors
    /// [`AgreementRefusal::EtagMismatch`]; [`AppError::Conflict`] when two define a new one at once.
    #[tracing::instrument(name = "app.define_agreement_kind", skip_all)]
    pub async fn define_agreement_kind(
        &self,
        call: &Call,
        kind: AgreementKind,
        etag: Option<i64>,
    ) -> Result<StoredKind, AgreementRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(stored) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(stored);
        }
        let before = agreements::find_kind(&mut tx, &kind.code, true).await?;
        let version = before.map_or(0, |before| before.version);
        if etag.is_some_and(|etag| etag != version) {
            return Err(AgreementRefusal::EtagMismatch(format!("agreementKinds/{}", kind.code)));
        }
        let stored = StoredKind { kind, updated_at: now, version: version + 1 };
        if !agreements::save_kind(&mut tx, &stored).await? {
            return Err(AppError::Conflict.into());
        }
        let subject = format!("agreementKinds/{}", stored.kind.code);
        let facts = serde_json::json!({ "kind": stored.kind.code });
        let defined = Draft::new("agreement_kind.defined", subject, now, &facts)?;
        self.log.append(&mut tx, call, now, &[defined]).await?;
        IDEMPOTENCY.save(&mut tx, call, &stored).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(stored)
    }

    /// Gets a kind.
    ///
    /// # Errors
    /// [`AgreementRefusal::KindNotFound`].
    pub async fn get_agreement_kind(&self, code: &str) -> Result<StoredKind, AgreementRefusal> {
        let mut conn = self.pool.acquire().await?;
        let found = agreements::find_kind(&mut conn, code, false).await?;
        found.ok_or_else(|| AgreementRefusal::KindNotFound(code.to_owned()))
    }

    /// Kinds after a code.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_agreement_kinds(
        &self,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<StoredKind>, AgreementRefusal> {
        let mut conn = self.pool.acquire().await?;
        Ok(agreements::list_kinds(&mut conn, after, limit).await?)
    }

    /// Opens an agreement.
    ///
    /// # Errors
    /// [`AgreementRefusal::CustomerNotFound`], [`AgreementRefusal::KindNotFound`], [`AgreementRefusal::Rule`].
    #[tracing::instrument(name = "app.open_agreement", skip_all)]
    pub async fn open_agreement(
        &self,
        call: &Call,
        (customer, kind, currency): (CustomerId, &str, String),
        Written { content, installments }: Written,
    ) -> Result<Agreement, AgreementRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(agreement) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(agreement);
        }
        if !customers::exists(&mut tx, customer).await? {
            return Err(AgreementRefusal::CustomerNotFound(customer));
        }
        let stored = agreements::find_kind(&mut tx, kind, false).await?;
        let kind = stored.ok_or_else(|| AgreementRefusal::KindNotFound(kind.to_owned()))?.kind;
        let of = (customer, kind, currency);
        let agreement = Agreement::open(of, content, &installments, call.actor.clone(), now);
        let agreement = agreement.map_err(|source| AgreementRefusal::Rule { agreement: None, source })?;
        agreements::save(&mut tx, &agreement).await?;
        self.log.append(&mut tx, call, now, &[told("agreement.opened", &agreement, now)?]).await?;
        IDEMPOTENCY.save(&mut tx, call, &agreement).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(agreement)
    }

    /// Opens the renewal of an agreement in force; gives the renewal.
    ///
    /// # Errors
    /// [`AgreementRefusal::NotFound`], [`AgreementRefusal::EtagMismatch`], [`AgreementRefusal::Rule`].
    #[tracing::instrument(name = "app.renew_agreement", skip_all, fields(agreement.id = %id))]
    pub async fn renew_agreement(
        &self,
        call: &Call,
        id: AgreementId,
        etag: Option<i64>,
        Written { content, installments }: Written,
    ) -> Result<Agreement, AgreementRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(agreement) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(agreement);
        }
        let mut old = lock(&mut tx, id, etag).await?;
        let mut events = announced(&old.advance(now))?;
        let renewal = old.open_renewal(content, &installments, call.actor.clone(), now);
        let renewal = renewal.map_err(|source| AgreementRefusal::Rule { agreement: Some(id), source })?;
        agreements::save(&mut tx, &old).await?;
        agreements::save(&mut tx, &renewal).await?;
        events.push(told("agreement.renewal_opened", &old, now)?);
        events.push(told("agreement.opened", &renewal, now)?);
        self.log.append(&mut tx, call, now, &events).await?;
        IDEMPOTENCY.save(&mut tx, call, &renewal).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(renewal)
    }

    /// Does what a command says with an agreement. `etag` is the version that the caller saw, if given.
    ///
    /// # Errors
    /// [`AgreementRefusal::NotFound`], [`AgreementRefusal::EtagMismatch`], [`AgreementRefusal::Rule`].
    #[tracing::instrument(name = "app.change_agreement", skip_all, fields(agreement.id = %id, event = command.event_type()))]
    pub async fn change_agreement(
        &self,
        call: &Call,
        id: AgreementId,
        etag: Option<i64>,
        command: &Command,
    ) -> Result<Agreement, AgreementRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(agreement) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(agreement);
        }
        let mut agreement = lock(&mut tx, id, etag).await?;
        let mut events = announced(&agreement.advance(now))?;
        let applied = agreement.apply(command, &call.actor, now);
        applied.map_err(|source| AgreementRefusal::Rule { agreement: Some(id), source })?;
        agreements::save(&mut tx, &agreement).await?;
        events.push(told(command.event_type(), &agreement, now)?);
        events.extend(settle_renewed(&mut tx, &agreement, command, now).await?);
        if matches!(command, Command::File { .. } | Command::Close { .. }) {
            let customer = agreement.head.customer_id;
            events.extend(
                key_account_units::agreements_changed(&mut tx, &self.keys, call, customer, now).await?,
            );
        }
        self.log.append(&mut tx, call, now, &events).await?;
        IDEMPOTENCY.save(&mut tx, call, &agreement).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(agreement)
    }

    /// The agreement with this id.
    ///
    /// # Errors
    /// [`AgreementRefusal::NotFound`].
    #[tracing::instrument(name = "app.get_agreement", skip_all)]
    pub async fn get_agreement(&self, id: AgreementId) -> Result<Agreement, AgreementRefusal> {
        let mut conn = self.pool.acquire().await?;
        agreements::find(&mut conn, id, false).await?.ok_or(AgreementRefusal::NotFound(id))
    }

    /// A page of agreements, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_agreements", skip_all)]
    pub async fn list_agreements(
        &self,
        filter: &AgreementFilter,
        after: Option<AgreementId>,
        limit: i64,
    ) -> Result<Vec<Agreement>, AgreementRefusal> {
        let mut conn = self.pool.acquire().await?;
        Ok(agreements::list(&mut conn, filter, after, limit).await?)
    }

    /// Makes announcements whose time has come, of as many agreements as one transaction takes. Whether there may be more.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.announce_agreements", skip_all)]
    pub async fn announce_agreements(&self, call: &Call) -> Result<bool, AppError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let mut due = agreements::lock_due(&mut tx, now, ALARMS_AT_ONCE).await?;
        if due.is_empty() {
            return Ok(false);
        }
        let mut events = Vec::new();
        for agreement in &mut due {
            events.extend(announced(&agreement.advance(now))?);
            agreements::save(&mut tx, agreement).await?;
        }
        self.log.append(&mut tx, call, now, &events).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(i64::try_from(due.len()).is_ok_and(|made| made == ALARMS_AT_ONCE))
    }
}

async fn lock(
    conn: &mut PgConnection,
    id: AgreementId,
    etag: Option<i64>,
) -> Result<Agreement, AgreementRefusal> {
    let found = agreements::find(conn, id, true).await?;
    let agreement = found.ok_or(AgreementRefusal::NotFound(id))?;
    if etag.is_some_and(|etag| etag != agreement.head.version) {
        return Err(AgreementRefusal::EtagMismatch(id.name()));
    }
    Ok(agreement)
}

/// A renewal that comes into force supersedes what it renews, one that is closed before sets it free.
async fn settle_renewed(
    conn: &mut PgConnection,
    renewal: &Agreement,
    command: &Command,
    now: Timestamp,
) -> Result<Option<Draft>, AgreementRefusal> {
    let given_up = matches!(command, Command::Close { .. }) && renewal.head.filed_at.is_none();
    let in_force = matches!(command, Command::File { .. });
    let Some(id) = renewal.head.renews.filter(|_| given_up || in_force) else { return Ok(None) };
    let Some(mut old) = agreements::find(conn, id, true).await? else { return Ok(None) };
    let event_type = if given_up {
        old.abandon_renewal(now);
        "agreement.renewal_abandoned"
    } else if old.head.state == AgreementState::Filed {
        let superseded = old.supersede(now);
        superseded.map_err(|source| AgreementRefusal::Rule { agreement: Some(id), source })?;
        "agreement.renewed"
    } else {
        // Closed or being changed meanwhile: it is left as it is.
        return Ok(None);
    };
    agreements::save(conn, &old).await?;
    Ok(Some(told(event_type, &old, now)?))
}

fn told(event_type: &'static str, agreement: &Agreement, at: Timestamp) -> Result<Draft, serde_json::Error> {
    Draft::new(event_type, agreement.head.agreement_id.name(), at, &agreement.facts())
}

fn announced(alarms: &[Alarm]) -> Result<Vec<Draft>, serde_json::Error> {
    let draft =
        |alarm: &Alarm| Draft::new(alarm.event_type, alarm.facts.agreement_id.name(), alarm.at, &alarm.facts);
    alarms.iter().map(draft).collect()
}
