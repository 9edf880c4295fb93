//! Ends shifts that are over, by a poll: any number of replicas, each shift once.

use std::time::Duration;

use kexiang_core::Call;
use kexiang_pg::{Pace, poll};
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How often it is looked for shifts that are over.
const POLL: Duration = Duration::from_secs(1);

/// Ends shifts until `shutdown`, one transaction each.
pub async fn run(app: App, call: Call, shutdown: CancellationToken) {
    poll(Pace::every(POLL), &shutdown, "a shift is not ended yet", || app.end_shift(&call)).await;
}
