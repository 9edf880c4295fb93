//! Keeps and tells which articles expired: one look at a small index.

use std::time::Duration;

use kexiang_core::Call;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use kexiang_pg::{Pace, poll};

/// What expired is not found any more at once, only its event waits for this.
const PACE: Pace = Pace::every(Duration::from_secs(1));

/// Until `shutdown`; ends between two transactions.
pub async fn run(app: App, call: Call, shutdown: CancellationToken) {
    poll(PACE, &shutdown, "expired articles are not told yet", || app.expire_articles(&call)).await;
}
