//! Lets the alarms of promises go off: `promise.due_soon` and `promise.missed`, once each however many replicas look for them,
//! also those whose time passed while nobody ran (`app/promises.rs` says why).

use std::time::Duration;

use kexiang_core::Call;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use kexiang_pg::{Pace, poll};

/// Alarms go off at most this long after their time.
const PACE: Pace = Pace::every(Duration::from_millis(500));

/// Until `shutdown`; ends between two transactions.
pub async fn run(app: App, call: Call, shutdown: CancellationToken) {
    poll(PACE, &shutdown, "alarms of promises do not go off yet", || app.ring_promises(&call)).await;
}
