//! The same `request_id` is one thing done, with one answer (IN-14).

use futures::future::join_all;
use kexiang_proto::{
    intake_v1::{AcceptCaseRequest, Case, CreateSiteRequest, Handling, RegisterContactRequest, Site},
    type_v1::Kind,
};
use tonic::Code;

use crate::{
    desk::Desk,
    verb::{Under, Verb},
    wire::{acceptance, case, refused, registration, request_id, violations},
};

const TWINS: usize = 16;

fn reused() -> (Code, String) {
    (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned())
}

#[tokio::test]
async fn a_repeated_acceptance_is_one_case_with_one_answer() {
    let desk = Desk::open().await;
    let request = AcceptCaseRequest { request_id: request_id(), ..acceptance() };

    let first = desk.accept(request.clone()).await;
    desk.dispatched(&first.name, 1).await;
    let second = desk.accept(request).await;

    assert_eq!(second, first, "the answer of then, though the case has moved");
    assert_eq!(desk.numbers().await, [1]);
}

#[tokio::test]
async fn a_repeated_registration_is_one_contact() {
    let desk = Desk::open().await;
    let request = RegisterContactRequest { request_id: request_id(), ..registration() };

    let first = desk.client().register_contact(request.clone()).await.unwrap().into_inner();
    let second = desk.client().register_contact(request).await.unwrap().into_inner();

    assert_eq!(second, first);
    assert_eq!(desk.numbers().await, [1]);
}

#[tokio::test]
async fn a_request_id_with_another_payload_is_refused() {
    let desk = Desk::open().await;
    let request = AcceptCaseRequest { request_id: request_id(), ..acceptance() };
    desk.accept(request.clone()).await;

    let other = AcceptCaseRequest { case: Some(case(Kind::Complaint)), ..request };
    let status = desk.try_accept(other).await.unwrap_err();

    assert_eq!(refused(&status), reused());
    assert_eq!(desk.numbers().await, [1]);
}

#[tokio::test]
async fn a_request_id_is_its_callers_and_its_methods_own() {
    let desk = Desk::open().await;
    let id = request_id();
    let request = AcceptCaseRequest { request_id: id.clone(), ..acceptance() };

    let first = desk.accept(request.clone()).await;
    let of_another = desk.client_of("sun.yu").accept_case(request).await.unwrap().into_inner();
    let registration = RegisterContactRequest { request_id: id, ..registration() };
    let of_another_method = desk.client().register_contact(registration).await.unwrap().into_inner();

    assert_ne!(of_another.name, first.name);
    assert_eq!(of_another_method.register_number, 3);
}

#[tokio::test]
async fn a_request_id_that_is_none_is_a_violation() {
    let desk = Desk::open().await;
    let request = AcceptCaseRequest { request_id: "once".to_owned(), ..acceptance() };

    let status = desk.try_accept(request).await.unwrap_err();

    assert_eq!(violations(&status), ["request_id"]);
}

#[tokio::test]
async fn twins_at_once_make_one_case() {
    let desk = Desk::open().await;
    let request = AcceptCaseRequest { request_id: request_id(), ..acceptance() };

    let answers = join_all((0..TWINS).map(|_| desk.accept(request.clone()))).await;

    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(desk.numbers().await, [1]);
}

#[tokio::test]
async fn twins_at_once_at_two_replicas_make_one_case() {
    let desk = Desk::open().await;
    let replica = desk.replica(8).await;
    for round in 1..=10 {
        let request = AcceptCaseRequest { request_id: request_id(), ..acceptance() };

        let twin =
            |nr| if nr % 2 == 0 { desk.accept(request.clone()) } else { replica.accept(request.clone()) };
        let answers = join_all((0..TWINS).map(twin)).await;

        assert!(answers.iter().all(|answer| *answer == answers[0]));
        assert_eq!(desk.numbers().await, (1..=round).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_repeated_verb_is_done_once() {
    let desk = Desk::open().await;
    let Case { name, .. } = desk.received(Kind::Consultation, Handling::Desk).await;
    let under = Under { request_id: request_id(), ..Under::default() };

    let twins = join_all((0..TWINS).map(|_| desk.try_act(Verb::Resolve, &name, under.clone()))).await;
    let answers: Vec<Case> = twins.into_iter().map(Result::unwrap).collect();
    let other = desk.received(Kind::Consultation, Handling::Desk).await;
    let status = desk.try_act(Verb::Resolve, &other.name, under).await.unwrap_err();

    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(refused(&status), reused());
    assert_eq!(desk.case(&name).await, answers[0]);
}

#[tokio::test]
async fn a_refused_request_is_judged_anew() {
    let desk = Desk::open().await;
    let Case { name, .. } = desk.received(Kind::Consultation, Handling::Desk).await;
    let under = Under { request_id: request_id(), ..Under::default() };

    desk.try_act(Verb::Inform, &name, under.clone()).await.unwrap_err();
    desk.act(Verb::Resolve, &name).await;

    desk.try_act(Verb::Inform, &name, under).await.unwrap();
}

#[tokio::test]
async fn a_repeated_creation_is_one_site() {
    let desk = Desk::open().await;
    let site =
        Site { display_name: "East".to_owned(), time_zone: "Asia/Shanghai".to_owned(), ..Site::default() };
    let request =
        CreateSiteRequest { site_id: "east".to_owned(), site: Some(site), request_id: request_id() };

    let first = desk.client().create_site(request.clone()).await.unwrap().into_inner();
    let second = desk.client().create_site(request.clone()).await.unwrap().into_inner();
    let another = CreateSiteRequest { request_id: request_id(), ..request };
    let status = desk.client().create_site(another).await.unwrap_err();

    assert_eq!(second, first);
    assert_eq!(refused(&status), (Code::AlreadyExists, "ALREADY_EXISTS".to_owned()));
}
