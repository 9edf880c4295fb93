//! Follow-ups (CU-7): recording, which renews the ownership (CU-5), reading, and what is found wrong with them.
//!
//! # Invariants and failure cases
//! - The ownership is locked before the site's register: numbers have no gaps, since the register is held to the commit and no longer
//!   than that.
//! - A check is taken, judged and told in one transaction, by whichever replica locks it: each is judged once.

use kexiang_core::{AgentId, Call, ConductFindingId, ContactId, FollowUpId, SiteId};
use kexiang_events::Draft;
use kexiang_pg::{Claim, IdempotencyError};
use sqlx::PgConnection;
use thiserror::Error;

use super::{
    App, AppError, IDEMPOTENCY,
    ownership::{OwnershipRefusal, caller},
};
pub use crate::store::follow_ups::FollowUpFilter;
use crate::{
    domain::follow_up::{DueCheck, Finding, FollowUp, NewFollowUp},
    store::{conduct, follow_ups, receptions},
};

/// Checks that are judged in one transaction at most.
const CHECKS_AT_ONCE: i64 = 200;

/// A refused use case of follow-ups.
#[derive(Debug, Error)]
pub enum FollowUpRefusal {
    /// There is no such follow-up.
    #[error("there is no {0:?}")]
    NotFound(FollowUpId),
    /// The contact is not in the register, or not this customer's.
    #[error("{0:?} is no contact of this customer")]
    NoSuchContact(ContactId),
    /// The contact stands in the register of another site.
    #[error("the contact is of {0:?}")]
    OtherSite(SiteId),
    /// Nothing says in whose register it stands.
    #[error("a site is needed")]
    NoSite,
    /// What any use case of ownership may meet.
    #[error(transparent)]
    Ownership(#[from] OwnershipRefusal),
}

impl From<sqlx::Error> for FollowUpRefusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Ownership(error.into())
    }
}

impl From<serde_json::Error> for FollowUpRefusal {
    fn from(error: serde_json::Error) -> Self {
        Self::Ownership(error.into())
    }
}

impl From<IdempotencyError> for FollowUpRefusal {
    fn from(error: IdempotencyError) -> Self {
        Self::Ownership(error.into())
    }
}

impl From<AppError> for FollowUpRefusal {
    fn from(error: AppError) -> Self {
        Self::Ownership(error.into())
    }
}

impl App {
    /// Records a follow-up by the caller.
    ///
    /// # Errors
    /// [`FollowUpRefusal`], but for [`FollowUpRefusal::NotFound`].
    #[tracing::instrument(name = "app.record_follow_up", skip_all, fields(customer.id = %new.customer_id))]
    pub async fn record_follow_up(&self, call: &Call, new: NewFollowUp) -> Result<FollowUp, FollowUpRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(follow_up) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(follow_up);
        }
        let agent = caller(call)?.clone();
        let mut ownership = self.lock_ownership(&mut tx, new.customer_id, now).await?;
        let (site, contact) = place(&mut tx, &new, ownership.site.clone()).await?;
        let policy = self.policy(&mut tx).await?;
        let (follow_up_id, followed_at) = (FollowUpId::at(now), new.followed_at.unwrap_or(now));
        let mut entries = ownership.advance(now);
        let renewed = ownership.renew(&agent, followed_at, follow_up_id, &policy, now);
        let ownership_until_at = renewed.last().and_then(|entry| entry.until_at);
        entries.extend(renewed);
        self.record(&mut tx, call, std::slice::from_ref(&ownership), &entries, &policy, |_| None).await?;

        let follow_up_number = follow_ups::next_number(&mut tx, &site).await?;
        let follow_up = FollowUp {
            follow_up_id,
            site,
            follow_up_number,
            customer_id: new.customer_id,
            agent,
            way: new.way,
            followed_at,
            content: Some(new.content),
            next_step: new.next_step,
            next_step_at: new.next_step_at,
            contact,
            recorded_at: now,
            ownership_until_at,
        };
        follow_ups::insert(&mut tx, &follow_up).await?;
        let recorded = Draft::new("follow_up.recorded", follow_up_id.name(), now, &follow_up.facts())?;
        self.log.append(&mut tx, call, now, &[recorded]).await?;
        IDEMPOTENCY.save(&mut tx, call, &follow_up).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(follow_up)
    }

    /// The follow-up with this id.
    ///
    /// # Errors
    /// [`FollowUpRefusal::NotFound`].
    #[tracing::instrument(name = "app.get_follow_up", skip_all)]
    pub async fn get_follow_up(&self, id: FollowUpId) -> Result<FollowUp, FollowUpRefusal> {
        let mut conn = self.pool.acquire().await?;
        follow_ups::find(&mut conn, id).await?.ok_or(FollowUpRefusal::NotFound(id))
    }

    /// Follow-ups recorded before the one at `after`, newest first, each with its place in the order.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_follow_ups", skip_all)]
    pub async fn list_follow_ups(
        &self,
        filter: &FollowUpFilter,
        after: Option<i64>,
        limit: i64,
    ) -> Result<Vec<(FollowUp, i64)>, FollowUpRefusal> {
        let mut conn = self.pool.acquire().await?;
        Ok(follow_ups::list(&mut conn, filter, after, limit).await?)
    }

    /// Findings older than `after`, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_conduct_findings", skip_all)]
    pub async fn list_conduct_findings(
        &self,
        agent: Option<&AgentId>,
        after: Option<ConductFindingId>,
        limit: i64,
    ) -> Result<Vec<Finding>, FollowUpRefusal> {
        let mut conn = self.pool.acquire().await?;
        Ok(conduct::list_findings(&mut conn, agent, after, limit).await?)
    }

    /// Judges checks whose time is over, as many as one transaction takes. Whether there may be more.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.judge_conduct", skip_all)]
    pub async fn judge_conduct(&self, call: &Call) -> Result<bool, AppError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let due = conduct::take_due(&mut tx, now, CHECKS_AT_ONCE).await?;
        if due.is_empty() {
            return Ok(false);
        }
        let findings: Vec<_> = due.iter().filter_map(|check: &DueCheck| check.finding(now)).collect();
        if !findings.is_empty() {
            conduct::insert_findings(&mut tx, &findings, now).await?;
        }
        let draft = |finding: &Finding| {
            Draft::new(finding.rule.event_type(), finding.finding_id.name(), finding.ends_at, finding)
        };
        let drafts: Vec<_> = findings.iter().map(draft).collect::<Result<_, _>>()?;
        self.log.append(&mut tx, call, now, &drafts).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(i64::try_from(due.len()).is_ok_and(|judged| judged == CHECKS_AT_ONCE))
    }
}

/// In whose register a follow-up stands, and the contact it belongs to with its number.
async fn place(
    conn: &mut PgConnection,
    new: &NewFollowUp,
    of_ownership: Option<SiteId>,
) -> Result<(SiteId, Option<(ContactId, i64)>), FollowUpRefusal> {
    let Some(contact) = new.contact_id else {
        let site = new.site.clone().or(of_ownership).ok_or(FollowUpRefusal::NoSite)?;
        return Ok((site, None));
    };
    let reception = receptions::find_of(conn, new.customer_id, contact).await?;
    let reception = reception.ok_or(FollowUpRefusal::NoSuchContact(contact))?;
    if new.site.as_ref().is_some_and(|site| *site != reception.site) {
        return Err(FollowUpRefusal::OtherSite(reception.site));
    }
    Ok((reception.site, Some((contact, reception.register_number))))
}
