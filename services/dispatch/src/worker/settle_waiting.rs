//! Settles what waits: at once when a transaction stopped at its limit, and by a poll that also finds what another replica
//! left behind when it was killed.

use std::time::Duration;

use kexiang_core::Call;
use tokio_util::sync::CancellationToken;

use crate::app::{App, Left};

/// How often it is looked for without being asked.
const POLL: Duration = Duration::from_secs(2);

/// Settles until `shutdown`; ends between two transactions.
pub async fn run(app: App, call: Call, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        match app.settle_waiting(&call).await {
            Ok(Left::Waiting) => continue,
            Ok(Left::Nothing) => {}
            Err(error) => tracing::warn!(%error, "waiting work orders are not settled yet"),
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = app.more_waits() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}
