//! A case does not close while its customer waits for what was promised (IN-12, IN-17).

use kexiang_proto::{
    intake_v1::{CaseState, Handling},
    type_v1::{Kind, Satisfaction},
};
use tonic::Code;

use crate::{
    desk::Desk,
    promise::{keep, minute, promise_about, withdraw},
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
    let closed = desk.act(Verb::Close, &case).await;

    assert_eq!((visited.state(), closed.state()), (CaseState::Visited, CaseState::Closed));
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
