//! Ends dialogues in which nothing is heard any more, and wipes messages whose time is over: three looks at small indexes.

use std::time::Duration;

use kexiang_core::Call;
use tokio_util::sync::CancellationToken;

use crate::app::dialogue::Dialogues;
use kexiang_pg::{Pace, poll};

/// Codes are worth nothing at once, only their wiping waits for this.
const PACE: Pace = Pace::every(Duration::from_secs(1));

/// Until `shutdown`; each of the two ends between two transactions, and neither waits for the other.
pub async fn run(dialogues: Dialogues, call: Call, shutdown: CancellationToken) {
    tokio::join!(
        poll(PACE, &shutdown, "old messages are not wiped yet", || dialogues.expire_messages(&call)),
        poll(PACE, &shutdown, "silent dialogues are not ended yet", || dialogues.abandon_dialogues(&call)),
    );
}
