//! Erasing customers whose retention is over: once an hour, in batches, only when a number of days is set. Any number of
//! replicas do it at once: each customer is locked, and erased once.

use std::time::Duration;

use kexiang_core::Call;
use tokio_util::sync::CancellationToken;

use crate::app::App;

const LOOK: Duration = Duration::from_hours(1);

/// Runs until `shutdown`.
pub async fn run(app: App, call: Call, days: u32, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(LOOK);
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        while !shutdown.is_cancelled() {
            match app.erase_idle_customers(&call, days).await {
                Ok(0) => break,
                Ok(erased) => tracing::info!(erased, "customers are erased: their retention is over"),
                Err(error) => {
                    tracing::warn!(%error, "the retention of customers is not looked after yet");
                    ticks.reset_after(Duration::from_secs(5));
                    break;
                }
            }
        }
    }
}
