//! Ends shifts that are over, by a poll: any number of replicas, each shift once.

use std::time::Duration;

use kexiang_core::Call;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How often it is looked for shifts that are over.
const POLL: Duration = Duration::from_secs(1);

/// Ends shifts until `shutdown`, one transaction each.
pub async fn run(app: App, call: Call, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        match app.end_shift(&call).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "a shift is not ended yet"),
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}
