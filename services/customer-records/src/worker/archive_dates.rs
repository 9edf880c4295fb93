//! Announces what time brings to the archive: overdue loans, expired assessments, ended retentions, missing customer files; once each
//! however many replicas look for them, also what came due while nobody ran (`app/archives` and `app/hand_ins.rs` say why).

use std::time::Duration;

use kexiang_core::Call;
use kexiang_pg::{Pace, poll};
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How often it is looked for announcements: they are made at most this long after their time.
const POLL: Duration = Duration::from_millis(500);

/// Until `shutdown`; ends between two transactions.
pub async fn run(app: App, call: Call, shutdown: CancellationToken) {
    let late = "what time brings to the archive is not announced yet";
    tokio::join!(
        poll(Pace::every(POLL), &shutdown, late, || app.announce_archive(&call)),
        poll(Pace::every(POLL), &shutdown, late, || app.announce_hand_ins(&call)),
    );
}
