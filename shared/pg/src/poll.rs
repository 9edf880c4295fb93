//! The loop of a worker that looks for what is due.
//!
//! A round does a bounded number of things, each killed or done again without harm, and tells whether more may be left: then the
//! next one follows at once. It ends between two rounds. Every replica may poll: rounds take what is due with `for update skip
//! locked`, or find it done.

use std::{fmt::Display, time::Duration};

use tokio_util::sync::CancellationToken;

/// How often it is looked.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// When nothing was left.
    pub every: Duration,
    /// After a failure.
    pub after_failure: Duration,
}

impl Pace {
    /// The same after a failure.
    #[must_use]
    pub const fn every(every: Duration) -> Self {
        Self { every, after_failure: every }
    }
}

/// Does round after round until `shutdown`; `late` says in the log what a failure holds up.
pub async fn poll<R, E>(
    pace: Pace,
    shutdown: &CancellationToken,
    late: &'static str,
    mut round: impl FnMut() -> R,
) where
    R: Future<Output = Result<bool, E>>,
    E: Display,
{
    while !shutdown.is_cancelled() {
        let rest = match round().await {
            Ok(true) => continue,
            Ok(false) => pace.every,
            Err(error) => {
                tracing::warn!(%error, "{late}");
                pace.after_failure
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn rounds_follow_each_other_and_a_failure_ends_nothing_until_the_shutdown() {
        let shutdown = CancellationToken::new();
        let mut rounds = vec![Ok(true), Err("away"), Ok(false), Ok(true)];
        let mut count = 0;

        poll(Pace::every(Duration::from_millis(1)), &shutdown, "nothing is done yet", || {
            count += 1;
            let round = rounds.pop();
            if round.is_none() {
                shutdown.cancel();
            }
            async move { round.unwrap_or(Ok(true)) }
        })
        .await;

        assert_eq!(count, 5);
    }
}
