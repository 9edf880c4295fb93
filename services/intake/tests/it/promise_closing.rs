//! A case does not close while its customer waits for what was promised (IN-12, IN-17).

use kexiang_proto::{
    intake_v1::{CaseState, Handling, MakePromiseRequest, PromiseState},
    type_v1::{Kind, Satisfaction},
};
use kexiang_rpc::time::to_wire;
use tonic::Code;

use crate::{
    desk::Desk,
    promise::{keep, minute, promise_about, reassign, withdraw},
    verb::{Under, Verb},
    wire::{preconditions, refused},
};

#[tokio::test]
async fn a_case_does_not_close_while_its_customer_waits_for_what_was_promised() {
    let desk = Desk::open().await;
    let case = desk.received(Kind::Consultation, Handling::Desk).await.name;
    let (kept, withdrawn) =
        (desk.promise(promise_about(&case)).await, desk.promise(promise_about(&case)).await);
    desk.act(Verb::Resolve, &case).await;
    desk.act(Verb::Inform, &case).await;

    let two_open = desk.try_act(Verb::Close, &case, Under::default()).await.unwrap_err();
    desk.promises().keep_promise(keep(&kept.name)).await.unwrap();
    desk.hand.set(minute(61));
    desk.until_escalated(&withdrawn.name, 2).await;
    let one_missed = desk.try_act(Verb::Close, &case, Under::default()).await.unwrap_err();
    desk.promises().withdraw_promise(withdraw(&withdrawn.name)).await.unwrap();
    let closed = desk.act(Verb::Close, &case).await;

    for status in [two_open, one_missed] {
        assert_eq!(refused(&status), (Code::FailedPrecondition, "PROMISE_OPEN".to_owned()));
        assert_eq!(preconditions(&status), [("PROMISE".to_owned(), case.clone())]);
    }
    assert_eq!(closed.state(), CaseState::Closed);
}

#[tokio::test]
async fn a_return_visit_does_not_close_it_either_and_it_closes_once_the_promise_is_kept() {
    let desk = Desk::open().await;
    let case = desk.case_in(CaseState::Informed, Kind::Fault).await.name;
    let made = desk.promise(promise_about(&case)).await;

    desk.visited(&case, 1, Some(Satisfaction::Satisfied)).await;
    let visited = desk.case(&case).await;
    desk.promises().keep_promise(keep(&made.name)).await.unwrap();
    let closed = desk.case(&case).await;

    assert_eq!((visited.state(), closed.state()), (CaseState::Visited, CaseState::Closed));
    assert_eq!(desk.types_told_of(&case).await.last().unwrap(), "case.closed");
}

#[tokio::test]
async fn the_last_promise_to_end_closes_a_visited_case_once_however_it_ends() {
    let desk = Desk::open().await;
    let replica = desk.replica(4).await;
    let case = desk.case_in(CaseState::Informed, Kind::Fault).await.name;
    let (kept, withdrawn, missed) = (
        desk.promise(promise_about(&case)).await.name,
        desk.promise(promise_about(&case)).await.name,
        desk.promise(promise_about(&case)).await.name,
    );
    desk.visited(&case, 1, Some(Satisfaction::Satisfied)).await;
    desk.hand.set(minute(61));
    desk.until_escalated(&missed, 2).await;
    desk.promises().reassign_promise(reassign(&missed, "agents/sun.yu")).await.unwrap();
    let (mut here, mut there, mut elsewhere) = (desk.promises(), replica.promises(), replica.promises());

    let (one, two, three) = tokio::join!(
        here.keep_promise(keep(&kept)),
        there.withdraw_promise(withdraw(&withdrawn)),
        elsewhere.keep_promise(keep(&missed)),
    );

    for ended in [one.map(drop), two.map(drop), three.map(drop)] {
        ended.unwrap();
    }
    assert_eq!(desk.case(&case).await.state(), CaseState::Closed);
    let told = desk.types_told_of(&case).await;
    assert_eq!(told.iter().filter(|told| *told == "case.closed").count(), 1, "{told:?}");
    replica.stop().await;
}

#[tokio::test]
async fn a_withdrawn_case_takes_its_promises_back_and_tells_each() {
    let desk = Desk::open().await;
    let case = desk.received(Kind::Fault, Handling::Dispatch).await.name;
    let (kept, open) = (desk.promise(promise_about(&case)).await, desk.promise(promise_about(&case)).await);
    desk.promises().keep_promise(keep(&kept.name)).await.unwrap();

    desk.act(Verb::Withdraw, &case).await;
    let taken_back = desk.get_promise(&open.name).await;
    desk.hand.set(minute(180));
    let other = desk.received(Kind::Fault, Handling::Dispatch).await.name;
    let alarm =
        desk.promise(MakePromiseRequest { due_time: Some(to_wire(minute(181))), ..promise_about(&other) });
    let alarm = alarm.await;
    desk.hand.set(minute(182));
    desk.until_escalated(&alarm.name, 2).await;

    assert_eq!(
        (taken_back.state(), taken_back.withdrawal_reason.as_str()),
        (PromiseState::Withdrawn, "the case was withdrawn")
    );
    assert_eq!(desk.get_promise(&kept.name).await.state(), PromiseState::Kept);
    assert_eq!(
        desk.types_told_of(&open.name).await,
        ["promise.made", "promise.withdrawn"],
        "no alarm goes off any more"
    );
    let refused_again = desk.promises().keep_promise(keep(&open.name)).await.unwrap_err();
    assert_eq!(refused(&refused_again), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
}

/// Either the promise is first and the case stays, or the case is closed and the promise refused.
#[tokio::test]
async fn of_a_promise_and_a_closing_at_once_one_is_refused() {
    let desk = Desk::open().await;
    for _ in 0..12 {
        let case = desk.received(Kind::Consultation, Handling::Desk).await.name;
        desk.act(Verb::Resolve, &case).await;
        desk.act(Verb::Inform, &case).await;
        let mut client = desk.promises();

        let (made, closed) = tokio::join!(
            client.make_promise(promise_about(&case)),
            desk.try_act(Verb::Close, &case, Under::default())
        );

        let reasons = [made.err(), closed.err()].map(|status| status.map(|status| refused(&status).1));
        let promised = [None, Some("PROMISE_OPEN".to_owned())];
        let closed = [Some("CASE_NOT_OPEN".to_owned()), None];
        assert!(reasons == promised || reasons == closed, "{reasons:?}");
    }
}
