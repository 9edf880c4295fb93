use super::*;
use kexiang_proto::reporting_v1::{Breakdown, Figures, FirstContactResolution, Row};

fn day() -> Report {
    let figures = |received, resolved| Figures {
        received,
        resolved,
        resolve_seconds_median: (resolved > 0).then_some(90.5),
        resolve_seconds_p90: (resolved > 0).then_some(7200.0),
    };
    let row = |key: &str, figures| Row { key: key.to_owned(), figures: Some(figures) };
    Report::of_day(DayReport {
        site: "sites/main".to_owned(),
        date: "2026-11-22".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        total: Some(figures(3, 1)),
        breakdowns: vec![
            Breakdown {
                dimension: Dimension::Channel.into(),
                rows: vec![row("HOTLINE", figures(2, 1)), row("EMAIL", figures(1, 0))],
            },
            Breakdown { dimension: Dimension::Unit.into(), rows: vec![row("", figures(3, 1))] },
        ],
        definitions: vec![Definition {
            metric: "received".to_owned(),
            version: 1,
            text: "cases accepted in the period".to_owned(),
            clock: "calendar".to_owned(),
        }],
        as_of_time: Some(prost_types::Timestamp { seconds: 1_795_000_000, nanos: 0 }),
        first_contact_resolution: Some(FirstContactResolution {
            resolved: 4,
            resolved_at_desk: 2,
            first_contact_resolved: 1,
            rate: Some(0.25),
            provisional: true,
            window_days: 7,
        }),
    })
}

#[test]
fn the_table_tells_site_day_figures_and_what_they_mean() {
    let table = day().render(Format::Table).unwrap();

    assert!(table.starts_with("sites/main, day 2026-11-22, Asia/Shanghai, as of 2026-11-18"), "{table}");
    assert!(table.contains("HOTLINE"), "{table}");
    assert!(table.contains("1m 31s"), "{table}");
    assert!(table.contains("(none)"), "{table}");
    assert!(table.contains("first-contact resolution: 1 of 4 resolved (25.0 %), provisional"), "{table}");
    assert!(table.ends_with("received (v1, calendar time): cases accepted in the period"), "{table}");
}

#[test]
fn csv_has_a_line_per_group_and_leaves_absent_times_blank() {
    let csv = day().render(Format::Csv).unwrap();

    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(
        lines,
        [
            "dimension,key,received,resolved,resolve_seconds_median,resolve_seconds_p90",
            ",total,3,1,90.5,7200",
            "channel,HOTLINE,2,1,90.5,7200",
            "channel,EMAIL,1,0,,",
            "unit,(none),3,1,90.5,7200",
        ]
    );
}

#[test]
fn json_has_the_names_of_the_contract() {
    let json: serde_json::Value = serde_json::from_str(&day().render(Format::Json).unwrap()).unwrap();

    assert_eq!(json["site"], "sites/main");
    assert_eq!(json["timeZone"], "Asia/Shanghai");
    assert_eq!(json["lines"][1]["resolveSecondsMedian"], 90.5);
    assert_eq!(json["lines"][2]["resolveSecondsMedian"], serde_json::Value::Null);
    assert_eq!(json["firstContactResolution"]["firstContactResolved"], 1);
    assert_eq!(json["firstContactResolution"]["rate"], 0.25);
}
