//! Where callers hand in, each with a place for its answer.

use tokio::sync::{mpsc, oneshot};

use crate::app::{
    AppError,
    acceptance::{Acceptance, Accepted},
};

/// Items that wait at most; more callers wait for a place.
pub(super) const PLACES: usize = 4096;

pub(super) type Reply = oneshot::Sender<Result<Accepted, AppError>>;

/// What is handed in, and where its answer goes.
pub(super) struct Job {
    pub(super) acceptance: Acceptance,
    pub(super) reply: Reply,
}

/// Where callers hand in.
#[derive(Clone)]
pub(in crate::app) struct Queue {
    callers: mpsc::Sender<Job>,
    bulk: mpsc::Sender<Job>,
}

impl Queue {
    /// With the ends that the writer takes from: of those who wait, and of the many.
    pub(super) fn new() -> (Self, mpsc::Receiver<Job>, mpsc::Receiver<Job>) {
        let (callers_in, callers) = mpsc::channel(PLACES);
        let (bulk_in, bulk) = mpsc::channel(PLACES);
        (Self { callers: callers_in, bulk: bulk_in }, callers, bulk)
    }

    /// Hands in for somebody who waits, and waits for the answer.
    pub(in crate::app) async fn write(&self, acceptance: Acceptance) -> Result<Accepted, AppError> {
        hand_in(&self.callers, acceptance).await?.await
    }

    /// Hands in one of many; it is written when no caller waits.
    pub(in crate::app) async fn enqueue(
        &self,
        acceptance: Acceptance,
    ) -> Result<impl Future<Output = Result<Accepted, AppError>> + Send + use<>, AppError> {
        hand_in(&self.bulk, acceptance).await
    }
}

async fn hand_in(
    queue: &mpsc::Sender<Job>,
    acceptance: Acceptance,
) -> Result<impl Future<Output = Result<Accepted, AppError>> + Send + use<>, AppError> {
    let (reply, answer) = oneshot::channel();
    queue.send(Job { acceptance, reply }).await.map_err(|_| AppError::Stopping)?;
    Ok(async move { answer.await.unwrap_or(Err(AppError::Stopping)) })
}
