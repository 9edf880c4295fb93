//! What waits is visible and reported: cases on hold by reason and age on the wallboard (IN-18, RE-1).

use jiff::{SignedDuration, Timestamp};
use kexiang_proto::{
    intake_v1::HoldReason,
    reporting_v1::{HeldCases, Wallboard},
};
use kexiang_rpc::time::to_wire;

use crate::{center::Center, facts::TestCase};

impl TestCase {
    fn held(mut self, reason: HoldReason, since: Timestamp) -> Self {
        self.0.hold_reason = reason.into();
        self.0.hold_time = Some(to_wire(since));
        self
    }
}

fn held(board: &Wallboard) -> Vec<(HoldReason, i64, Option<prost_types::Timestamp>)> {
    let row = |held: &HeldCases| (held.reason(), held.count, held.oldest_hold_time);
    board.held_cases.iter().map(row).collect()
}

#[tokio::test]
async fn cases_on_hold_are_counted_by_reason_with_the_oldest_until_they_go_on() {
    let center = Center::open().await;
    let (now, hour) = (center.now(), SignedDuration::from_hours(1));
    let main = || TestCase::accepted(now - hour * 9);
    let (goes_on, moves_on) = (main(), main());
    center.intake.tell(vec![
        main().held(HoldReason::Payment, now - hour).event("case.held"),
        main().held(HoldReason::Payment, now - hour * 8).event("case.held"),
        main().of_site("other", "Asia/Shanghai").held(HoldReason::Parts, now).event("case.held"),
        goes_on.clone().held(HoldReason::Customer, now).event("case.held"),
        moves_on.clone().held(HoldReason::Customer, now).event("case.held"),
    ]);
    center.all_taken_in().await;
    let before = center.wallboard("main").await;

    center.intake.tell(vec![
        goes_on.event("case.resumed"),
        moves_on.held(HoldReason::Customer, now).resolved(now).event("case.resolved"),
    ]);
    center.all_taken_in().await;
    let (of_main, of_all) = (center.wallboard("main").await, center.wallboard("").await);

    let payment = (HoldReason::Payment, 2, Some(to_wire(now - hour * 8)));
    assert_eq!(held(&before), [(HoldReason::Customer, 2, Some(to_wire(now))), payment]);
    assert_eq!(
        held(&of_main),
        [(HoldReason::Customer, 1, Some(to_wire(now))), payment],
        "a move ends no hold"
    );
    assert_eq!(held(&of_all).len(), 3);
}

#[tokio::test]
async fn nothing_on_hold_shows_nothing() {
    let center = Center::open().await;
    center.intake.tell(vec![TestCase::accepted(center.now()).event("case.accepted")]);
    center.all_taken_in().await;

    assert!(center.wallboard("main").await.held_cases.is_empty());
}
