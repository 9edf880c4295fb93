//! Figures are the same however often events are told, and after a rebuild from zero (RE-11).

use std::sync::atomic::{AtomicU32, Ordering};

use kexiang_core::{TaskId, WorkOrderId};
use kexiang_proto::{
    dispatch_v1::{Presence, TaskState, WorkOrderState},
    reporting_v1::{DayReport, Wallboard},
};
use proptest::test_runner::{Config, TestRunner};

use crate::{
    center::Center,
    facts::{agent, at, return_visit, work_order},
    history::history,
};

/// All that reporting says of a site, without how fresh it is and whose it is.
async fn all_said(center: &Center, site: &str) -> (Vec<DayReport>, Wallboard) {
    let mut reports = Vec::new();
    for day in ["2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24"] {
        let report = center.day_report(site, day).await;
        reports.push(DayReport { as_of_time: None, site: String::new(), ..report });
    }
    let board = center.wallboard(site).await;
    (reports, Wallboard { as_of_time: None, site: String::new(), ..board })
}

/// RE-11: events delivered twice count once, and live counts stay equal to a recount of the facts.
#[test]
fn events_told_twice_count_once() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let center = runtime.block_on(Center::open());
    let run = AtomicU32::new(0);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(6) });

    let result = runner.run(&history(), |history| {
        let run = run.fetch_add(1, Ordering::Relaxed);
        let (once, twice) = (format!("once-{run}"), format!("twice-{run}"));
        runtime.block_on(async {
            center.intake.tell(history.events(&once).0);
            for batch in history.events(&twice).0.chunks(9) {
                center.intake.tell(batch.to_vec());
                center.intake.tell(batch.to_vec());
            }
            center.all_taken_in().await;
            assert_eq!(all_said(&center, &once).await, all_said(&center, &twice).await);
            assert_eq!(center.kept_counts().await, center.recount().await);
        });
        Ok(())
    });

    result.unwrap();
}

/// RE-11: with tables and cursors emptied, the running consumers read the logs from their beginning and come to the same.
#[tokio::test]
async fn a_rebuild_from_zero_gives_the_same_figures() {
    let center = Center::open().await;
    let mut runner = TestRunner::deterministic();
    let history = proptest::strategy::Strategy::new_tree(&history(), &mut runner).unwrap();
    let history = proptest::strategy::ValueTree::current(&history);
    for batch in history.events("main").0.chunks(3) {
        center.intake.tell(batch.to_vec());
    }
    let now = at("2026-11-22T08:00:00Z");
    center.dispatch.tell(vec![
        work_order(WorkOrderId::at(now), "main", WorkOrderState::Queued),
        return_visit(TaskId::at(now), "main", TaskState::Open, now),
        agent("li.na", Presence::SignedIn),
    ]);
    center.all_taken_in().await;
    let before = all_said(&center, "main").await;

    center.forget_everything().await;
    center.intake.tell(Vec::new());
    center.dispatch.tell(Vec::new());
    center.all_taken_in().await;

    assert_eq!(all_said(&center, "main").await, before);
    assert!(before.0.iter().any(|report| report.total.unwrap().received > 0));
}
