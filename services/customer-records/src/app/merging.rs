//! Merging two customers and taking it back (CU-8). Which row goes where: `domain/merge.rs`; in what batches: `merge_moves.rs`.
//!
//! Both customers are locked in the order of their ids, against everybody who writes them or names them in a row of their own.
//! Killed before the commit, nothing has happened; after it, the contact points are where they belong, so that whoever calls
//! is found right, and what is left to move is the worker's.

use std::collections::HashSet;

use kexiang_core::{Call, CustomerId, MergeId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{
    App, AppError, IDEMPOTENCY, MergeError,
    customers::{require_unmerged, save},
};
use crate::{
    domain::{
        contact_point::ContactPoint,
        customer::Customer,
        customer_handover::DropReason,
        merge::{self, Before, Choices, FieldComparison, Merge, MergeState, Origins},
        merge_proposal::ProposalState,
    },
    store::{contact_points, customers, handover_items, merge_proposals, merges, origins, references},
};

/// Who is to be merged into whom, and how.
pub struct Merging {
    /// Who stays.
    pub survivor: CustomerId,
    /// Who is merged into the survivor; another one.
    pub loser: CustomerId,
    /// Field by field.
    pub choices: Choices,
    /// The survivor's version that the caller saw.
    pub survivor_etag: Option<i64>,
    /// The loser's version that the caller saw.
    pub loser_etag: Option<i64>,
}

/// What a merge would do.
pub struct Preview {
    /// As it is.
    pub survivor: Customer,
    /// As it is.
    pub loser: Customer,
    /// As the survivor would be.
    pub result: Customer,
    /// Field by field.
    pub fields: Vec<FieldComparison>,
    /// How many rows go along, by table.
    pub references: Vec<(&'static str, i64)>,
}

impl App {
    /// What [`App::merge_customers`] would do; changes nothing.
    ///
    /// # Errors
    /// Those of [`App::merge_customers`].
    #[tracing::instrument(name = "app.preview_merge", skip_all)]
    pub async fn preview_merge(&self, merging: &Merging) -> Result<Preview, MergeError> {
        self.require_sealed().await?;
        let mut conn = self.pool.acquire().await?;
        let (survivor, loser) = self.load_pair(&mut conn, merging).await?;
        let (result, fields) = merge::merge(&survivor, &loser, &merging.choices, self.clock.now())?;
        let references = references::count(&mut conn, merging.loser).await?;
        let (survivor, loser, result) = (survivor.customer, loser.customer, result.customer);
        Ok(Preview { survivor, loser, result, fields, references })
    }

    /// Merges the loser into the survivor.
    ///
    /// # Errors
    /// [`AppError::CustomerNotFound`], [`AppError::CustomerMerged`], [`AppError::CustomerErased`],
    /// [`AppError::ContactPointTaken`]; [`MergeError`].
    #[tracing::instrument(name = "app.merge_customers", skip_all)]
    pub async fn merge_customers(&self, call: &Call, merging: Merging) -> Result<Merge, MergeError> {
        self.require_sealed().await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(merge) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(merge);
        }
        origins::lock(&mut tx, [merging.survivor, merging.loser]).await?;
        let (survivor, loser) = self.load_pair(&mut tx, &merging).await?;
        let (after, _) = merge::merge(&survivor, &loser, &merging.choices, now)?;
        let mut merge = Merge {
            merge_id: MergeId::at(now),
            survivor: merging.survivor,
            loser: merging.loser,
            state: MergeState::Merged,
            moving: false,
            merged_at: now,
            merged_by: call.actor.clone(),
            unmerged_at: None,
            unmerged_by: None,
            version: 1,
        };
        self.write_merged(&mut tx, &after, &loser.customer, now).await?;
        handover_items::drop_open(&mut tx, &[(merging.loser, DropReason::Merged)], now).await?;
        merge.moving = self.move_batch(&mut tx, call, &merge).await?;
        let before = Before { survivor: survivor.customer, after: after.customer, loser };
        merges::insert(&mut tx, &self.keys, &merge, &before).await?;
        self.finish(&mut tx, call, &merge, &before.after, now).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(merge)
    }

    /// Takes a merge back.
    ///
    /// # Errors
    /// [`MergeError::NotFound`], [`MergeError::EtagMismatch`], [`MergeError::State`], [`MergeError::Later`],
    /// [`MergeError::UnderWay`]; [`AppError::CustomerErased`].
    #[tracing::instrument(name = "app.unmerge_customers", skip_all)]
    pub async fn unmerge_customers(
        &self,
        call: &Call,
        id: MergeId,
        etag: Option<i64>,
    ) -> Result<Merge, MergeError> {
        self.require_sealed().await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(merge) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(merge);
        }
        // Customers before merges, as everywhere; who they are never changes.
        let found = merges::find(&mut tx, id).await?.ok_or(MergeError::NotFound(id))?;
        origins::lock(&mut tx, [found.survivor, found.loser]).await?;
        let mut merge = merges::find_for_update(&mut tx, id).await?.ok_or(MergeError::NotFound(id))?;
        check_unmerge(&mut tx, &merge, etag).await?;

        let survivor = self.write_unmerged(&mut tx, &merge, now).await?;
        merge.state = MergeState::Unmerged;
        merge.unmerged_at = Some(now);
        merge.unmerged_by = Some(call.actor.clone());
        merge.version += 1;
        merge.moving = self.move_batch(&mut tx, call, &merge).await?;
        merges::update(&mut tx, &merge).await?;
        self.finish(&mut tx, call, &merge, &survivor, now).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(merge)
    }

    /// A merge, with the loser as it was; without, once it is erased.
    ///
    /// # Errors
    /// [`MergeError::NotFound`].
    #[tracing::instrument(name = "app.get_merge", skip_all)]
    pub async fn get_merge(&self, id: MergeId) -> Result<(Merge, Option<Customer>), MergeError> {
        self.require_sealed().await?;
        let mut conn = self.pool.acquire().await?;
        let merge = merges::find(&mut conn, id).await?.ok_or(MergeError::NotFound(id))?;
        let before = merges::before(&mut conn, &self.keys, id).await?;
        Ok((merge, before.map(|before| before.loser.customer)))
    }

    /// Merges that a customer survived or lost, older than `after`, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_merges", skip_all)]
    pub async fn list_merges(
        &self,
        customer: CustomerId,
        after: Option<MergeId>,
        limit: i64,
    ) -> Result<Vec<Merge>, MergeError> {
        let mut conn = self.pool.acquire().await?;
        Ok(merges::list(&mut conn, customer, after, limit).await?)
    }

    async fn load_pair(
        &self,
        conn: &mut PgConnection,
        merging: &Merging,
    ) -> Result<(Origins, Origins), MergeError> {
        let survivor = self.load_one(conn, merging.survivor, merging.survivor_etag).await?;
        let loser = self.load_one(conn, merging.loser, merging.loser_etag).await?;
        Ok((survivor, loser))
    }

    async fn load_one(
        &self,
        conn: &mut PgConnection,
        id: CustomerId,
        etag: Option<i64>,
    ) -> Result<Origins, MergeError> {
        require_unmerged(conn, id).await?;
        let customer = customers::find(conn, &self.keys, id).await?.ok_or(AppError::CustomerNotFound(id))?;
        if customer.erased_at.is_some() {
            return Err(AppError::CustomerErased(id).into());
        }
        if etag.is_some_and(|version| version != customer.version) {
            return Err(MergeError::EtagMismatch(id.name()));
        }
        if let Some(moving) = merges::find_moving_of(conn, id).await? {
            return Err(MergeError::UnderWay(moving.merge_id));
        }
        Ok(Origins { of_points: origins::of_points(conn, id).await?, customer })
    }

    async fn write_merged(
        &self,
        conn: &mut PgConnection,
        after: &Origins,
        loser: &Customer,
        now: Timestamp,
    ) -> Result<(), AppError> {
        // First what the loser has, because the same contact point can't identify two.
        contact_points::delete_of(conn, loser.customer_id).await?;
        self.write(conn, after).await?;
        customers::touch(conn, &[(loser.customer_id, loser.version)], now).await?;
        Ok(origins::point_at(conn, loser.customer_id, Some(after.customer.customer_id)).await?)
    }

    /// Writes both as they are apart; the survivor.
    async fn write_unmerged(
        &self,
        conn: &mut PgConnection,
        merge: &Merge,
        now: Timestamp,
    ) -> Result<Customer, MergeError> {
        let before = merges::before(conn, &self.keys, merge.merge_id).await?;
        let before = before.ok_or(AppError::CustomerErased(merge.loser))?;
        let customer = customers::find(conn, &self.keys, merge.survivor).await?;
        let customer = customer.ok_or(AppError::CustomerNotFound(merge.survivor))?;
        let loser = customers::find(conn, &self.keys, merge.loser).await?;
        let version = loser.ok_or(AppError::CustomerNotFound(merge.loser))?.version;
        let survivor = Origins { of_points: origins::of_points(conn, merge.survivor).await?, customer };
        let group: HashSet<_> =
            origins::group(conn, merge.loser).await?.into_iter().map(CustomerId::from_uuid).collect();
        let (survivor, mut loser) = merge::unmerge(&survivor, before, &group, version, now)?;

        self.write(conn, &survivor).await?;
        self.leave_taken(conn, &mut loser).await?;
        self.write(conn, &loser).await?;
        origins::point_at(conn, merge.loser, None).await?;
        Ok(survivor.customer)
    }

    async fn write(&self, conn: &mut PgConnection, origins: &Origins) -> Result<(), AppError> {
        save(conn, &self.keys, &origins.customer).await?;
        Ok(origins::set_of_points(conn, origins.customer.customer_id, 0, &origins.of_points).await?)
    }

    /// Contact points that identify somebody else by now stay there.
    async fn leave_taken(&self, conn: &mut PgConnection, loser: &mut Origins) -> Result<(), AppError> {
        let Origins { customer, of_points } = loser;
        let kind = customer.kind;
        let keys: Vec<_> = customer
            .contact_points
            .iter()
            .filter(|point| point.identifies(kind))
            .map(ContactPoint::key)
            .collect();
        let taken = origins::holders(conn, &self.keys, &keys).await?;
        let free = |point: &ContactPoint| !point.identifies(kind) || !taken.contains_key(&point.key());
        let mut kept = customer.contact_points.iter().map(free).collect::<Vec<_>>().into_iter();
        of_points.retain(|_| kept.next().unwrap_or(true));
        customer.contact_points.retain(free);
        Ok(())
    }

    /// Tells it, lets the proposal of the two follow, and keeps the answer.
    async fn finish(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        merge: &Merge,
        survivor: &Customer,
        now: Timestamp,
    ) -> Result<(), MergeError> {
        let (told, proposal) = match merge.state {
            MergeState::Merged => ("customer.merged", ProposalState::Merged),
            MergeState::Unmerged => ("customer.unmerged", ProposalState::Open),
        };
        merge_proposals::follow(conn, [merge.survivor, merge.loser], proposal, now).await?;
        let told = Draft::new(told, merge.survivor.name(), now, &merge.facts())?;
        let updated = Draft::new("customer.updated", merge.survivor.name(), now, &survivor.facts())?;
        self.log.append(conn, call, now, &[told, updated]).await?;
        Ok(IDEMPOTENCY.save(conn, call, merge).await?)
    }
}

async fn check_unmerge(conn: &mut PgConnection, merge: &Merge, etag: Option<i64>) -> Result<(), MergeError> {
    let name = merge.merge_id.name();
    if etag.is_some_and(|version| version != merge.version) {
        return Err(MergeError::EtagMismatch(name));
    }
    if merge.state != MergeState::Merged {
        return Err(MergeError::State(name, "MERGED"));
    }
    if let Some(later) = merges::find_later(conn, merge).await? {
        return Err(MergeError::Later(later));
    }
    for id in [merge.survivor, merge.loser] {
        if let Some(moving) = merges::find_moving_of(conn, id).await? {
            return Err(MergeError::UnderWay(moving.merge_id));
        }
    }
    Ok(())
}
