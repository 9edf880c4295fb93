//! Reads the reports out of intake's own log: worker `intake.mass_faults`.
//!
//! The cursor moves in the transaction of what the reports change. Killed before its commit, they come again; of two replicas
//! that read the same, the second finds the cursor moved and drops what it did.

use std::time::Duration;

use kexiang_core::{Call, Kind};
use kexiang_events::{
    StoredEvent,
    window::{Position, Reader},
};
use kexiang_pg::Pool;
use tokio_util::sync::CancellationToken;

use crate::{
    SCHEMA,
    app::{App, FollowingError, mass_faults::Report},
    domain::{Area, CaseFacts, Threshold},
    store::own_log,
};

/// The name of the cursor.
pub const CONSUMER: &str = "intake.mass_faults";
/// How often the log is looked at.
const POLL: Duration = Duration::from_millis(200);
/// How long it rests after an error.
const REST: Duration = Duration::from_secs(1);

/// Finds mass faults.
pub struct MassFaults {
    app: App,
    call: Call,
    pool: Pool,
    threshold: Threshold,
}

impl MassFaults {
    /// Finds those of this threshold; `call` is intake's own.
    #[must_use]
    pub const fn new(app: App, call: Call, pool: Pool, threshold: Threshold) -> Self {
        Self { app, call, pool, threshold }
    }

    /// Reads on until `shutdown`; ends between two transactions.
    pub async fn run(self, shutdown: CancellationToken) {
        if self.threshold.reports == 0 {
            return;
        }
        // Where this replica has read to; what has no report in it moves no cursor.
        let mut read = None;
        while !shutdown.is_cancelled() {
            let rest = match self.step(&mut read).await {
                Ok(true) => continue,
                Ok(false) => POLL,
                Err(error) => {
                    tracing::warn!(%error, "reports are not taken in yet");
                    read = None;
                    REST
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
    }

    /// Takes in the next window; whether more is there at once.
    async fn step(&self, read: &mut Option<(String, Position)>) -> Result<bool, FollowingError> {
        let mut connection = self.pool.acquire().await?;
        let (stored, start) = match read.take() {
            Some(place) => place,
            None => {
                let stored = own_log::position(&mut connection, CONSUMER).await?;
                let start = Position::parse(&stored).unwrap_or_default();
                (stored, start)
            }
        };
        let window = Reader::new(SCHEMA.name).next(&mut connection, start).await?;
        drop(connection);
        let reports: Vec<_> = window.events.iter().filter_map(report).collect();
        if reports.is_empty() {
            *read = Some((stored, window.end));
            return Ok(!window.caught_up);
        }
        let end = window.end.to_string();
        let mut transaction = self.pool.begin().await?;
        if !own_log::advance(&mut transaction, CONSUMER, &stored, &end).await? {
            // Another replica was there before; read on where it stands.
            return Ok(true);
        }
        self.app.take_in_reports(&mut transaction, &self.call, self.threshold, &reports).await?;
        transaction.commit().await?;
        self.app.log().wake();
        *read = Some((end, window.end));
        Ok(!window.caught_up)
    }
}

/// The report that an event tells: a fault of a district, accepted here.
fn report(event: &StoredEvent) -> Option<Report> {
    if event.event_type != "case.accepted" {
        return None;
    }
    let facts: CaseFacts = serde_json::from_value(event.data.clone()).ok()?;
    let district = facts.district.filter(|_| facts.kind == Kind::Fault)?;
    Some(Report {
        event: event.id,
        traceparent: event.traceparent.clone(),
        case: facts.case,
        area: Area { site: facts.site, district, category: facts.category },
        accepted_at: facts.accepted_at,
    })
}
