//! Finding customers by what somebody types (CU-2, CU-17), and giving names of earlier versions their tokens.
//!
//! The backfill goes in short transactions that move a stored position: killed between any two, it goes on from there, and of
//! two replicas one does a batch while the other comes later.

use std::time::Duration;

use kexiang_core::CustomerId;
use tokio_util::sync::CancellationToken;

use super::{App, AppError};
use crate::{
    domain::{
        contact_point::ContactPointKey,
        customer::Customer,
        name_search::{Fit, NameQuery},
    },
    store::{
        customers,
        name_tokens::{self, Progress, Wanted},
        origins,
    },
};

/// Candidates of one kind that are ranked; a search that finds more says so.
const MOST_CANDIDATES: i64 = 1_000;
/// Names done in one transaction of the backfill.
const BATCH: i64 = 500;
/// After a failure, or while another replica has a batch.
const AGAIN: Duration = Duration::from_secs(1);

/// What somebody looks for.
pub struct Search {
    /// Contact points that identify and that the text may be.
    pub contact_points: Vec<ContactPointKey>,
    /// The address that it may be.
    pub address: Option<ContactPointKey>,
    /// The name that it may be.
    pub name: Option<NameQuery>,
}

/// Where a customer stands among those found: by contact point, else by how well the name fits; newest first among equals.
pub type Rank = (bool, Option<Fit>, CustomerId);

/// What was found.
pub struct Found {
    /// The best first.
    pub customers: Vec<(Customer, Rank)>,
    /// There were more candidates than are ranked.
    pub incomplete: bool,
}

impl App {
    /// Customers found, the best first, that stand behind `after`.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.search_customers", skip_all)]
    pub async fn search_customers(
        &self,
        search: &Search,
        after: Option<Rank>,
        limit: i64,
    ) -> Result<Found, AppError> {
        self.require_sealed().await?;
        let mut tx = self.pool.begin().await?;
        let mut ranks: Vec<Rank> = Vec::new();
        let holders = origins::holders(&mut tx, &self.keys, &search.contact_points).await?;
        ranks.extend(holders.values().map(|(id, _)| (true, None, *id)));
        if let Some(key) = &search.address {
            let ids =
                customers::list_by_contact_point(&mut tx, &self.keys, key, None, MOST_CANDIDATES).await?;
            ranks.extend(ids.into_iter().map(|id| (true, None, id)));
        }
        let mut incomplete = i64::try_from(ranks.len()).is_ok_and(|found| found >= MOST_CANDIDATES);
        if let Some(name) = search.name.as_ref().filter(|_| ranks.is_empty()) {
            incomplete = self.rank_names(&mut tx, name, &mut ranks).await?;
        }
        ranks.sort_by(|one, other| other.cmp(one));
        ranks.dedup();
        ranks.retain(|rank| after.is_none_or(|after| *rank < after));
        ranks.truncate(usize::try_from(limit).unwrap_or_default());
        let ids: Vec<CustomerId> = ranks.iter().map(|rank| rank.2).collect();
        let customers = customers::load(&mut tx, &self.keys, &ids).await?;
        let ranked = |customer: Customer| {
            let rank = ranks.iter().find(|rank| rank.2 == customer.customer_id)?;
            Some((customer, *rank))
        };
        Ok(Found { customers: customers.into_iter().filter_map(ranked).collect(), incomplete })
    }

    /// Names as typed first; only when there are none, names that are nearly so. Whether there were more than are ranked.
    async fn rank_names(
        &self,
        conn: &mut sqlx::PgConnection,
        query: &NameQuery,
        ranks: &mut Vec<Rank>,
    ) -> Result<bool, AppError> {
        let key = self.keys.blind();
        let mut steps = vec![vec![Wanted::All(vec![query.whole(key)]), Wanted::All(query.prefix(key))]];
        steps[0].extend(query.joined(key).map(|token| Wanted::All(vec![token])));
        let fuzzy = query.fuzzy(key);
        if !fuzzy.is_empty() {
            steps.push(vec![Wanted::AnyOfEach(fuzzy)]);
        }
        let mut incomplete = false;
        for step in steps {
            let mut ids: Vec<CustomerId> = Vec::new();
            for wanted in &step {
                let found = name_tokens::find(conn, wanted, MOST_CANDIDATES).await?;
                incomplete |= i64::try_from(found.len()).is_ok_and(|found| found >= MOST_CANDIDATES);
                ids.extend(found);
            }
            let named = name_tokens::names(conn, &self.keys, &ids).await?;
            ranks.extend(named.iter().filter_map(|named| {
                query.fit(&named.display_name).map(|fit| (false, Some(fit), named.customer_id))
            }));
            if !ranks.is_empty() {
                break;
            }
        }
        Ok(incomplete)
    }

    /// Gives all names of earlier versions their tokens; ends when all have them, or at `shutdown`.
    pub async fn backfill_name_tokens(&self, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() {
            match self.backfill_batch().await {
                Ok(Progress::More) => continue,
                Ok(Progress::Done) => return,
                // Who has it in hand may be killed: then it is ours.
                Ok(Progress::Busy) => {}
                Err(error) => tracing::warn!(%error, "names are not all found yet"),
            }
            shutdown.run_until_cancelled(tokio::time::sleep(AGAIN)).await;
        }
    }

    #[tracing::instrument(name = "app.backfill_name_tokens", skip_all)]
    async fn backfill_batch(&self) -> Result<Progress, AppError> {
        let mut tx = self.pool.begin().await?;
        let more = name_tokens::backfill(&mut tx, &self.keys, BATCH).await?;
        tx.commit().await?;
        Ok(more)
    }
}
