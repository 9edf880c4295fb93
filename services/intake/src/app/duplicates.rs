//! Duplicates (IN-15): found when it is known whose cases they are, in that transaction; decided by people.

use std::collections::BTreeMap;

use kexiang_core::{Call, CaseId, DuplicateProposalId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{App, AppError, FollowingError, IDEMPOTENCY};
pub use crate::store::duplicate::ProposalFilter;
use crate::{
    domain::{Case, Decision, DuplicateProposal, DuplicateProposalFacts, Family, Transition},
    store,
};

impl App {
    /// Proposes what looks like one matter with these cases, whose customers have just become known: each later case with the
    /// earliest one. What was proposed before is not proposed again.
    pub(super) async fn propose_duplicates(
        &self,
        connection: &mut PgConnection,
        cases: &[Case],
        now: Timestamp,
    ) -> Result<Vec<DuplicateProposal>, AppError> {
        let window = self.duplicate_window;
        let asked: Vec<_> = cases
            .iter()
            .filter_map(|case| {
                let from = case.accepted_at.checked_sub(window).ok()?;
                let to = case.accepted_at.checked_add(window).ok()?;
                Some((case.customer?, case.category.as_str(), from, to))
            })
            .collect();
        if window.is_zero() || asked.is_empty() {
            return Ok(Vec::new());
        }
        let alike = store::following::alike(connection, &asked).await?;
        let mut proposals: BTreeMap<(CaseId, CaseId), DuplicateProposal> = BTreeMap::new();
        for (nr, later) in alike.iter().enumerate() {
            let near = |earlier: &&Case| later.accepted_at.duration_since(earlier.accepted_at) <= window;
            let mut earlier = alike[..nr].iter().filter(near);
            if let Some(found) = earlier.find_map(|earlier| DuplicateProposal::of(earlier, later, now)) {
                proposals.insert((found.case, found.earlier), found);
            }
        }
        let known = |proposal: &DuplicateProposal| {
            cases.iter().any(|case| case.id == proposal.case || case.id == proposal.earlier)
        };
        let proposals = proposals.into_values().filter(known).collect();
        Ok(store::duplicate::insert(connection, proposals).await?)
    }

    /// The proposal with this id.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.get_duplicate_proposal", skip_all)]
    pub async fn get_duplicate_proposal(
        &self,
        id: DuplicateProposalId,
    ) -> Result<DuplicateProposal, AppError> {
        let mut connection = self.pool.acquire().await?;
        store::duplicate::find(&mut connection, id).await?.ok_or_else(|| not_found(id))
    }

    /// A page of proposals, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_duplicate_proposals", skip_all)]
    pub async fn list_duplicate_proposals(
        &self,
        filter: &ProposalFilter,
        after: Option<DuplicateProposalId>,
        limit: i64,
    ) -> Result<Vec<DuplicateProposal>, AppError> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::duplicate::list(&mut connection, filter, after, limit).await?)
    }

    /// Does with a proposal, and its cases, what was decided.
    ///
    /// # Errors
    /// [`FollowingError`].
    #[tracing::instrument(name = "app.decide_duplicate", skip_all, fields(event = decision.event_type()))]
    pub async fn decide_duplicate(
        &self,
        call: &Call,
        id: DuplicateProposalId,
        etag: Option<i64>,
        decision: Decision,
    ) -> Result<DuplicateProposal, FollowingError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(proposal) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(proposal);
        }
        let mut proposal =
            store::duplicate::lock(&mut transaction, id).await?.ok_or_else(|| not_found(id))?;
        if etag.is_some_and(|etag| etag != proposal.version) {
            return Err(AppError::EtagMismatch { name: id.name() }.into());
        }
        let refused = |source| FollowingError::Proposal { proposal: id, source };
        proposal.decide(&decision, &call.actor, now).map_err(refused)?;
        store::duplicate::update(&mut transaction, &proposal).await?;
        let mut family = lock_pair(&mut transaction, &proposal).await?;
        if !matches!(decision, Decision::Dismiss { .. }) {
            family.check_not_held(proposal.case)?;
        }
        match &decision {
            Decision::Link => family.link(proposal.case, proposal.earlier, now)?,
            Decision::Dismiss { .. } => {}
            Decision::Unlink { reason } => {
                family.apply(proposal.case, &Transition::Leave { reason: reason.clone() }, now)?;
            }
        }
        let mut events = self.drafts(&mut transaction, call, now, &mut family).await?;
        let facts = DuplicateProposalFacts::from(&proposal);
        events.push(Draft::new(decision.event_type(), id.name(), now, &facts)?.by(call));
        self.save_family(&mut transaction, call, now, &family, &events).await?;
        IDEMPOTENCY.save(&mut transaction, call, &proposal).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(proposal)
    }
}

/// Both cases, the lead first, and whoever follows the later one.
async fn lock_pair(connection: &mut PgConnection, proposal: &DuplicateProposal) -> Result<Family, AppError> {
    let mut cases = store::case::lock(connection, &[proposal.earlier]).await?;
    cases.extend(store::case::lock(connection, &[proposal.case]).await?);
    cases.extend(store::following::lock_followers(connection, &[proposal.case]).await?);
    Ok(Family::new(cases, []))
}

fn not_found(id: DuplicateProposalId) -> AppError {
    AppError::NotFound { resource: DuplicateProposalId::TYPE, name: id.name() }
}
