//! What happens by itself: ownerships are announced to end and end, records are judged, handovers go on. Once each however many replicas look for
//! it, also what became due while nobody ran (`app/ownership`, `app/follow_ups.rs` say why).

use std::time::Duration;

use kexiang_core::Call;
use kexiang_pg::{Pace, poll};
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How often it is looked for what is due: it is done at most this long after its time.
const POLL: Duration = Duration::from_millis(500);

/// Announces and ends ownerships until `shutdown`; ends between two transactions.
pub async fn advance_ownerships(app: App, call: Call, shutdown: CancellationToken) {
    poll(Pace::every(POLL), &shutdown, "ownerships do not end yet", || app.advance_ownerships(&call)).await;
}

/// Judges records until `shutdown`; ends between two transactions.
pub async fn judge_conduct(app: App, call: Call, shutdown: CancellationToken) {
    poll(Pace::every(POLL), &shutdown, "records are not judged yet", || app.judge_conduct(&call)).await;
}

/// Takes handovers further until `shutdown`; ends between two transactions.
pub async fn advance_handovers(app: App, call: Call, shutdown: CancellationToken) {
    poll(Pace::every(POLL), &shutdown, "handovers do not go on yet", || app.advance_handovers(&call)).await;
}
