//! Return visits (DI-19).

use kexiang_core::{Call, TaskId};
use kexiang_pg::Claim;

use super::{App, AppError, IDEMPOTENCY, Left, Moment, Target, changes::Changes, check_version};
use crate::{
    domain::{
        facts::{TASK_ATTEMPTED, TASK_CANCELLED, TASK_DONE, TASK_EXHAUSTED},
        task::{Attempt, Task, TaskState},
    },
    store,
};

impl App {
    /// Records one attempt of a return visit. Intake hears of the answer and reopens the case when the customer is
    /// dissatisfied.
    ///
    /// # Errors
    /// [`AppError`].
    #[tracing::instrument(name = "app.record_return_visit", skip_all, fields(task.id = %target.id))]
    pub async fn record_return_visit(
        &self,
        call: &Call,
        target: Target<TaskId>,
        attempt: Attempt,
    ) -> Result<Task, AppError> {
        let now = self.clock.now();
        let moment = Moment { call, now };
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(task) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(task);
        }
        let name = || target.id.name();
        let not_found = || AppError::NotFound { resource: TaskId::TYPE, name: name() };
        let task = store::tasks::lock(&mut tx, target.id).await?.ok_or_else(not_found)?;
        check_version(&target, task.version, name)?;
        let ended = |source| AppError::TaskEnded { name: name(), source };
        let task = task.attempt(attempt, call.actor.clone(), now).map_err(ended)?;
        let mut changes = Changes::default();
        changes.change_task(moment, event_of(task.state), &task)?;
        changes.save(&mut tx, &self.log, moment).await?;
        IDEMPOTENCY.save(&mut tx, call, &task).await?;
        tx.commit().await?;
        self.committed(Left::Nothing);
        Ok(task)
    }
}

/// What is told of a task that an attempt brought to `state`.
const fn event_of(state: TaskState) -> &'static str {
    match state {
        TaskState::Open => TASK_ATTEMPTED,
        TaskState::Done => TASK_DONE,
        TaskState::Exhausted => TASK_EXHAUSTED,
        TaskState::Cancelled => TASK_CANCELLED,
    }
}
