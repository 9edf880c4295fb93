//! Finding who may be one, and saying that they are two (CU-8).

use std::collections::{BTreeSet, HashMap};

use kexiang_core::{Call, CustomerId, MergeProposalId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{App, AppError, IDEMPOTENCY, MergeError};
use crate::{
    domain::{
        customer::Customer,
        likeness::{Likeness, address_keys},
        merge_proposal::{MergeProposal, ProposalFilter, ProposalState},
    },
    store::{customers, merge_proposals, origins},
};

/// Customers looked at in one transaction.
const BATCH: i64 = 50;
/// Others with the same address who are compared with one customer.
const MOST_OTHERS: i64 = 50;

impl App {
    /// Proposals older than `after`, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_merge_proposals", skip_all)]
    pub async fn list_merge_proposals(
        &self,
        filter: ProposalFilter,
        after: Option<MergeProposalId>,
        limit: i64,
    ) -> Result<Vec<MergeProposal>, MergeError> {
        let mut conn = self.pool.acquire().await.map_err(AppError::from)?;
        Ok(merge_proposals::list(&mut conn, filter, after, limit).await?)
    }

    /// Says that the two are two.
    ///
    /// # Errors
    /// [`MergeError::ProposalNotFound`], [`MergeError::EtagMismatch`], [`MergeError::State`].
    #[tracing::instrument(name = "app.dismiss_merge_proposal", skip_all)]
    pub async fn dismiss_merge_proposal(
        &self,
        call: &Call,
        id: MergeProposalId,
        etag: Option<i64>,
    ) -> Result<MergeProposal, MergeError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let claim: Claim<MergeProposalId> = IDEMPOTENCY.claim(&mut tx, call, now).await?;
        let found = merge_proposals::find_for_update(&mut tx, id).await?;
        let mut proposal = found.ok_or(MergeError::ProposalNotFound(id))?;
        if claim == Claim::Replay(id) {
            return Ok(proposal);
        }
        if etag.is_some_and(|version| version != proposal.version) {
            return Err(MergeError::EtagMismatch(id.name()));
        }
        if proposal.state != ProposalState::Open {
            return Err(MergeError::State(id.name(), "OPEN"));
        }
        proposal.state = ProposalState::Dismissed;
        proposal.dismissed_by = Some(call.actor.clone());
        proposal.updated_at = now;
        proposal.version += 1;
        merge_proposals::update(&mut tx, &proposal).await?;
        let told = Draft::new("merge_proposal.dismissed", id.name(), now, &proposal.facts())?;
        self.log.append(&mut tx, call, now, &[told]).await?;
        IDEMPOTENCY.save(&mut tx, call, &id).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(proposal)
    }

    /// Looks at the next customers that are new or have changed; whether there were any.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.look_for_likes", skip_all)]
    pub async fn look_for_likes(&self, call: &Call) -> Result<bool, AppError> {
        if !self.is_sealed() {
            return Ok(false);
        }
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let ids = merge_proposals::take_checks(&mut tx, BATCH).await?;
        if ids.is_empty() {
            return Ok(false);
        }
        let live = self.live(&mut tx, &ids).await?;
        let token = |customer: &Customer| {
            let keys = address_keys(customer).into_iter();
            keys.map(|key| (customer.customer_id, self.keys.blind().token("likeness", &key)))
                .collect::<Vec<_>>()
        };
        let tokens: Vec<_> = live.values().flat_map(token).collect();
        merge_proposals::replace_tokens(&mut tx, &ids, &tokens).await?;
        let pairs = merge_proposals::pairs(&mut tx, &ids, MOST_OTHERS).await?;
        self.propose(&mut tx, call, &pairs.into_iter().collect(), false, now).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(true)
    }

    /// Proposes pairs whose contact points one caller had.
    pub(super) async fn propose_together(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        pairs: &BTreeSet<(CustomerId, CustomerId)>,
        now: Timestamp,
    ) -> Result<(), AppError> {
        if pairs.is_empty() { Ok(()) } else { self.propose(conn, call, pairs, true, now).await }
    }

    async fn propose(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        pairs: &BTreeSet<(CustomerId, CustomerId)>,
        together: bool,
        now: Timestamp,
    ) -> Result<(), AppError> {
        let ids: BTreeSet<CustomerId> = pairs.iter().flat_map(|(one, other)| [*one, *other]).collect();
        let live = self.live(conn, &ids.into_iter().collect::<Vec<_>>()).await?;
        let mut told = Vec::new();
        for (one, other) in pairs {
            let (Some(one), Some(other)) = (live.get(one), live.get(other)) else { continue };
            let likeness = Likeness::of(one, other, together);
            if !likeness.is_proposed() {
                continue;
            }
            let proposal = MergeProposal::new(one.customer_id, other.customer_id, likeness, now);
            if merge_proposals::insert(conn, &proposal).await? {
                let name = proposal.proposal_id.name();
                told.push(Draft::new("merge_proposal.created", name, now, &proposal.facts())?);
            }
        }
        Ok(self.log.append(conn, call, now, &told).await?)
    }

    /// Those of these customers who are neither merged nor erased.
    async fn live(
        &self,
        conn: &mut PgConnection,
        ids: &[CustomerId],
    ) -> Result<HashMap<CustomerId, Customer>, AppError> {
        let uuids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        let merged = origins::survivors(conn, &uuids).await?;
        let all = customers::load(conn, &self.keys, ids).await?.into_iter();
        let live = all
            .filter(|customer| customer.erased_at.is_none() && !merged.contains_key(&customer.customer_id));
        Ok(live.map(|customer| (customer.customer_id, customer)).collect())
    }
}
