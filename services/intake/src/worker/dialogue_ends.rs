//! Ends dialogues in which nothing is heard any more, and wipes messages whose time is over, by a poll that costs three looks at small
//! indexes. Every replica may do it.

use std::time::Duration;

use kexiang_core::Call;
use tokio_util::sync::CancellationToken;

use crate::app::dialogue::{DialogueError, Dialogues};

/// How often it is looked for: codes are worth nothing at once, only their wiping waits for this.
const POLL: Duration = Duration::from_secs(1);

/// Goes on until `shutdown`; ends between two transactions.
pub async fn run(dialogues: Dialogues, call: Call, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let wiped = left(dialogues.expire_messages(&call).await);
        let ended = left(dialogues.abandon_dialogues(&call).await);
        if wiped || ended {
            continue;
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

/// Whether more may be left; not now when it failed.
fn left(done: Result<bool, DialogueError>) -> bool {
    done.unwrap_or_else(|error| {
        tracing::warn!(%error, "silent dialogues and old messages are not ended yet");
        false
    })
}
