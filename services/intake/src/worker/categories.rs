//! Keeps the codes in force fresh, and models trained. Any number of replicas may do it at once.

use std::time::Duration;

use kexiang_core::Call;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use kexiang_pg::{Pace, poll};

/// How soon what another replica published or bound counts here.
const REFRESH: Duration = Duration::from_secs(1);
/// How often it is looked for a model that is due. After a failure the database is out of reach, or the model has nothing to
/// learn from.
const TRAINING: Pace = Pace { every: Duration::from_secs(2), after_failure: Duration::from_secs(30) };

/// Reads the codes in force again and again until `shutdown`.
pub async fn keep_fresh(app: App, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(REFRESH);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        app.refresh_categories().await;
    }
}

/// Trains models again that are due, one after the other, until `shutdown`, which may break a training off.
pub async fn retrain(app: App, call: Call, shutdown: CancellationToken) {
    let round = || async {
        let trained = shutdown.run_until_cancelled(app.retrain_category_model(&call)).await;
        trained.unwrap_or(Ok(false))
    };
    poll(TRAINING, &shutdown, "a category model is not trained again", round).await;
}
