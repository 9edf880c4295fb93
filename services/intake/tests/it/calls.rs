//! The life of calls, as a telephony system reports it: out of order, twice, contradicting (IN-3, IN-4, IN-5).

use jiff::SignedDuration;
use kexiang_proto::intake_v1::{
    Call, CallEvent, CallEventKind, CallFacts, CallOutcome, CallState, GetCallRequest, ListCallEventsRequest,
    ListCallsRequest, ReportCallEventsRequest, Site, call_anomaly::Reason,
    report_call_events_response::Outcome,
};
use kexiang_proto::type_v1::Channel;
use kexiang_rpc::time::to_wire;
use prost_types::Duration;
use tonic::Code;

use crate::{
    desk::{Desk, START},
    telephony::{ANSWERER, answered, at, event, outcomes, report},
    wire::{MAIN, NAME, PHONE, PHONE_E164, refused, request_id, violations},
};

fn seconds(seconds: i64) -> Option<Duration> {
    Some(Duration { seconds, nanos: 0 })
}

/// Stands two hours after the first events.
async fn open() -> Desk {
    let desk = Desk::open().await;
    desk.hand.advance(SignedDuration::from_hours(2));
    desk
}

#[tokio::test]
async fn a_call_is_measured_from_its_events_and_takes_a_number_when_it_comes_in() {
    let desk = open().await;

    let call = desk.reported(answered("c1", 0)).await;

    let contact = desk.contact(&call.contact).await;
    let expected = Call {
        name: call.name.clone(),
        site: MAIN.to_owned(),
        source: "pbx-1".to_owned(),
        call_id: "c1".to_owned(),
        contact: contact.name.clone(),
        register_number: 1,
        completed: false,
        state: CallState::WrappedUp.into(),
        outcome: CallOutcome::Answered.into(),
        agent: ANSWERER.to_owned(),
        channel: Channel::Hotline.into(),
        caller_phone: PHONE_E164.to_owned(),
        offer_time: Some(to_wire(at(0))),
        answer_time: Some(to_wire(at(31))),
        end_time: Some(to_wire(at(91))),
        wait_duration: seconds(20),
        ring_duration: seconds(6),
        talk_duration: seconds(60),
        wrap_up_duration: seconds(30),
        answered_in_time: true,
        update_time: Some(to_wire(START + SignedDuration::from_hours(2))),
        ..Call::default()
    };
    assert_eq!(call, expected);
    assert_eq!((contact.register_number, &contact.call), (1, &call.name));
    assert_eq!((contact.ring_duration, contact.wait_duration), (seconds(6), seconds(20)));
    assert_eq!((contact.talk_duration, contact.wrap_up_duration), (seconds(60), seconds(30)));
    assert_eq!(contact.caller.unwrap().phone, PHONE_E164);
    assert_eq!((contact.need.as_str(), contact.contact_time), ("", Some(to_wire(at(0)))));
}

#[tokio::test]
async fn events_out_of_order_and_twice_give_the_same_call() {
    let desk = open().await;
    let mut events = answered("c1", 0);
    events.reverse();

    for event in &events {
        let results = desk.report(vec![event.clone(), event.clone()]).await;
        assert_eq!(outcomes(&results), [Outcome::Accepted, Outcome::Duplicate]);
    }
    let again = desk.report(events).await;
    let in_order = desk.reported(answered("c2", 0)).await;

    assert!(outcomes(&again).iter().all(|outcome| *outcome == Outcome::Duplicate));
    let call = desk.call(&again[0].call).await;
    let twin = Call {
        name: call.name.clone(),
        call_id: call.call_id.clone(),
        contact: call.contact.clone(),
        register_number: 1,
        ..in_order
    };
    assert_eq!(call, twin);
    assert_eq!(desk.numbers().await, [1, 2]);
}

#[tokio::test]
async fn an_abandoned_call_is_a_contact_without_words() {
    let desk = open().await;
    use CallEventKind::{Abandoned, Offered, Queued};
    let gave_up =
        vec![event("1", "c1", Offered, 0), event("2", "c1", Queued, 4), event("3", "c1", Abandoned, 40)];

    let call = desk.reported(gave_up).await;

    assert_eq!((call.state(), call.outcome()), (CallState::Abandoned, CallOutcome::Abandoned));
    assert_eq!((call.wait_duration, call.answered_in_time), (seconds(36), false));
    let contact = desk.contact(&call.contact).await;
    assert_eq!((contact.register_number, contact.need.as_str()), (1, ""));
}

#[tokio::test]
async fn what_contradicts_is_kept_and_named_on_the_call() {
    let desk = open().await;
    let late = event("late", "c1", CallEventKind::Answered, 100);
    let lost = event("lost", "c1", CallEventKind::Retrieved, 40);
    let events: Vec<_> = answered("c1", 0).into_iter().chain([late, lost]).collect();

    let results = desk.report(events).await;

    assert!(outcomes(&results).iter().all(|outcome| *outcome == Outcome::Accepted));
    let call = desk.call(&results[0].call).await;
    let named: Vec<_> =
        call.anomalies.iter().map(|anomaly| (anomaly.event_id.as_str(), anomaly.reason())).collect();
    assert_eq!(named, [("lost", Reason::OutOfPlace), ("late", Reason::AfterEnd)]);
    assert_eq!((call.talk_duration, call.outcome()), (seconds(60), CallOutcome::Answered));
    let request = ListCallEventsRequest { call: call.name, ..Default::default() };
    let kept = desk.calls().list_call_events(request).await.unwrap().into_inner().events;
    assert_eq!(kept.len(), 8);
    assert!(kept.is_sorted_by_key(|event| event.event_time.unwrap().seconds));
}

#[tokio::test]
async fn a_refused_event_never_stops_the_others() {
    let desk = open().await;
    let good = event("good", "c1", CallEventKind::Offered, 0);
    let nothing = CallEvent::default();
    let nobody = CallEvent { agent: String::new(), ..event("nobody", "c1", CallEventKind::Answered, 5) };
    let nowhere =
        CallEvent { site: "sites/nowhere".into(), ..event("nowhere", "c1", CallEventKind::Held, 5) };
    let tomorrow = event("tomorrow", "c1", CallEventKind::Ended, 24 * 3600);
    let letter =
        CallEvent { channel: Channel::Email.into(), ..event("letter", "c1", CallEventKind::Held, 5) };

    let results = desk.report(vec![nothing, nobody, good, nowhere, tomorrow, letter]).await;

    let fields = |nr: usize| -> Vec<_> {
        results[nr].violations.iter().map(|violation| violation.field.as_str()).collect()
    };
    use Outcome::{Accepted, Refused};
    assert_eq!(outcomes(&results), [Refused, Refused, Accepted, Refused, Refused, Refused]);
    let of_nothing = ["events[0].event_id", "events[0].call_id", "events[0].kind", "events[0].event_time"];
    assert_eq!(fields(0), of_nothing);
    assert_eq!(fields(1), ["events[1].agent"]);
    assert_eq!(fields(3), ["events[3].site"]);
    assert_eq!(fields(4), ["events[4].event_time"]);
    assert_eq!(fields(5), ["events[5].channel"]);
}

#[tokio::test]
async fn an_id_of_an_event_is_not_taken_for_another_event() {
    let desk = open().await;
    let first = event("1", "c1", CallEventKind::Offered, 0);
    let other = event("1", "c1", CallEventKind::Ended, 9);

    let together = desk.report(vec![first.clone(), other.clone()]).await;
    let later = desk.report(vec![other]).await;
    let elsewhere = ReportCallEventsRequest {
        source: "pbx-2".into(),
        ..report(vec![event("1", "c1", CallEventKind::Ended, 9)])
    };
    let of_another_source = desk.try_report(elsewhere).await.unwrap();

    assert_eq!(outcomes(&together), [Outcome::Accepted, Outcome::Refused]);
    assert_eq!(outcomes(&later), [Outcome::Refused]);
    assert_eq!(later[0].violations[0].reason, "EVENT_ID_REUSED");
    assert_eq!(outcomes(&of_another_source), [Outcome::Accepted]);
}

#[tokio::test]
async fn a_report_itself_can_be_wrong() {
    let desk = open().await;
    let empty = ReportCallEventsRequest {
        source: " ".into(),
        site: "main".into(),
        request_id: "1".into(),
        ..report(vec![])
    };
    let too_many = report(vec![event("1", "c1", CallEventKind::Offered, 0); 1_001]);
    let nowhere = ReportCallEventsRequest {
        site: "sites/nowhere".into(),
        ..report(vec![event("1", "c1", CallEventKind::Offered, 0)])
    };

    let of_empty = desk.try_report(empty).await.unwrap_err();
    let of_too_many = desk.try_report(too_many).await.unwrap_err();
    let of_nowhere = desk.try_report(nowhere).await.unwrap_err();

    assert_eq!(violations(&of_empty), ["request_id", "source", "site", "events"]);
    assert_eq!(violations(&of_too_many), ["events"]);
    assert_eq!(refused(&of_nowhere), (Code::NotFound, "NOT_FOUND".to_owned()));
    assert!(desk.numbers().await.is_empty());
}

#[tokio::test]
async fn a_phone_that_cannot_be_dialled_loses_no_event() {
    let desk = open().await;
    let withheld =
        CallEvent { caller_phone: "anonymous".into(), ..event("1", "c1", CallEventKind::Offered, 0) };

    let call = desk.reported(vec![withheld]).await;

    assert_eq!(call.caller_phone, "");
}

#[tokio::test]
async fn the_same_request_is_answered_the_same() {
    let desk = open().await;
    let request = ReportCallEventsRequest { request_id: request_id(), ..report(answered("c1", 0)) };

    let first = desk.try_report(request.clone()).await.unwrap();
    let second = desk.try_report(request.clone()).await.unwrap();
    let other = ReportCallEventsRequest { events: answered("c2", 0), ..request };
    let reused = desk.try_report(other).await.unwrap_err();

    assert_eq!(first, second);
    assert!(outcomes(&second).iter().all(|outcome| *outcome == Outcome::Accepted));
    assert_eq!(refused(&reused), (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
}

#[tokio::test]
async fn replicas_that_take_in_the_same_events_at_once_make_one_call_of_them() {
    let desk = open().await;
    let replica = desk.replica(8).await;
    replica.hand.advance(SignedDuration::from_hours(2));

    for round in 0..10 {
        let name = format!("c{round}");
        let events = answered(&name, 0);
        let mut backwards = events.clone();
        backwards.reverse();
        let (one, other) = tokio::join!(desk.report(events), replica.report(backwards));
        let accepted = one.iter().chain(&other).filter(|result| result.outcome() == Outcome::Accepted);
        assert_eq!(accepted.count(), 6, "each event is kept once");
        assert!(one.iter().chain(&other).all(|result| result.call == one[0].call));
    }

    assert_eq!(desk.numbers().await, (1..=10).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_limit_of_the_site_says_what_is_in_time() {
    let desk = open().await;
    let site = Site {
        display_name: "East".into(),
        time_zone: "Asia/Shanghai".into(),
        answer_limit_duration: seconds(5),
        ..Site::default()
    };
    let request = kexiang_proto::intake_v1::CreateSiteRequest {
        site_id: "east".into(),
        site: Some(site.clone()),
        ..Default::default()
    };
    let east = desk.client().create_site(request.clone()).await.unwrap().into_inner();
    let half = Site { answer_limit_duration: Some(Duration { seconds: 1, nanos: 500_000_000 }), ..site };
    let request =
        kexiang_proto::intake_v1::CreateSiteRequest { site_id: "west".into(), site: Some(half), ..request };
    let of_half = desk.client().create_site(request).await.unwrap_err();

    let there = ReportCallEventsRequest {
        source: "pbx-2".into(),
        site: east.name.clone(),
        ..report(answered("c1", 0))
    };
    let there = desk.try_report(there).await.unwrap();
    let here = desk.reported(answered("c1", 0)).await;

    assert_eq!(east.answer_limit_duration, seconds(5));
    assert_eq!(violations(&of_half), ["site.answer_limit_duration"]);
    assert!(!desk.call(&there[0].call).await.answered_in_time, "it rang 6 s");
    assert!(here.answered_in_time, "the same id of a call at another site is another call");
}

#[tokio::test]
async fn calls_are_listed_newest_first_by_time_outcome_agent_and_whether_they_are_over() {
    let desk = open().await;
    let mut events = answered("c1", 0);
    events.extend(answered("c2", 600));
    events.push(event("a", "c3", CallEventKind::Offered, 300));
    events.push(event("b", "c3", CallEventKind::Abandoned, 310));
    events.push(event("c", "c4", CallEventKind::Offered, 900));
    desk.report(events).await;
    let all = ListCallsRequest { site: MAIN.into(), ..Default::default() };
    let ids = async |filter: ListCallsRequest| -> Vec<_> {
        desk.list(filter).await.into_iter().map(|call| call.call_id).collect()
    };

    assert_eq!(ids(all.clone()).await, ["c4", "c2", "c3", "c1"]);
    let since = ListCallsRequest {
        from_time: Some(to_wire(at(300))),
        until_time: Some(to_wire(at(900))),
        ..all.clone()
    };
    assert_eq!(ids(since).await, ["c2", "c3"]);
    assert_eq!(ids(ListCallsRequest { outcome: CallOutcome::Abandoned.into(), ..all.clone() }).await, ["c3"]);
    assert_eq!(ids(ListCallsRequest { agent: ANSWERER.into(), ..all.clone() }).await, ["c2", "c1"]);
    assert_eq!(ids(ListCallsRequest { live: true, ..all.clone() }).await, ["c4"]);
    let first =
        desk.calls().list_calls(ListCallsRequest { page_size: 3, ..all.clone() }).await.unwrap().into_inner();
    let rest = ListCallsRequest { page_size: 3, page_token: first.next_page_token, ..all };
    let rest = desk.calls().list_calls(rest).await.unwrap().into_inner();
    assert_eq!(
        (first.calls.len(), rest.calls[0].call_id.as_str(), rest.next_page_token.as_str()),
        (3, "c1", "")
    );
}

#[tokio::test]
async fn events_of_a_call_are_paged() {
    let desk = open().await;
    let call = desk.reported(answered("c1", 0)).await.name;
    let mut request = ListCallEventsRequest { call, page_size: 4, ..Default::default() };

    let first = desk.calls().list_call_events(request.clone()).await.unwrap().into_inner();
    request.page_token = first.next_page_token;
    let second = desk.calls().list_call_events(request).await.unwrap().into_inner();

    let kinds: Vec<_> = first.events.iter().chain(&second.events).map(CallEvent::kind).collect();
    use CallEventKind::{Answered, Ended, Offered, Queued, Ringing, WrappedUp};
    assert_eq!(kinds, [Offered, Queued, Ringing, Answered, Ended, WrappedUp]);
    assert_eq!(second.next_page_token, "");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let desk = open().await;
    let nobody = kexiang_core::CallId::at(START).name();

    let call = desk.calls().get_call(GetCallRequest { name: nobody.clone() }).await.unwrap_err();
    let events = ListCallEventsRequest { call: nobody, ..Default::default() };
    let events = desk.calls().list_call_events(events).await.unwrap_err();
    let list = ListCallsRequest { site: "sites/nowhere".into(), ..Default::default() };
    let list = desk.calls().list_calls(list).await.unwrap_err();
    let bad = ListCallsRequest { site: "main".into(), outcome: 99, agent: "x".into(), ..Default::default() };
    let bad = desk.calls().list_calls(bad).await.unwrap_err();

    for status in [call, events, list] {
        assert_eq!(refused(&status), (Code::NotFound, "NOT_FOUND".to_owned()));
    }
    assert_eq!(violations(&bad), ["site", "outcome", "agent"]);
}

#[tokio::test]
async fn each_event_is_told_once_without_anything_personal() {
    let desk = open().await;
    let call = desk.reported(answered("c1", 0)).await;
    desk.report(answered("c1", 0)).await;

    let told: Vec<_> = desk.told().await.into_iter().filter(|event| event.subject == call.name).collect();

    let types: Vec<_> = told.iter().map(|event| event.r#type.as_str()).collect();
    let expected =
        ["call.offered", "call.queued", "call.ringing", "call.answered", "call.ended", "call.wrapped_up"];
    assert_eq!(types, expected);
    assert_eq!(told[3].time, Some(to_wire(at(31))));
    let facts: CallFacts = told[5].data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!((facts.call, facts.register_number), (call.name, 1));
    assert_eq!((facts.talk_duration, facts.answered_in_time), (seconds(60), true));
    let written: String = sqlx::query_scalar(
        "select string_agg(data::text, '') from intake.event_log where event_type like 'call.%'",
    )
    .fetch_one(desk.pool())
    .await
    .unwrap();
    for personal in [PHONE, PHONE_E164, NAME] {
        assert!(!written.contains(personal));
    }
}
