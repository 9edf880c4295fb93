//! Lets the alarms of promises go off: `promise.due_soon` and `promise.missed`, once each however many replicas look for them,
//! also those whose time passed while nobody ran (`app/promises.rs` says why).

use std::time::Duration;

use kexiang_core::Call;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How often it is looked for alarms: they go off at most this long after their time.
const POLL: Duration = Duration::from_millis(500);

/// Until `shutdown`; ends between two transactions.
pub async fn run(app: App, call: Call, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        match app.ring_promises(&call).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "alarms of promises do not go off yet"),
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}
