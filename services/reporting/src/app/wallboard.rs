//! What is happening now, once and on change (RE-1).
//!
//! Watchers are woken by the consumers of their own process; what other replicas commit, and what becomes overdue by the
//! clock alone, they see by looking every second.

use std::time::Duration;

use async_stream::try_stream;
use futures::Stream;
use kexiang_core::SiteId;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{App, AppError, FROM_DISPATCH, FROM_INTAKE};
use crate::{domain::wallboard::Wallboard, store};

/// Looks are at least this far apart, so that an import of thousands of cases does not make each watcher count each batch.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// Looks are at most this far apart, with [`SHORTEST_PAUSE`] 1 s.
const LONGEST_WAIT: Duration = Duration::from_millis(900);

impl App {
    /// Live counts of one site, or of all when `site` is `None`. A site of which nothing is known has none.
    ///
    /// # Errors
    /// [`AppError::Sql`].
    #[tracing::instrument(name = "app.get_wallboard", skip_all)]
    pub async fn get_wallboard(&self, site: Option<&SiteId>) -> Result<Wallboard, AppError> {
        let mut tx = self.snapshot().await?;
        let counts = store::counts::read(&mut tx, site).await?;
        Ok(Wallboard {
            cases: counts.cases(),
            work_orders: counts.work_orders(),
            agents_signed_in: store::agents::signed_in(&mut tx).await?,
            held_cases: store::holds::count(&mut tx, site).await?,
            return_visits: store::tasks::open_visits(&mut tx, site, self.clock.now()).await?,
            as_of: store::progress::complete_up_to(&mut tx, &[FROM_INTAKE, FROM_DISPATCH]).await?,
        })
    }

    /// The wallboard now, then each time it shows something else; being fresher alone is no change. Ends at `shutdown`, or
    /// with the first error.
    pub fn watch_wallboard(
        &self,
        site: Option<SiteId>,
        shutdown: CancellationToken,
    ) -> impl Stream<Item = Result<Wallboard, AppError>> + Send + 'static {
        let app = self.clone();
        let mut projected = self.projected.subscribe();
        try_stream! {
            let mut shown: Option<Wallboard> = None;
            loop {
                let board = app.get_wallboard(site.as_ref()).await?;
                if !shown.as_ref().is_some_and(|shown| shown.shows_the_same_as(&board)) {
                    shown = Some(board.clone());
                    yield board;
                }
                if shutdown.run_until_cancelled(next_look(&mut projected)).await.is_none() {
                    break;
                }
            }
        }
    }
}

/// Waits until it is worth looking again. A commit during the pause is not missed: it ends the wait at once.
async fn next_look(projected: &mut watch::Receiver<()>) {
    sleep(SHORTEST_PAUSE).await;
    // Both ends are a reason to look: a change, or the time since the last look.
    let _ = timeout(LONGEST_WAIT, projected.changed()).await;
}
