//! Moving what names a customer, in batches: the first in the transaction of the merge, the rest by a worker.
//!
//! # Failure cases
//! The rows themselves say what is still to be done: forward, rows that name the loser; back, rows that name the survivor and
//! were of the loser. A batch and the events that tell of it are one transaction, so that killed between any two nothing is lost
//! or told twice, and any number of replicas share the work. New contacts are the survivor's from the first transaction on, so
//! the work ends. A merge with 100,000 contacts takes a hundred transactions of some ten milliseconds each.

use std::time::Duration;

use kexiang_core::{Call, CaseId, ContactId, CustomerId};
use kexiang_events::Draft;
use sqlx::PgConnection;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{App, AppError};
use crate::{
    domain::{
        customer::IdentificationFacts,
        merge::{Merge, MergeState},
    },
    store::{
        links, merges, origins,
        references::{self, CONTACT_LINKS, REFERENCES},
    },
};

/// Rows of a table in one transaction.
pub const BATCH: i64 = 1_000;
/// How often to look for work.
const LOOK: Duration = Duration::from_millis(200);

impl App {
    /// Moves one batch of every table the way that the merge's state says; whether that may not have been all.
    pub(super) async fn move_batch(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        merge: &Merge,
    ) -> Result<bool, AppError> {
        let pair = (merge.loser, merge.survivor);
        let group = origins::group(conn, merge.loser).await?;
        let mut more = false;
        for reference in REFERENCES {
            let (moved, to) = match merge.state {
                MergeState::Merged => {
                    (references::move_rows(conn, reference, pair, &group, BATCH).await?, merge.survivor)
                }
                MergeState::Unmerged => {
                    (references::give_back(conn, reference, pair, &group, BATCH).await?, merge.loser)
                }
            };
            more |= i64::try_from(moved.len()).is_ok_and(|moved| moved == BATCH);
            if reference.table == CONTACT_LINKS {
                self.tell_moved(conn, call, &moved, to).await?;
            }
        }
        Ok(more)
    }

    /// Other services learn whose the contacts are as they learn it of new ones.
    async fn tell_moved(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        contacts: &[Uuid],
        customer_id: CustomerId,
    ) -> Result<(), AppError> {
        let now = self.clock.now();
        let drafts = links::cases_of(conn, contacts).await?.into_iter().map(|(contact, case)| {
            let contact_id = ContactId::from_uuid(contact);
            let facts = IdentificationFacts { customer_id, contact_id, case_id: case.map(CaseId::from_uuid) };
            Draft::new("customer.identified", contact_id.name(), now, &facts)
        });
        Ok(self.log.append(conn, call, now, &drafts.collect::<Result<Vec<_>, _>>()?).await?)
    }

    /// Moves the next batch of some merge; whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.move_next_batch", skip_all)]
    pub async fn move_next_batch(&self, call: &Call) -> Result<bool, AppError> {
        let mut tx = self.pool.begin().await?;
        let Some(mut merge) = merges::find_moving(&mut tx).await? else { return Ok(false) };
        merge.moving = self.move_batch(&mut tx, call, &merge).await?;
        merge.version += i64::from(!merge.moving);
        merges::update(&mut tx, &merge).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(true)
    }

    /// Moves whatever is on its way and looks for likes, until `shutdown`.
    pub async fn follow_merges(&self, call: &Call, shutdown: &CancellationToken) {
        let mut ticks = tokio::time::interval(LOOK);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            while !shutdown.is_cancelled() {
                let moved = match self.move_next_batch(call).await {
                    Ok(moved) => moved,
                    Err(error) => {
                        tracing::warn!(%error, "what names a merged customer is not moved yet");
                        break;
                    }
                };
                let looked = match self.look_for_likes(call).await {
                    Ok(looked) => looked,
                    Err(error) => {
                        tracing::warn!(%error, "likes are not looked for yet");
                        break;
                    }
                };
                if !moved && !looked {
                    break;
                }
            }
        }
    }
}
