//! What happens by itself: ownerships are announced to end and end, records are judged, handovers go on. Once each however many replicas look for
//! it, also what became due while nobody ran (`app/ownership`, `app/follow_ups.rs` say why).

use std::time::Duration;

use kexiang_core::Call;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How often it is looked for what is due: it is done at most this long after its time.
const POLL: Duration = Duration::from_millis(500);

/// Announces and ends ownerships until `shutdown`; ends between two transactions.
pub async fn advance_ownerships(app: App, call: Call, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        match app.advance_ownerships(&call).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "ownerships do not end yet"),
        }
        pause(&shutdown).await;
    }
}

/// Judges records until `shutdown`; ends between two transactions.
pub async fn judge_conduct(app: App, call: Call, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        match app.judge_conduct(&call).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "records are not judged yet"),
        }
        pause(&shutdown).await;
    }
}

/// Takes handovers further until `shutdown`; ends between two transactions.
pub async fn advance_handovers(app: App, call: Call, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        match app.advance_handovers(&call).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "handovers do not go on yet"),
        }
        pause(&shutdown).await;
    }
}

async fn pause(shutdown: &CancellationToken) {
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = tokio::time::sleep(POLL) => {}
    }
}
