use kexiang_core::{Actor, AgentId, CaseId, Satisfaction, SiteId, TaskId, Timestamp};

use super::{Attempt, Task, TaskEnded, TaskKind, TaskState};

fn task() -> Task {
    Task {
        id: TaskId::at(Timestamp::UNIX_EPOCH),
        kind: TaskKind::ReturnVisit,
        case: CaseId::at(Timestamp::UNIX_EPOCH),
        case_number: "C-20261122-000001".to_owned(),
        life: 1,
        site: SiteId::parse("main").unwrap(),
        agent: None,
        state: TaskState::Open,
        due_at: Timestamp::UNIX_EPOCH,
        failed_attempts: 0,
        satisfaction: None,
        words: None,
        visitor: None,
        created_at: Timestamp::UNIX_EPOCH,
        completed_at: None,
        version: 1,
    }
}

fn visitor() -> Actor {
    Actor::Agent(AgentId::parse("li.na").unwrap())
}

fn attempt(task: Task, attempt: Attempt) -> Result<Task, TaskEnded> {
    task.attempt(attempt, visitor(), Timestamp::UNIX_EPOCH)
}

#[test]
fn an_answer_ends_the_task_with_satisfaction_and_words_di_19() {
    let answer =
        Attempt::Answered { satisfaction: Satisfaction::Satisfied, words: Some("很好".to_owned()) };

    let done = attempt(task(), answer).unwrap();

    assert_eq!(done.state, TaskState::Done);
    assert_eq!((done.satisfaction, done.words.as_deref()), (Some(Satisfaction::Satisfied), Some("很好")));
    assert_eq!((done.visitor, done.completed_at), (Some(visitor()), Some(Timestamp::UNIX_EPOCH)));
}

#[test]
fn the_third_attempt_that_reaches_nobody_exhausts_the_task_di_19() {
    let mut open = task();
    for failed_attempts in 1..=2 {
        open = attempt(open, Attempt::NotReached { words: None }).unwrap();
        assert_eq!((open.state, open.failed_attempts), (TaskState::Open, failed_attempts));
    }

    let exhausted = attempt(open, Attempt::NotReached { words: None }).unwrap();

    assert_eq!((exhausted.state, exhausted.failed_attempts), (TaskState::Exhausted, 3));
    assert_eq!(exhausted.completed_at, Some(Timestamp::UNIX_EPOCH));
}

#[test]
fn an_ended_task_takes_no_attempt_and_is_not_cancelled() {
    for state in [TaskState::Done, TaskState::Exhausted, TaskState::Cancelled] {
        let ended = Task { state, ..task() };

        assert_eq!(attempt(ended.clone(), Attempt::NotReached { words: None }), Err(TaskEnded { state }));
        assert_eq!(ended.cancel(), Err(TaskEnded { state }));
    }
}
