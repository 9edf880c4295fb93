//! The report of a site's day (RE-2, RE-3).

use kexiang_proto::{
    reporting_v1::{DayReport, Dimension, Figures, GetBreakdownRequest},
    type_v1::{Channel, Kind},
};

use crate::{
    center::Center,
    facts::{TestCase, at},
};

/// Received, resolved, median and p90 of a breakdown's row.
fn row(report: &DayReport, dimension: Dimension, key: &str) -> Figures {
    let breakdown = report.breakdowns.iter().find(|b| b.dimension() == dimension).unwrap();
    breakdown.rows.iter().find(|row| row.key == key).unwrap().figures.unwrap()
}

fn counts(figures: Option<Figures>) -> (i64, i64) {
    figures.map(|figures| (figures.received, figures.resolved)).unwrap()
}

/// RE-3: received and resolved belong to the site's own day, not to that of UTC.
#[tokio::test]
async fn a_case_belongs_to_the_sites_own_day() {
    let center = Center::open().await;
    let before_midnight = TestCase::accepted(at("2026-11-22T15:59:59Z"));
    let after_midnight = TestCase::accepted(at("2026-11-22T16:00:00Z"));
    center.intake.tell(vec![
        before_midnight.event("case.accepted"),
        after_midnight.event("case.accepted"),
        before_midnight.resolved(at("2026-11-22T16:00:00Z")).event("case.resolved"),
    ]);
    center.all_taken_in().await;

    let sunday = center.day_report("main", "2026-11-22").await;
    let monday = center.day_report("main", "2026-11-23").await;

    assert_eq!(sunday.time_zone, "Asia/Shanghai");
    assert_eq!(counts(sunday.total), (1, 0));
    assert_eq!(counts(monday.total), (1, 1), "resolved on a later day than received");
}

/// RE-3: a day on which clocks are changed has 23 or 25 hours, and every case falls on exactly one day.
#[tokio::test]
async fn days_of_changing_clocks_are_whole() {
    let center = Center::open().await;
    let accepted = |time: &str| {
        TestCase::accepted(at(time)).of_site("boston", "America/New_York").event("case.accepted")
    };
    center.intake.tell(vec![
        accepted("2026-11-01T03:59:59Z"),
        accepted("2026-11-01T04:00:00Z"),
        accepted("2026-11-01T05:30:00Z"), // 01:30 in summer time
        accepted("2026-11-01T06:30:00Z"), // 01:30 again
        accepted("2026-11-02T04:59:59Z"),
        accepted("2026-11-02T05:00:00Z"),
    ]);
    center.all_taken_in().await;

    let mut received = Vec::new();
    for day in ["2026-10-31", "2026-11-01", "2026-11-02"] {
        received.push(counts(center.day_report("boston", day).await.total).0);
    }

    assert_eq!(received, [1, 4, 1]);
}

/// RE-2: median and 90th percentile, reckoned by hand: of 1, 2, 3 and 10 hours the median lies half-way between 2 and 3,
/// the 90th percentile 0.7 of the way from 3 to 10.
#[tokio::test]
async fn resolve_time_is_the_median_and_the_90th_percentile() {
    let center = Center::open().await;
    let accepted_at = at("2026-11-22T00:00:00Z");
    let resolved_after = |hours: i64, kind: Kind| {
        let case = TestCase::accepted(accepted_at).on(Channel::Email, kind, "water").with_unit("north");
        case.resolved(accepted_at + jiff::SignedDuration::from_hours(hours)).event("case.resolved")
    };
    center.intake.tell(vec![
        resolved_after(10, Kind::Fault),
        resolved_after(1, Kind::Fault),
        resolved_after(3, Kind::Complaint),
        resolved_after(2, Kind::Fault),
        TestCase::accepted(accepted_at).event("case.accepted"),
    ]);
    center.all_taken_in().await;

    let report = center.day_report("main", "2026-11-22").await;

    let total = report.total.unwrap();
    assert_eq!((total.received, total.resolved), (5, 4));
    assert_eq!(total.resolve_seconds_median, Some(2.5 * 3600.0));
    assert_eq!(total.resolve_seconds_p90, Some(28_440.0), "7.9 hours");
    assert_eq!(row(&report, Dimension::Kind, "FAULT").resolve_seconds_median, Some(2.0 * 3600.0));
    assert_eq!(row(&report, Dimension::Kind, "COMPLAINT").resolve_seconds_p90, Some(3.0 * 3600.0));
    assert_eq!(row(&report, Dimension::Channel, "HOTLINE").resolve_seconds_median, None, "none was resolved");
    assert_eq!(row(&report, Dimension::Unit, "units/north").received, 4);
    assert_eq!(row(&report, Dimension::Unit, "").received, 1, "no unit yet");
    assert_eq!(row(&report, Dimension::Category, "water").resolved, 4);
}

/// RE-2: a reopening takes the case out of the resolved ones until its last resolution, and moves nothing else.
#[tokio::test]
async fn a_reopening_moves_only_the_last_resolution() {
    let center = Center::open().await;
    let case = TestCase::accepted(at("2026-11-20T01:00:00Z"));
    let resolved = case.clone().resolved(at("2026-11-20T02:00:00Z"));
    let reopened = resolved.clone().reopened();
    let mut resolved_per_day = Vec::new();

    for (step, story) in [
        ("case.resolved", resolved),
        ("case.reopened", reopened.clone()),
        ("case.resolved", reopened.resolved(at("2026-11-22T01:00:00Z"))),
    ] {
        center.intake.tell(vec![story.event(step)]);
        center.all_taken_in().await;
        let first = center.day_report("main", "2026-11-20").await.total.unwrap();
        let last = center.day_report("main", "2026-11-22").await.total.unwrap();
        resolved_per_day.push((first.received, first.resolved, last.resolved, last.resolve_seconds_median));
    }

    let two_days = Some(48.0 * 3600.0);
    assert_eq!(resolved_per_day, [(1, 1, 0, None), (1, 0, 0, None), (1, 0, 1, two_days)]);
    assert_eq!(center.first_resolved_at().await, at("2026-11-20T02:00:00Z"), "the first resolution stays");
}

/// RE-2: every figure says what it means, and a report says up to when it is complete.
#[tokio::test]
async fn a_report_prints_its_definitions_and_its_freshness() {
    let center = Center::open().await;
    center.intake.tell(vec![TestCase::accepted(at("2026-11-22T08:00:00Z")).event("case.accepted")]);
    center.all_taken_in().await;

    let report = center.day_report("main", "2026-11-22").await;

    let metrics: Vec<_> =
        report.definitions.iter().map(|d| (d.metric.as_str(), d.version, d.clock.as_str())).collect();
    let expected = ["received", "resolved", "resolve_time", "first_contact_resolution"];
    assert_eq!(metrics, expected.map(|metric| (metric, 1, "calendar")));
    assert!(report.definitions.iter().all(|definition| definition.text.contains("Left out:")));
    assert_eq!(report.as_of_time, Some(kexiang_rpc::time::to_wire(at("2026-11-22T08:00:00Z"))));
}

/// RE-3: a breakdown spans any days, open ends too, and by state it says that the state is the one of now.
#[tokio::test]
async fn a_breakdown_spans_any_period() {
    let center = Center::open().await;
    for day in ["2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01"] {
        let case = TestCase::accepted(at(&format!("{day}T08:00:00Z")));
        center.intake.tell(vec![case.event("case.accepted")]);
    }
    center.all_taken_in().await;
    let november = GetBreakdownRequest {
        site: "sites/main".to_owned(),
        start_date: "2026-11-01".to_owned(),
        end_date: "2026-11-30".to_owned(),
        dimension: Dimension::State.into(),
    };
    let since_november = GetBreakdownRequest { end_date: String::new(), ..november.clone() };
    let ever = GetBreakdownRequest { start_date: String::new(), ..since_november.clone() };

    let answers = [
        center.breakdown(november).await,
        center.breakdown(since_november).await,
        center.breakdown(ever).await,
    ];

    assert_eq!(answers.each_ref().map(|answer| counts(answer.total).0), [2, 3, 4]);
    assert_eq!(answers[0].breakdown.as_ref().unwrap().rows[0].key, "RECEIVED");
    assert!(answers[0].definitions.iter().any(|definition| definition.metric == "state"));
}
