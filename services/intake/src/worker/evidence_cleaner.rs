//! Cleans evidence up.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::evidence::EvidenceDesk;
use kexiang_pg::{Pace, poll};

/// After a failure the store or the database is away, and need not be told so every second.
const PACE: Pace = Pace { every: Duration::from_secs(1), after_failure: Duration::from_secs(15) };

/// Until `shutdown`, which may break a round off anywhere: whoever comes next goes on.
pub async fn clean_evidence(desk: EvidenceDesk, shutdown: CancellationToken) {
    let round = || async {
        let cleaned = shutdown.run_until_cancelled(desk.clean()).await;
        cleaned.map_or(Ok(false), |cleaned| cleaned.map(|()| false))
    };
    poll(PACE, &shutdown, "evidence is not cleaned up yet", round).await;
}
