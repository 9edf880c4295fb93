use kexiang_core::{CaseId, Channel, Kind, RouteId, Severity, SiteId, Timestamp, UnitId};
use proptest::prelude::{Just, Strategy, prop_assert_eq, proptest};

use super::{Conditions, Route, RoutingTable};
use crate::domain::work_order::Brief;

fn brief() -> Brief {
    Brief {
        case: CaseId::at(Timestamp::UNIX_EPOCH),
        case_number: "C-20261122-000001".to_owned(),
        life: 1,
        round: 0,
        site: SiteId::parse("main").unwrap(),
        kind: Kind::Fault,
        channel: Channel::Hotline,
        category: "broadband/slow".to_owned(),
        district: "Wuhua".to_owned(),
        severity: Severity::Normal,
    }
}

/// A line whose unit tells its conditions and whose age is `second`.
fn line(unit: &str, second: i64, conditions: Conditions) -> Route {
    let created_at = Timestamp::from_second(second).unwrap();
    let (site, unit) = (SiteId::parse("main").unwrap(), UnitId::parse(unit).unwrap());
    Route { id: RouteId::at(created_at), site, conditions, unit, created_at }
}

fn any() -> Conditions {
    Conditions::default()
}

fn winner(lines: Vec<Route>) -> Option<String> {
    RoutingTable::new(lines).route(&brief()).map(|routing| routing.unit.to_string())
}

#[test]
fn a_line_with_more_conditions_wins_over_a_longer_prefix_di_7() {
    let lines = vec![
        line("prefix", 1, Conditions { category_prefix: "broadband/slow".to_owned(), ..any() }),
        line("kind", 2, Conditions { kind: Some(Kind::Fault), ..any() }),
        line("anything", 3, any()),
    ];

    assert_eq!(winner(lines).as_deref(), Some("kind"));
}

#[test]
fn among_equal_points_the_longer_prefix_wins_and_then_the_older_line_di_7() {
    let long = Conditions { category_prefix: "broadband/".to_owned(), ..any() };
    let short = Conditions { category_prefix: "broad".to_owned(), ..any() };
    assert_eq!(winner(vec![line("short", 1, short), line("long", 2, long)]).as_deref(), Some("long"));

    let kind = Conditions { kind: Some(Kind::Fault), ..any() };
    let district = Conditions { district: "Wuhua".to_owned(), ..any() };
    assert_eq!(winner(vec![line("younger", 2, kind), line("older", 1, district)]).as_deref(), Some("older"));
}

#[test]
fn what_no_line_fits_has_no_route() {
    let other_kind = Conditions { kind: Some(Kind::Complaint), ..any() };
    let other_site = Route { site: SiteId::parse("other").unwrap(), ..line("other", 1, any()) };

    assert_eq!(winner(vec![line("complaints", 1, other_kind), other_site]), None);
}

#[test]
fn the_route_is_explained_by_the_conditions_that_fitted_di_7() {
    let conditions = Conditions {
        kind: Some(Kind::Fault),
        channel: Some(Channel::Hotline),
        category_prefix: "broadband".to_owned(),
        district: "Wuhua".to_owned(),
    };
    let table = RoutingTable::new(vec![line("exact", 1, conditions), line("anything", 2, any())]);

    let explanation = table.route(&brief()).unwrap().explanation;

    assert_eq!(
        explanation,
        "kind is FAULT and channel is HOTLINE and district is \"Wuhua\" and category starts with \"broadband\"; \
         the most specific of 2 lines that fit"
    );
}

fn some_conditions() -> impl Strategy<Value = Conditions> {
    (0..2_usize, 0..2_usize, 0..15_usize, 0..2_usize).prop_map(|(kind, channel, prefix, district)| {
        Conditions {
            kind: [None, Some(Kind::Fault)][kind],
            channel: [None, Some(Channel::Hotline)][channel],
            category_prefix: "broadband/slow"[..prefix.min(14)].to_owned(),
            district: ["", "Wuhua"][district].to_owned(),
        }
    })
}

fn some_lines() -> impl Strategy<Value = Vec<Route>> {
    proptest::collection::vec((0..3_i64, some_conditions()), 0..6).prop_map(|all| {
        let lines = all.into_iter().enumerate();
        lines.map(|(nr, (second, conditions))| line(&format!("u{nr}"), second, conditions)).collect()
    })
}

proptest! {
    #[test]
    fn the_winner_does_not_depend_on_the_order_of_the_lines(
        (lines, shuffled) in some_lines().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
    ) {
        prop_assert_eq!(winner(lines), winner(shuffled));
    }
}
