//! An agent completes the contact of a call, once, under the number that the call took (IN-3, IN-4, IN-5).

use futures::future::join_all;
use kexiang_proto::intake_v1::{
    AcceptCaseRequest, Call, CallEventKind, Case, Contact, RegisterContactRequest,
};
use kexiang_proto::type_v1::{Channel, Kind};
use kexiang_rpc::time::to_wire;
use prost_types::Duration;
use tonic::{Code, Status};

use crate::{
    desk::{Desk, START},
    telephony::{answered, at, event, words, words_without_phone},
    wire::{
        MAIN, NEED, PHONE_E164, acceptance, case, contact, item, preconditions, refused, request_id,
        violations,
    },
};

async fn open() -> (Desk, Call) {
    let desk = Desk::open().await;
    desk.hand.advance(jiff::SignedDuration::from_hours(2));
    let call = desk.reported(answered("c1", 0)).await;
    (desk, call)
}

async fn register(desk: &Desk, contact: Contact, case: &str) -> Result<Contact, Status> {
    let request =
        RegisterContactRequest { contact: Some(contact), case: case.to_owned(), ..Default::default() };
    desk.client().register_contact(request).await.map(tonic::Response::into_inner)
}

fn accepting(contact: Contact) -> AcceptCaseRequest {
    AcceptCaseRequest { contact: Some(contact), ..acceptance() }
}

fn completed() -> (Code, String) {
    (Code::FailedPrecondition, "CALL_COMPLETED".to_owned())
}

#[tokio::test]
async fn a_completed_contact_has_its_words_under_the_number_of_the_call() {
    let (desk, call) = open().await;
    desk.accept(acceptance()).await;

    let kept = register(&desk, words_without_phone(&call.name), "").await.unwrap();

    assert_eq!((kept.name.as_str(), kept.register_number), (call.contact.as_str(), 1));
    assert_eq!((kept.need.as_str(), kept.agent.as_str()), (NEED, "agents/li.na"));
    assert_eq!((kept.site.as_str(), kept.caller.as_ref().unwrap().phone.as_str()), (MAIN, PHONE_E164));
    assert_eq!((kept.channel(), kept.contact_time), (Channel::Hotline, Some(to_wire(at(0)))));
    assert_eq!(kept.talk_duration, Some(Duration { seconds: 60, nanos: 0 }));
    assert_eq!(desk.contact(&kept.name).await, kept, "the answer is what was kept");
    assert!(desk.call(&call.name).await.completed);
    assert_eq!(desk.numbers().await, [1, 2], "no new number was taken");
    let personal = desk.register(MAIN, "agents/li.na").await;
    assert_eq!(personal.iter().map(|contact| contact.register_number).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn what_the_agent_says_of_time_channel_and_durations_is_the_calls() {
    let (desk, call) = open().await;
    let said = Contact {
        channel: Channel::Email.into(),
        contact_time: Some(to_wire(at(-900))),
        called_number: "999".into(),
        talk_duration: Some(Duration { seconds: 7, nanos: 0 }),
        ..words(&call.name)
    };

    let kept = register(&desk, said, "").await.unwrap();

    assert_eq!((kept.channel(), kept.called_number.as_str()), (Channel::Hotline, ""));
    assert_eq!((kept.contact_time, kept.talk_duration.unwrap().seconds), (call.offer_time, 60));
}

#[tokio::test]
async fn a_case_is_accepted_in_the_contact_of_the_call() {
    let (desk, call) = open().await;

    let case = desk.accept(accepting(words(&call.name))).await;

    assert_eq!((case.contact.as_str(), case.number.as_str()), (call.contact.as_str(), "C-20261122-000001"));
    assert_eq!(desk.contact(&call.contact).await.case, case.name);
    assert_eq!(desk.case(&case.name).await, case);
    assert_eq!(case.first_responsible_agent, "agents/li.na");
}

#[tokio::test]
async fn the_contact_of_a_call_joins_an_open_case() {
    let (desk, call) = open().await;
    let case = desk.accept(acceptance()).await;

    let nowhere = register(&desk, words(&call.name), &crate::desk::unknown_case()).await.unwrap_err();
    let kept = register(&desk, words(&call.name), &case.name).await.unwrap();

    assert_eq!(refused(&nowhere), (Code::NotFound, "NOT_FOUND".to_owned()));
    assert_eq!((kept.case, kept.register_number), (case.name, 1));
}

#[tokio::test]
async fn a_second_completion_is_refused_but_for_the_same_request() {
    let (desk, call) = open().await;
    let request = AcceptCaseRequest { request_id: request_id(), ..accepting(words(&call.name)) };

    let first = desk.accept(request.clone()).await;
    let again = desk.accept(request.clone()).await;
    let second = desk.try_accept(accepting(words(&call.name))).await.unwrap_err();
    let other = register(&desk, words(&call.name), "").await.unwrap_err();
    let changed = AcceptCaseRequest { case: Some(case(Kind::Complaint)), ..request };
    let changed = desk.try_accept(changed).await.unwrap_err();

    assert_eq!(first, again);
    assert_eq!((refused(&second), refused(&other)), (completed(), completed()));
    assert_eq!(preconditions(&second), [("CALL".to_owned(), call.name)]);
    assert_eq!(refused(&changed), (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
    assert_eq!(desk.numbers().await, [1]);
}

#[tokio::test]
async fn a_call_about_a_case_that_is_there_already_is_refused_and_completed_by_joining_it() {
    let (desk, call) = open().await;
    let brought = desk.bring_over(vec![item(1, "A-1")]).await.remove(0).case;
    let known = Case { external_reference: "A-1".to_owned(), ..case(Kind::Fault) };
    let request = AcceptCaseRequest { case: Some(known), ..accepting(words(&call.name)) };

    let there = desk.try_accept(request).await.unwrap_err();
    let untouched = (desk.call(&call.name).await.completed, desk.contact(&call.contact).await.need);
    let kept = register(&desk, words(&call.name), &brought).await.unwrap();

    assert_eq!(refused(&there), (Code::AlreadyExists, "ALREADY_EXISTS".to_owned()));
    assert!(there.message().contains(&brought), "{}", there.message());
    assert_eq!(untouched, (false, String::new()), "nothing is written");
    assert_eq!((kept.case, kept.need.as_str()), (brought, NEED));
    assert!(desk.call(&call.name).await.completed);
}

#[tokio::test]
async fn of_many_who_complete_a_call_at_once_one_does() {
    let (desk, call) = open().await;

    let all = join_all((0..8).map(|_| desk.try_accept(accepting(words(&call.name))))).await;

    let (done, refusals): (Vec<_>, Vec<_>) = all.into_iter().partition(Result::is_ok);
    assert_eq!(done.len(), 1);
    assert!(refusals.iter().all(|refusal| refused(refusal.as_ref().unwrap_err()) == completed()));
}

#[tokio::test]
async fn a_call_of_another_site_or_of_nowhere_is_not_completed() {
    let (desk, call) = open().await;
    let east = desk.create_site("east").await;
    let nobody = kexiang_core::CallId::at(START).name();

    let elsewhere = register(&desk, Contact { site: east, ..words(&call.name) }, "").await.unwrap_err();
    let unknown = register(&desk, words(&nobody), "").await.unwrap_err();
    let nonsense = register(&desk, Contact { call: "calls/1".into(), ..contact() }, "").await.unwrap_err();

    assert_eq!(refused(&elsewhere), (Code::FailedPrecondition, "CALL_OF_ANOTHER_SITE".to_owned()));
    assert_eq!(refused(&unknown), (Code::NotFound, "NOT_FOUND".to_owned()));
    assert_eq!(violations(&nonsense), ["contact.call"]);
    assert!(!desk.call(&call.name).await.completed);
}

#[tokio::test]
async fn the_words_are_required_as_ever_and_a_withheld_phone_is_asked_for() {
    let (desk, call) = open().await;
    let withheld = desk.reported(vec![event("1", "c2", CallEventKind::Answered, 60)]).await;
    let blank = Contact { need: " ".into(), ..words(&call.name) };

    let of_blank = register(&desk, blank, "").await.unwrap_err();
    let of_withheld = register(&desk, words_without_phone(&withheld.name), "").await.unwrap_err();

    assert_eq!(violations(&of_blank), ["contact.need"]);
    assert_eq!(violations(&of_withheld), ["contact.caller.phone"]);
}

#[tokio::test]
async fn an_import_has_no_call() {
    let (desk, call) = open().await;
    let mut brought = item(1, "A-1");
    brought.contact.as_mut().unwrap().call = call.name;

    let answer = desk.client().import_cases(tokio_stream::iter([brought])).await.unwrap();

    let result = answer.into_inner().message().await.unwrap().unwrap();
    assert_eq!(result.refusals[0].field, "contact.call");
}

#[tokio::test]
async fn the_contact_is_told_when_it_is_completed_and_not_before() {
    let (desk, call) = open().await;
    let before = desk.told().await.into_iter().filter(|event| event.subject == call.contact).count();
    let Case { name, .. } = desk.accept(accepting(words(&call.name))).await;

    let told = desk.told().await;

    let of = |subject: &str| -> Vec<_> {
        told.iter().filter(|event| event.subject == subject).map(|event| event.r#type.clone()).collect()
    };
    assert_eq!(before, 0);
    assert_eq!(of(&call.contact), ["contact.registered"]);
    assert_eq!(of(&name), ["case.accepted"]);
}

#[tokio::test]
async fn durations_follow_the_call_after_completion_and_words_stay() {
    let desk = Desk::open().await;
    desk.hand.advance(jiff::SignedDuration::from_hours(2));
    let events = answered("c1", 0);
    let call = desk.reported(events[..4].to_vec()).await;
    let kept = register(&desk, words(&call.name), "").await.unwrap();

    desk.report(events[4..].to_vec()).await;

    let later = desk.contact(&kept.name).await;
    assert_eq!((kept.talk_duration, later.talk_duration.unwrap().seconds), (None, 60));
    assert_eq!((later.wrap_up_duration.unwrap().seconds, later.need.as_str()), (30, NEED));
    assert_eq!(later.caller, kept.caller);
}
