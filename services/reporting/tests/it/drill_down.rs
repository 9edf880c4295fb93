//! Figures equal a recount, and each leads to the cases it counts (RE-2, RE-3).

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU32, Ordering},
};

use kexiang_proto::{
    intake_v1::CaseFacts,
    reporting_v1::{
        CountedCase, Dimension, Figure, Figures, GetBreakdownRequest, GetBreakdownResponse,
        ListCountedCasesRequest,
    },
};
use proptest::test_runner::{Config, TestRunner};

use crate::{
    center::Center,
    facts::{TestCase, at},
    history::{History, history},
    oracle,
};

const DIMENSIONS: [Dimension; 5] =
    [Dimension::Channel, Dimension::Kind, Dimension::Category, Dimension::Unit, Dimension::State];

/// Days of a random history that are asked for: neither its first nor its last.
const FIRST: &str = "2026-11-22";
const LAST: &str = "2026-11-23";

/// RE-2, RE-3: for random cases, every figure of every breakdown equals the recount by the definitions in plain Rust, the
/// rows add up to the total, and the list behind each figure has exactly the cases that the recount counts.
#[test]
fn every_figure_equals_a_recount_and_leads_to_its_cases() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let center = runtime.block_on(Center::open());
    let sites = AtomicU32::new(0);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(5) });

    let result = runner.run(&history(), |history| {
        let site = format!("site-{}", sites.fetch_add(1, Ordering::Relaxed));
        runtime.block_on(check(&center, &site, &history));
        Ok(())
    });

    result.unwrap();
}

async fn check(center: &Center, site: &str, history: &History) {
    let (events, cases) = history.events(site);
    for batch in events.chunks(7) {
        center.intake.tell(batch.to_vec());
    }
    center.all_taken_in().await;
    for dimension in DIMENSIONS {
        let answer = center
            .breakdown(GetBreakdownRequest {
                site: format!("sites/{site}"),
                start_date: FIRST.to_owned(),
                end_date: LAST.to_owned(),
                dimension: dimension.into(),
            })
            .await;
        check_recount(&answer, dimension, &cases);
        check_lists(center, site, &answer, dimension).await;
    }
}

fn check_recount(answer: &GetBreakdownResponse, dimension: Dimension, cases: &[CaseFacts]) {
    let (first, last) = (oracle::day(&noon(FIRST)), oracle::day(&noon(LAST)));
    let rows = &answer.breakdown.as_ref().unwrap().rows;
    assert_eq!(answer.total.unwrap(), oracle::figures(cases, first, last));
    for row in rows {
        let of_row = cases.iter().filter(|case| oracle::key(case, dimension) == row.key);
        assert_eq!(row.figures.unwrap(), oracle::figures(of_row, first, last), "{dimension:?} {}", row.key);
    }
    let sum = |figure: fn(&Figures) -> i64| rows.iter().map(|row| figure(&row.figures.unwrap())).sum::<i64>();
    let total = answer.total.unwrap();
    assert_eq!((sum(|f| f.received), sum(|f| f.resolved)), (total.received, total.resolved));
}

async fn check_lists(center: &Center, site: &str, answer: &GetBreakdownResponse, dimension: Dimension) {
    let all = ListCountedCasesRequest {
        site: format!("sites/{site}"),
        start_date: FIRST.to_owned(),
        end_date: LAST.to_owned(),
        page_size: 6,
        ..ListCountedCasesRequest::default()
    };
    for figure in [Figure::Received, Figure::Resolved] {
        let request = ListCountedCasesRequest { figure: figure.into(), ..all.clone() };
        let cases = center.counted_cases(request.clone()).await;
        check_list(&cases, figure, &answer.total.unwrap());
        for row in &answer.breakdown.as_ref().unwrap().rows {
            let request = ListCountedCasesRequest {
                dimension: dimension.into(),
                key: row.key.clone(),
                ..request.clone()
            };
            check_list(&center.counted_cases(request).await, figure, &row.figures.unwrap());
        }
    }
}

fn check_list(cases: &[CountedCase], figure: Figure, figures: &Figures) {
    let expected = if figure == Figure::Received { figures.received } else { figures.resolved };
    let distinct: BTreeSet<_> = cases.iter().map(|case| &case.case).collect();
    assert_eq!(i64::try_from(cases.len()).unwrap(), expected);
    assert_eq!(distinct.len(), cases.len(), "no case is listed twice");
    let by_acceptance =
        |case: &CountedCase| (case.accept_time.map(|t| (t.seconds, t.nanos)), case.case.clone());
    assert!(cases.is_sorted_by_key(by_acceptance));
}

fn noon(day: &str) -> prost_types::Timestamp {
    kexiang_rpc::time::to_wire(at(&format!("{day}T12:00:00+08:00")))
}

/// RE-2: a listed case says what it is, and pages go on where they ended, also among cases of one instant.
#[tokio::test]
async fn listed_cases_say_what_they_are() {
    let center = Center::open().await;
    let accepted_at = at("2026-11-22T08:00:00Z");
    let resolved = TestCase::accepted(accepted_at).with_unit("north").resolved(at("2026-11-22T09:00:00Z"));
    let events = (0..4).map(|_| TestCase::accepted(accepted_at).event("case.accepted"));
    center.intake.tell(events.chain([resolved.event("case.resolved")]).collect());
    center.all_taken_in().await;
    let of_the_day = ListCountedCasesRequest {
        site: "sites/main".to_owned(),
        start_date: "2026-11-22".to_owned(),
        end_date: "2026-11-22".to_owned(),
        page_size: 2,
        ..ListCountedCasesRequest::default()
    };

    let received = ListCountedCasesRequest { figure: Figure::Received.into(), ..of_the_day.clone() };
    let received = center.counted_cases(received).await;
    let listed = ListCountedCasesRequest { figure: Figure::Resolved.into(), ..of_the_day };
    let listed = center.counted_cases(listed).await;

    assert_eq!(received.len(), 5);
    let facts = &resolved.0;
    assert_eq!(
        listed,
        [CountedCase {
            case: facts.case.clone(),
            number: facts.number.clone(),
            channel: facts.channel,
            kind: facts.kind,
            category: facts.category.clone(),
            unit: facts.unit.clone(),
            state: facts.state,
            accept_time: facts.accept_time,
            resolve_time: facts.resolve_time,
        }]
    );
}
