//! No caller can skip a step: every verb in every state in which it is not allowed (IN-17).

use kexiang_proto::{
    intake_v1::{Case, CaseState, Handling, ResolveCaseRequest, WithdrawCaseRequest},
    type_v1::Kind,
};
use tonic::Code;

use crate::{
    desk::{Desk, unknown_case},
    verb::{Under, Verb},
    wire::{preconditions, refused, violations},
};

/// Where a case can rest; the desk's cases are a place of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    AtDesk,
    In(CaseState),
}

const PLACES: [Place; 8] = [
    Place::AtDesk,
    Place::In(CaseState::Received),
    Place::In(CaseState::Dispatched),
    Place::In(CaseState::Resolved),
    Place::In(CaseState::Informed),
    Place::In(CaseState::Closed),
    Place::In(CaseState::Archived),
    Place::In(CaseState::Withdrawn),
];

/// The whole table of what people may do, for a kind that needs no return visit.
fn is_allowed(verb: Verb, place: Place) -> bool {
    match place {
        Place::AtDesk => matches!(verb, Verb::Dispatch | Verb::Resolve | Verb::Withdraw),
        Place::In(CaseState::Received | CaseState::Dispatched) => verb == Verb::Withdraw,
        Place::In(CaseState::Resolved) => matches!(verb, Verb::Inform | Verb::Reopen),
        Place::In(CaseState::Informed) => matches!(verb, Verb::Close | Verb::Reopen),
        Place::In(CaseState::Closed) => matches!(verb, Verb::Archive | Verb::Reopen),
        Place::In(_) => false,
    }
}

async fn case_at(desk: &Desk, place: Place) -> Case {
    match place {
        Place::AtDesk => desk.received(Kind::Consultation, Handling::Desk).await,
        Place::In(state) => desk.case_in(state, Kind::Consultation).await,
    }
}

#[tokio::test]
async fn each_verb_is_refused_in_each_state_that_is_not_its_own() {
    let desk = Desk::open().await;
    for place in PLACES {
        let case = case_at(&desk, place).await;
        for verb in Verb::ALL.into_iter().filter(|verb| !is_allowed(*verb, place)) {
            let status = desk.try_act(verb, &case.name, Under::default()).await.unwrap_err();

            let reason = (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned());
            assert_eq!(refused(&status), reason, "{verb:?} {place:?}");
            assert_eq!(preconditions(&status), [("STATE".to_owned(), case.name.clone())]);
        }
        assert_eq!(desk.case(&case.name).await, case, "{place:?}: a refused verb changes nothing");
    }
}

#[tokio::test]
async fn each_verb_is_done_in_each_state_that_is_its_own() {
    let desk = Desk::open().await;
    for place in PLACES {
        for verb in Verb::ALL.into_iter().filter(|verb| is_allowed(*verb, place)) {
            let case = case_at(&desk, place).await;

            let changed = desk.act(verb, &case.name).await;

            assert_ne!(changed.etag, case.etag, "{verb:?} {place:?}");
            assert_eq!(desk.case(&case.name).await, changed);
        }
    }
}

#[tokio::test]
async fn a_verb_of_a_case_that_is_nowhere_is_not_found() {
    let desk = Desk::open().await;
    for verb in Verb::ALL {
        let status = desk.try_act(verb, &unknown_case(), Under::default()).await.unwrap_err();

        assert_eq!(refused(&status), (Code::NotFound, "NOT_FOUND".to_owned()), "{verb:?}");
    }
}

#[tokio::test]
async fn all_violations_of_a_verb_are_reported_at_once() {
    let desk = Desk::open().await;
    let resolve = ResolveCaseRequest {
        name: "cases/1".to_owned(),
        resolution: " ".to_owned(),
        etag: "?".to_owned(),
        ..ResolveCaseRequest::default()
    };
    let withdraw =
        WithdrawCaseRequest { name: unknown_case(), reason: "长".repeat(1_001), ..Default::default() };

    let resolve = desk.client().resolve_case(resolve).await.unwrap_err();
    let withdraw = desk.client().withdraw_case(withdraw).await.unwrap_err();

    assert_eq!(violations(&resolve), ["name", "etag", "resolution"]);
    assert_eq!(violations(&withdraw), ["reason"]);
}
