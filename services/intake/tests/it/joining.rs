//! A repeat contact about an open case joins that case (IN-6).

use kexiang_proto::{
    intake_v1::{Case, CaseState, Handling, RegisterContactRequest},
    type_v1::Kind,
};
use tonic::{Code, Status};

use crate::{
    desk::{Desk, unknown_case},
    verb::Verb,
    wire::{acceptance, contact_at, preconditions, refused, registration, violations},
};

/// The refusal of a contact that wants to join a case.
async fn refusal(desk: &Desk, site: &str, case: &str) -> Status {
    let request =
        RegisterContactRequest { contact: Some(contact_at(site)), case: case.to_owned(), ..registration() };
    desk.client().register_contact(request).await.unwrap_err()
}

fn not_joinable() -> (Code, String) {
    (Code::FailedPrecondition, "CASE_NOT_JOINABLE".to_owned())
}

#[tokio::test]
async fn a_repeat_contact_joins_the_open_case_and_opens_none() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await;

    let request = RegisterContactRequest { case: case.name.clone(), ..registration() };
    let joined = desk.client().register_contact(request).await.unwrap().into_inner();

    assert_eq!((joined.register_number, &joined.case), (2, &case.name));
    assert_eq!(desk.case(&case.name).await, case, "the case is as it was");
}

#[tokio::test]
async fn a_case_is_joined_in_every_open_state_and_in_no_other() {
    let desk = Desk::open().await;

    for state in [CaseState::Received, CaseState::Dispatched, CaseState::Resolved, CaseState::Informed] {
        let case = desk.case_in(state, Kind::Fault).await.name;
        let request = RegisterContactRequest { case: case.clone(), ..registration() };
        assert_eq!(desk.client().register_contact(request).await.unwrap().into_inner().case, case);
    }

    for state in [CaseState::Closed, CaseState::Archived, CaseState::Withdrawn] {
        let case = desk.case_in(state, Kind::Fault).await.name;
        let status = refusal(&desk, "sites/main", &case).await;
        assert_eq!(refused(&status), not_joinable(), "{state:?}");
        assert_eq!(preconditions(&status), [("CASE".to_owned(), case)]);
    }
}

#[tokio::test]
async fn a_case_of_another_site_is_not_joined() {
    let desk = Desk::open().await;
    let east = desk.create_site("east").await;
    let case = desk.accept(acceptance()).await;

    let status = refusal(&desk, &east, &case.name).await;

    assert_eq!(refused(&status), not_joinable());
    assert!(desk.register(&east, "").await.is_empty());
}

#[tokio::test]
async fn a_case_that_is_nowhere_is_not_found() {
    let desk = Desk::open().await;

    let unknown = refusal(&desk, "sites/main", &unknown_case()).await;
    let nonsense = refusal(&desk, "sites/main", "cases/first").await;

    assert_eq!(refused(&unknown), (Code::NotFound, "NOT_FOUND".to_owned()));
    assert_eq!(violations(&nonsense), ["case"]);
}

/// Either the contact is first and the case is withdrawn with it, or the case is withdrawn and the contact refused.
#[tokio::test]
async fn a_case_that_is_withdrawn_at_the_same_time_is_joined_before_or_not_at_all() {
    let desk = Desk::open().await;
    for _ in 0..20 {
        let Case { name, .. } = desk.received(Kind::Fault, Handling::Dispatch).await;
        let request = RegisterContactRequest { case: name.clone(), ..registration() };
        let mut client = desk.client();

        let (joined, withdrawn) =
            tokio::join!(client.register_contact(request), desk.act(Verb::Withdraw, &name));

        assert_eq!(withdrawn.state(), CaseState::Withdrawn);
        if let Err(status) = joined {
            assert_eq!(refused(&status), not_joinable());
        }
    }
    let numbers = desk.numbers().await;
    assert_eq!(numbers, (1..=i64::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
}
