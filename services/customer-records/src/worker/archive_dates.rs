//! Announces what time brings to the archive: overdue loans, expired assessments, ended retentions, missing customer files; once each
//! however many replicas look for them, also what came due while nobody ran (`app/archives` and `app/hand_ins.rs` say why).

use std::time::Duration;

use kexiang_core::Call;
use tokio_util::sync::CancellationToken;

use crate::app::{App, AppError};

/// How often it is looked for announcements: they are made at most this long after their time.
const POLL: Duration = Duration::from_millis(500);

/// Until `shutdown`; ends between two transactions.
pub async fn run(app: App, call: Call, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let entries = more(app.announce_archive(&call).await);
        let hand_ins = more(app.announce_hand_ins(&call).await);
        if entries || hand_ins {
            continue;
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

fn more(announced: Result<bool, AppError>) -> bool {
    announced.unwrap_or_else(|error| {
        tracing::warn!(%error, "what time brings to the archive is not announced yet");
        false
    })
}
