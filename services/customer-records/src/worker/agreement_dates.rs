//! Announces what time brings to agreements: expiry and payments, once each however many replicas look for them, also what came
//! due while nobody ran (`app/agreements.rs` says why).

use std::time::Duration;

use kexiang_core::Call;
use kexiang_pg::{Pace, poll};
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How often it is looked for announcements: they are made at most this long after their time.
const POLL: Duration = Duration::from_millis(500);

/// Until `shutdown`; ends between two transactions.
pub async fn run(app: App, call: Call, shutdown: CancellationToken) {
    poll(Pace::every(POLL), &shutdown, "agreements are not announced yet", || app.announce_agreements(&call))
        .await;
}
