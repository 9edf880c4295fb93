//! Cleans evidence up: due rows are looked for every second, in every replica.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::evidence::EvidenceDesk;

const EVERY: Duration = Duration::from_secs(1);
/// After a failure: the store or the database is away, and need not be told so every second.
const AFTER_FAILURE: Duration = Duration::from_secs(15);

/// Cleans until `shutdown`, which may break a round off anywhere: whoever comes next goes on.
pub async fn clean_evidence(desk: EvidenceDesk, shutdown: CancellationToken) {
    let mut wait = EVERY;
    let round = async |wait| {
        tokio::time::sleep(wait).await;
        desk.clean().await
    };
    while let Some(cleaned) = shutdown.run_until_cancelled(round(wait)).await {
        wait = match cleaned {
            Ok(()) => EVERY,
            Err(error) => {
                tracing::warn!(%error, "evidence is not cleaned up yet");
                AFTER_FAILURE
            }
        };
    }
}
