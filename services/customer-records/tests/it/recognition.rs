//! Who calls, how often, and what is open (IN-6).

use jiff::SignedDuration;
use kexiang_core::CaseId;
use kexiang_proto::{
    customers_v1::{CallerFrequency, RecogniseCallerRequest},
    intake_v1::{CaseFacts, CaseState, Contact},
};
use kexiang_rpc::time;

use crate::{
    center::{Center, START},
    wire::{caller, case, contact, violations},
};

#[tokio::test]
async fn an_unknown_phone_is_no_error() {
    let center = Center::open().await;

    let recognition = center.recognise("13800138000").await;

    assert_eq!(recognition.frequency(), CallerFrequency::Unknown);
    assert!(recognition.customer.is_none() && recognition.open_cases.is_empty());
}

#[tokio::test]
async fn a_caller_is_first_second_repeated_and_after_thirty_days_first_again() {
    // IN-6
    let center = Center::open().await;
    center.create("Li Na", &[(kexiang_proto::customers_v1::contact_point::Kind::Phone, "13800138000")]).await;
    let mut frequencies = vec![center.recognise("13800138000").await.frequency()];

    for _ in 0..2 {
        center.intake.register(vec![contact(caller("Li Na", "+8613800138000"), center.clock.now())]);
        center.settle().await;
        frequencies.push(center.recognise("138 0013 8000").await.frequency());
        center.hand.advance(SignedDuration::from_hours(24));
    }
    center.hand.set(START + SignedDuration::from_hours(30 * 24));
    frequencies.push(center.recognise("13800138000").await.frequency());
    center.hand.set(START + SignedDuration::from_hours(31 * 24));
    frequencies.push(center.recognise("13800138000").await.frequency());

    assert_eq!(
        frequencies,
        [
            CallerFrequency::First,
            CallerFrequency::Second,
            CallerFrequency::Repeated,
            CallerFrequency::Second,
            CallerFrequency::First,
        ]
    );
}

#[tokio::test]
async fn at_most_twenty_open_cases_come_newest_first() {
    // IN-6
    let center = Center::open().await;
    for number in 1..=23 {
        let at = START + SignedDuration::from_mins(number);
        let case_name = CaseId::at(at).name();
        let opening = Contact { case: case_name.clone(), ..contact(caller("Li Na", "+8613800138000"), at) };
        let opener = center.intake.register(vec![opening])[0];
        let accepted = CaseFacts { number: format!("C-{number}"), ..case(&case_name, opener, at) };
        center.intake.tell_case("case.accepted", at, &accepted);
        if number == 22 {
            let closed = CaseFacts { state: CaseState::Closed.into(), ..accepted };
            center.intake.tell_case("case.closed", at, &closed);
        }
    }
    center.settle().await;

    let open = center.recognise("13800138000").await.open_cases;

    assert_eq!(open.len(), 20);
    assert_eq!(
        open.iter().take(3).map(|case| case.number.as_str()).collect::<Vec<_>>(),
        ["C-23", "C-21", "C-20"]
    );
    assert_eq!(open[0].accept_time, Some(time::to_wire(START + SignedDuration::from_mins(23))));
    assert_eq!(open[0].category, "water");
}

#[tokio::test]
async fn a_reopened_case_is_open_again() {
    let center = Center::open().await;
    let case_name = CaseId::at(START).name();
    let opening = Contact { case: case_name.clone(), ..contact(caller("Li Na", "+8613800138000"), START) };
    let opener = center.intake.register(vec![opening])[0];
    let mut open_after = Vec::new();

    for (event_type, state) in [
        ("case.accepted", CaseState::Received),
        ("case.closed", CaseState::Closed),
        ("case.reopened", CaseState::Received),
        ("case.withdrawn", CaseState::Withdrawn),
    ] {
        let facts = CaseFacts { state: state.into(), ..case(&case_name, opener, START) };
        center.intake.tell_case(event_type, START, &facts);
        center.settle().await;
        open_after.push(center.recognise("13800138000").await.open_cases.len());
    }

    assert_eq!(open_after, [1, 0, 1, 0]);
}

#[tokio::test]
async fn what_is_no_phone_is_refused() {
    let center = Center::open().await;
    let recognise = |phone: &str, region: &str| RecogniseCallerRequest {
        phone: phone.to_owned(),
        phone_region: region.to_owned(),
    };

    let no_phone = center.client().recognise_caller(recognise("call me", "")).await.unwrap_err();
    let no_region = center.client().recognise_caller(recognise("13800138000", "China")).await.unwrap_err();

    assert_eq!(violations(&no_phone), ["phone"]);
    assert_eq!(violations(&no_region), ["phone_region"]);
}
