//! Looks at customers whom a change of thresholds may concern, once each with any number of replicas (`app/key_account_units.rs` says
//! why).

use std::time::Duration;

use kexiang_core::Call;
use kexiang_pg::{Pace, poll};
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How often it is looked for customers.
const POLL: Duration = Duration::from_secs(1);

/// Until `shutdown`; ends between two transactions.
pub async fn run(app: App, call: Call, shutdown: CancellationToken) {
    poll(Pace::every(POLL), &shutdown, "key accounts are not looked at yet", || app.check_key_account(&call))
        .await;
}
