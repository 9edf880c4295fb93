//! Nobody overwrites what they have not seen.

use futures::future::join_all;
use kexiang_proto::{
    intake_v1::{CaseState, Handling},
    type_v1::Kind,
};
use tonic::Code;

use crate::{
    desk::Desk,
    verb::{Under, Verb},
    wire::{acceptance, refused, violations},
};

fn seen(etag: &str) -> Under {
    Under { etag: etag.to_owned(), ..Under::default() }
}

#[tokio::test]
async fn the_current_etag_is_taken_and_a_stale_one_refused() {
    let desk = Desk::open().await;
    let received = desk.received(Kind::Consultation, Handling::Desk).await;

    let resolved = desk.try_act(Verb::Resolve, &received.name, seen(&received.etag)).await.unwrap();
    let status = desk.try_act(Verb::Inform, &received.name, seen(&received.etag)).await.unwrap_err();

    assert_eq!(refused(&status), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(desk.case(&received.name).await, resolved);
}

#[tokio::test]
async fn a_change_by_dispatch_makes_an_etag_stale_too() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await;
    desk.dispatched(&case.name, 1).await;

    let status = desk.try_act(Verb::Withdraw, &case.name, seen(&case.etag)).await.unwrap_err();

    assert_eq!(refused(&status), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(desk.case(&case.name).await.state(), CaseState::Dispatched);
}

#[tokio::test]
async fn an_etag_that_was_never_given_out_is_a_violation() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await;

    let status = desk.try_act(Verb::Withdraw, &case.name, seen("W/\"1\"")).await.unwrap_err();

    assert_eq!(violations(&status), ["etag"]);
}

#[tokio::test]
async fn of_many_who_saw_the_same_case_one_changes_it() {
    let desk = Desk::open().await;
    let case = desk.case_in(CaseState::Resolved, Kind::Consultation).await;

    let verb = |nr| if nr % 2 == 0 { Verb::Inform } else { Verb::Reopen };
    let all = (0..8).map(|nr| desk.try_act(verb(nr), &case.name, seen(&case.etag)));
    let answers = join_all(all).await;

    let (done, refusals): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(done.len(), 1);
    for refusal in refusals {
        assert_eq!(refused(&refusal.unwrap_err()), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    }
}
