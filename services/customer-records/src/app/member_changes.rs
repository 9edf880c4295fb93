//! Changes of members of key accounts: asked for with proof, decided by somebody else (CU-11).
//!
//! A change and what it does to the key account are one transaction; of two decisions at once the second is refused.

use kexiang_core::{Call, KeyAccountId, MemberChangeId};
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{
    App, IDEMPOTENCY,
    key_account_units::recount,
    key_accounts::{KeyAccountRefusal, admit, lock, refused, told},
};
pub use crate::store::member_changes::MemberChangeFilter;
use crate::{
    domain::key_account::{
        KeyAccountError,
        member::{MemberChange, MemberChangeState, Proof, Wanted},
    },
    store::{customers, key_accounts, member_changes},
};

/// Changes of one key account that wait at most.
const MAX_PENDING: usize = 200;

impl App {
    /// Asks for a change of members.
    ///
    /// # Errors
    /// [`KeyAccountRefusal::NotFound`], [`KeyAccountRefusal::CustomerNotFound`], [`KeyAccountRefusal::Rule`].
    #[tracing::instrument(name = "app.request_member_change", skip_all, fields(key_account.id = %id))]
    pub async fn request_member_change(
        &self,
        call: &Call,
        id: KeyAccountId,
        (wanted, proof): (Wanted, Proof),
    ) -> Result<MemberChange, KeyAccountRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(change) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(change);
        }
        if let Some(customer) = wanted.customer()
            && !customers::exists(&mut tx, customer).await?
        {
            return Err(KeyAccountRefusal::CustomerNotFound(customer));
        }
        let account = lock(&mut tx, id, None).await?;
        account.allow_change(&wanted).map_err(|source| refused(id, source))?;
        let (waiting, same) = member_changes::pending(&mut tx, id, wanted.member()).await?;
        if let Some(same) = same {
            return Err(refused(id, KeyAccountError::ChangePending(same)));
        }
        if usize::try_from(waiting).is_ok_and(|waiting| waiting >= MAX_PENDING) {
            let limit = KeyAccountError::Limit { what: "pending changes of members", limit: MAX_PENDING };
            return Err(refused(id, limit));
        }
        let change = MemberChange {
            member_change_id: MemberChangeId::at(now),
            key_account_id: id,
            wanted,
            proof,
            state: MemberChangeState::Pending,
            requester: call.actor.clone(),
            requested_at: now,
            decision: None,
            version: 1,
        };
        member_changes::save(&mut tx, &change).await?;
        let requested =
            told("key_account.member_change_requested", &account, Some(change.member_change_id), now)?;
        self.log.append(&mut tx, call, now, &[requested]).await?;
        IDEMPOTENCY.save(&mut tx, call, &change).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(change)
    }

    /// Decides about a change: rejects it with a reason, else makes it.
    ///
    /// # Errors
    /// [`KeyAccountRefusal::MemberChangeNotFound`], [`KeyAccountRefusal::EtagMismatch`], [`KeyAccountRefusal::Rule`].
    #[tracing::instrument(name = "app.decide_member_change", skip_all, fields(member_change.id = %id))]
    pub async fn decide_member_change(
        &self,
        call: &Call,
        id: MemberChangeId,
        etag: Option<i64>,
        reject_reason: Option<String>,
    ) -> Result<MemberChange, KeyAccountRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(change) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(change);
        }
        let rule = |source| KeyAccountRefusal::Rule { subject: id.name(), source };
        // Which key account and which customer never changes, so they can be locked before the change is.
        let unlocked = found(&mut tx, id, false).await?;
        let account_id = unlocked.key_account_id;
        if let (Some(customer), None) = (unlocked.wanted.customer(), &reject_reason) {
            admit(&mut tx, &[customer], Some(account_id)).await?;
        }
        let mut account = lock(&mut tx, account_id, None).await?;
        let mut change = found(&mut tx, id, true).await?;
        if etag.is_some_and(|etag| etag != change.version) {
            return Err(KeyAccountRefusal::EtagMismatch(id.name()));
        }
        change.decide(reject_reason, &call.actor, now).map_err(rule)?;
        member_changes::save(&mut tx, &change).await?;
        let mut events = Vec::new();
        if change.state == MemberChangeState::Approved {
            account.change_members(&change.wanted, now).map_err(rule)?;
            events.push(told("key_account.member_change_approved", &account, Some(id), now)?);
            events.extend(recount(&mut tx, &mut account, now).await?);
            key_accounts::save(&mut tx, &account).await?;
        } else {
            events.push(told("key_account.member_change_rejected", &account, Some(id), now)?);
        }
        self.log.append(&mut tx, call, now, &events).await?;
        IDEMPOTENCY.save(&mut tx, call, &change).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(change)
    }

    /// The change with this id.
    ///
    /// # Errors
    /// [`KeyAccountRefusal::MemberChangeNotFound`].
    pub async fn get_member_change(&self, id: MemberChangeId) -> Result<MemberChange, KeyAccountRefusal> {
        let mut conn = self.pool.acquire().await?;
        found(&mut conn, id, false).await
    }

    /// A page of changes, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_member_changes(
        &self,
        filter: MemberChangeFilter,
        after: Option<MemberChangeId>,
        limit: i64,
    ) -> Result<Vec<MemberChange>, KeyAccountRefusal> {
        let mut conn = self.pool.acquire().await?;
        Ok(member_changes::list(&mut conn, filter, after, limit).await?)
    }
}

async fn found(
    conn: &mut PgConnection,
    id: MemberChangeId,
    lock: bool,
) -> Result<MemberChange, KeyAccountRefusal> {
    let found = member_changes::find(conn, id, lock).await?;
    found.ok_or(KeyAccountRefusal::MemberChangeNotFound(id))
}
