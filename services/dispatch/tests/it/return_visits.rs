//! DI-19: return visits open by themselves, are answered or exhausted, and go with their case.

use jiff::SignedDuration;
use kexiang_proto::{
    dispatch_v1::{RecordReturnVisitRequest, Task, TaskFacts, TaskState},
    intake_v1::CaseFacts,
    type_v1::Satisfaction,
};
use kexiang_rpc::{refusal::reason, time::to_wire};
use tonic::Code;

use crate::{
    case_facts::{fault, informed, opening, reopened, withdrawn},
    center::Center,
};

async fn opened(center: &Center, case: &CaseFacts) -> Task {
    center.take_in(vec![informed(case, opening())]).await;
    center.tasks().await.into_iter().find(|task| task.case == case.case).unwrap()
}

fn answered(task: &Task, satisfaction: Satisfaction) -> RecordReturnVisitRequest {
    let (name, words) = (task.name.clone(), "还没修好".to_owned());
    RecordReturnVisitRequest { name, satisfaction: satisfaction.into(), words, ..Default::default() }
}

fn not_reached(task: &Task) -> RecordReturnVisitRequest {
    RecordReturnVisitRequest { name: task.name.clone(), not_reached: true, ..Default::default() }
}

#[tokio::test]
async fn an_informed_customer_is_visited_within_three_days_di_19() {
    let center = Center::open().await;
    let case = fault(1);
    let no_visit = CaseFacts { return_visit_required: false, ..fault(2) };
    let at = opening() - SignedDuration::from_hours(1);

    center.take_in(vec![informed(&case, at), informed(&no_visit, at)]).await;

    let tasks = center.tasks().await;
    assert_eq!(tasks.len(), 1);
    assert_eq!((tasks[0].case.as_str(), tasks[0].state()), (case.case.as_str(), TaskState::Open));
    assert_eq!(tasks[0].agent, "agents/li.na");
    assert_eq!(tasks[0].due_time, Some(to_wire(at + SignedDuration::from_hours(72))));
}

#[tokio::test]
async fn the_answer_is_kept_in_the_customers_words_and_told_di_19() {
    let center = Center::open().await;
    let task = opened(&center, &fault(1)).await;

    let done = center
        .desk()
        .record_return_visit(answered(&task, Satisfaction::Dissatisfied))
        .await
        .unwrap()
        .into_inner();

    assert_eq!((done.state(), done.satisfaction()), (TaskState::Done, Satisfaction::Dissatisfied));
    assert_eq!((done.words.as_str(), done.visitor.as_str()), ("还没修好", "agents/li.na"));
    assert_eq!(center.told_of(&task.name).await, ["task.opened", "task.done"]);
    let told = center.told().await.pop().unwrap();
    let facts: TaskFacts = told.data.unwrap().to_msg().unwrap();
    assert_eq!(
        (facts.satisfaction(), facts.complete_time),
        (Satisfaction::Dissatisfied, Some(to_wire(opening())))
    );
}

#[tokio::test]
async fn the_third_attempt_that_reaches_nobody_ends_the_visit_di_19() {
    let center = Center::open().await;
    let task = opened(&center, &fault(1)).await;

    for (attempt, state) in [(1, TaskState::Open), (2, TaskState::Open), (3, TaskState::Exhausted)] {
        let task = center.desk().record_return_visit(not_reached(&task)).await.unwrap().into_inner();
        assert_eq!((task.failed_attempts, task.state()), (attempt, state));
    }
    let refused = center.desk().record_return_visit(not_reached(&task)).await.unwrap_err();

    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "STATE_NOT_ALLOWED"));
    assert_eq!(
        center.told_of(&task.name).await,
        ["task.opened", "task.attempted", "task.attempted", "task.exhausted"]
    );
}

#[tokio::test]
async fn a_case_reopened_or_withdrawn_by_other_means_cancels_its_open_visit_di_19() {
    let center = Center::open().await;
    let (first, second) = (fault(1), fault(2));
    opened(&center, &first).await;
    opened(&center, &second).await;

    center.take_in(vec![reopened(&first, 1), withdrawn(&second)]).await;

    let states: Vec<TaskState> = center.tasks().await.iter().map(Task::state).collect();
    assert_eq!(states, [TaskState::Cancelled, TaskState::Cancelled]);
}

#[tokio::test]
async fn each_life_of_a_case_has_one_visit_di_19() {
    let center = Center::open().await;
    let case = fault(1);
    let task = opened(&center, &case).await;
    center.desk().record_return_visit(answered(&task, Satisfaction::Dissatisfied)).await.unwrap();
    let again = CaseFacts { reopen_count: 1, ..case.clone() };

    let (first, second) = (informed(&case, opening()), informed(&again, opening()));
    center.take_in(vec![first, reopened(&case, 1), second.clone(), second]).await;

    let states: Vec<TaskState> = center.tasks().await.iter().map(Task::state).collect();
    assert_eq!(states.len(), 2, "{states:?}");
    assert!(states.contains(&TaskState::Open) && states.contains(&TaskState::Done), "{states:?}");
}
