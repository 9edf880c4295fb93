//! What is happening now (RE-1).

use std::time::Duration;

use jiff::SignedDuration;
use kexiang_core::{TaskId, WorkOrderId};
use kexiang_proto::{
    dispatch_v1::{Presence, TaskState, WorkOrderState},
    intake_v1::CaseState,
    reporting_v1::Wallboard,
};
use tokio::time::timeout;

use crate::{
    center::Center,
    facts::{TestCase, agent, at, return_visit, work_order},
};

/// RE-1: an update is at most 1 s behind; machines under load get some more.
const SOON: Duration = Duration::from_secs(5);

fn cases(board: &Wallboard, state: CaseState) -> i64 {
    board.cases.iter().find(|count| count.state() == state).unwrap().count
}

fn work_orders(board: &Wallboard, state: &str) -> i64 {
    board.work_orders.iter().find(|count| count.state == state).unwrap().count
}

/// RE-1: cases and orders by state, agents, return visits; of one site and of all.
#[tokio::test]
async fn the_wallboard_counts_what_is_live() {
    let center = Center::open().await;
    let now = center.now();
    let (order, visit) = (WorkOrderId::at(now), TaskId::at(now));
    let main = TestCase::accepted(now);
    let other = TestCase::accepted(now).of_site("other", "Asia/Shanghai");
    center.intake.tell(vec![main.event("case.accepted"), other.event("case.accepted")]);
    center.intake.tell(vec![main.clone().in_state(CaseState::Dispatched).event("case.dispatched")]);
    center.dispatch.tell(vec![
        work_order(order, "main", WorkOrderState::Unrouted),
        work_order(order, "main", WorkOrderState::InProgress),
        work_order(WorkOrderId::at(now), "other", WorkOrderState::Queued),
        return_visit(TaskId::at(now), "main", TaskState::Open, now + SignedDuration::from_hours(1)),
        return_visit(visit, "main", TaskState::Open, now - SignedDuration::from_hours(1)),
        return_visit(TaskId::at(now), "main", TaskState::Done, now - SignedDuration::from_hours(1)),
        agent("li.na", Presence::SignedIn),
        agent("wang.wei", Presence::SignedIn),
        agent("wang.wei", Presence::SignedOut),
    ]);
    center.all_taken_in().await;

    let of_main = center.wallboard("main").await;
    let of_all = center.wallboard("").await;

    assert_eq!((cases(&of_main, CaseState::Received), cases(&of_main, CaseState::Dispatched)), (0, 1));
    assert_eq!((cases(&of_all, CaseState::Received), cases(&of_all, CaseState::Dispatched)), (1, 1));
    assert_eq!((work_orders(&of_main, "QUEUED"), work_orders(&of_main, "IN_PROGRESS")), (0, 1));
    assert_eq!(work_orders(&of_all, "QUEUED"), 1);
    assert_eq!(of_main.agents_signed_in, 1);
    assert_eq!((of_main.return_visits_open, of_main.return_visits_overdue), (2, 1));
    assert!(of_all.as_of_time.is_some());
}

/// RE-1: who watches sees the board at once, and again soon after an event.
#[tokio::test]
async fn watchers_see_the_board_at_once_and_on_change() {
    let center = Center::open().await;
    let mut boards = center.watch("main").await;

    let first = boards.message().await.unwrap().unwrap();
    center.intake.tell(vec![TestCase::accepted(center.now()).event("case.accepted")]);
    let second = timeout(SOON, boards.message()).await.unwrap().unwrap().unwrap();

    assert_eq!(cases(&first, CaseState::Received), 0);
    assert_eq!(cases(&second, CaseState::Received), 1);
}

/// RE-1, DI-19: a return visit becomes overdue by the clock, without any event.
#[tokio::test]
async fn watchers_see_what_becomes_overdue() {
    let center = Center::open().await;
    let due_at = center.now() + SignedDuration::from_hours(1);
    center.dispatch.tell(vec![return_visit(TaskId::at(due_at), "main", TaskState::Open, due_at)]);
    center.all_taken_in().await;
    let mut boards = center.watch("main").await;

    let first = boards.message().await.unwrap().unwrap();
    center.clock.advance(SignedDuration::from_hours(2));
    let second = timeout(SOON, boards.message()).await.unwrap().unwrap().unwrap();

    assert_eq!((first.return_visits_open, first.return_visits_overdue), (1, 0));
    assert_eq!((second.return_visits_open, second.return_visits_overdue), (1, 1));
}

/// A graceful stop ends the streams, so that it need not wait for those who watch.
#[tokio::test]
async fn watching_ends_when_the_service_stops() {
    let center = Center::open().await;
    let mut boards = center.watch("").await;
    boards.message().await.unwrap().unwrap();

    center.stop().await;

    assert_eq!(timeout(SOON, boards.message()).await.unwrap().unwrap(), None);
}

/// RE-1: cost does not grow with what is done: the board is read from counts and open tasks alone.
#[tokio::test]
async fn closed_history_leaves_the_counts_small() {
    let center = Center::open().await;
    let closed = (0..500).map(|n| {
        let case = TestCase::accepted(at("2026-11-22T08:00:00Z") + SignedDuration::from_secs(n));
        case.in_state(CaseState::Closed).event("case.closed")
    });
    center.intake.tell(closed.collect());
    center.all_taken_in().await;

    let board = center.wallboard("main").await;

    assert_eq!(cases(&board, CaseState::Closed), 500);
    assert_eq!(center.kept_counts().await.len(), 1, "one row for five hundred cases");
}
