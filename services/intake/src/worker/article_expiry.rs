//! Keeps and tells which articles expired, by a poll that costs one look at a small index. Every replica may do it.

use std::time::Duration;

use kexiang_core::Call;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How often it is looked for: what expired is not found any more at once, only its event waits for this.
const POLL: Duration = Duration::from_secs(1);

/// Expires until `shutdown`; ends between two transactions.
pub async fn run(app: App, call: Call, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        match app.expire_articles(&call).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "expired articles are not told yet"),
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}
