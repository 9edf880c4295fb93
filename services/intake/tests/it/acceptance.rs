//! What a contact and a case keep, and every way in which their fields are refused (IN-4, IN-7).

use jiff::SignedDuration;
use kexiang_proto::{
    intake_v1::{
        AcceptCaseRequest, Caller, Case, CaseState, Contact, Handling, Purpose, RegisterContactRequest,
    },
    type_v1::{Channel, CustomerKind, Kind, Severity},
};
use kexiang_rpc::time::to_wire;
use prost_types::{Duration, Timestamp};
use tonic::Code;

use crate::{
    desk::{Desk, START},
    wire::{
        self, EMAIL, MAIN, PHONE_E164, acceptance, caller, contact, contact_at, refused, registration,
        violations,
    },
};

/// The fields that are refused in a contact.
async fn refused_in(desk: &Desk, contact: Contact) -> Vec<String> {
    let request = RegisterContactRequest { contact: Some(contact), ..registration() };
    violations(&desk.client().register_contact(request).await.unwrap_err())
}

/// The same in what its caller said.
async fn refused_of(desk: &Desk, caller: Caller) -> Vec<String> {
    refused_in(desk, Contact { caller: Some(caller), ..contact() }).await
}

/// Registers a contact and reads it back.
async fn register(desk: &Desk, contact: Contact) -> Contact {
    let request = RegisterContactRequest { contact: Some(contact), ..registration() };
    let answer = desk.client().register_contact(request).await.unwrap().into_inner();
    assert_eq!(desk.contact(&answer.name).await, answer, "the answer is what was kept");
    answer
}

#[tokio::test]
async fn a_contact_keeps_all_that_was_said_and_measured() {
    let desk = Desk::open().await;
    let seconds = |seconds| Some(Duration { seconds, nanos: 500_000_000 });
    let said = Contact {
        contact_time: Some(to_wire(START - SignedDuration::from_mins(3))),
        caller: Some(Caller { kind: CustomerKind::Household.into(), ..caller() }),
        heard_from: "a neighbour".to_owned(),
        first_visit: true,
        appointment: true,
        ring_duration: seconds(4),
        wait_duration: seconds(20),
        talk_duration: seconds(180),
        wrap_up_duration: seconds(30),
        called_number: "10086".to_owned(),
        ..contact()
    };

    let kept = register(&desk, said.clone()).await;

    let expected = Contact {
        name: kept.name.clone(),
        register_number: 1,
        purpose: Purpose::Customer.into(),
        caller: Some(Caller { phone: PHONE_E164.to_owned(), ..said.caller.clone().unwrap() }),
        agent: "agents/li.na".to_owned(),
        ..said
    };
    assert_eq!(kept, expected);
}

#[tokio::test]
async fn a_case_starts_as_received_with_its_defaults() {
    let desk = Desk::open().await;

    let case = desk.accept(acceptance()).await;

    assert_eq!(desk.case(&case.name).await, case, "the answer is what was kept");
    assert_eq!((case.state(), case.handling()), (CaseState::Received, Handling::Dispatch));
    assert_eq!((case.severity(), case.channel()), (Severity::Normal, Channel::Hotline));
    assert_eq!(case.first_responsible_agent, "agents/li.na", "IN-11");
    assert_eq!((case.accept_time, case.close_time), (Some(to_wire(START)), None));
    assert_eq!(desk.contact(&case.contact).await.case, case.name);
}

#[tokio::test]
async fn all_missing_fields_are_reported_at_once_with_their_paths() {
    let desk = Desk::open().await;
    let empty = AcceptCaseRequest {
        contact: Some(Contact { caller: Some(Caller::default()), ..contact_at("") }),
        case: Some(Case::default()),
        ..AcceptCaseRequest::default()
    };
    let blank = Contact { channel: 0, need: " \n".to_owned(), ..empty.contact.clone().unwrap() };

    let status = desk.try_accept(AcceptCaseRequest { contact: Some(blank), ..empty }).await.unwrap_err();

    let mut fields = violations(&status);
    fields.sort();
    let expected = [
        "case.category",
        "case.kind",
        "case.title",
        "contact.caller.display_name",
        "contact.caller.phone",
        "contact.channel",
        "contact.need",
        "contact.site",
    ];
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn absent_messages_are_required() {
    let desk = Desk::open().await;

    let nothing = desk.try_accept(AcceptCaseRequest::default()).await.unwrap_err();

    assert_eq!(violations(&nothing), ["case", "contact"]);
    assert_eq!(refused_in(&desk, Contact { caller: None, ..contact() }).await, ["contact.caller"]);
}

#[tokio::test]
async fn all_broken_fields_are_reported_at_once_with_their_paths() {
    let desk = Desk::open().await;
    let broken = Contact {
        contact_time: Some(Timestamp { seconds: 0, nanos: -1 }),
        channel: 99,
        purpose: -7,
        caller: Some(Caller {
            phone: "call me".to_owned(),
            email: "nowhere".to_owned(),
            kind: 99,
            ..caller()
        }),
        ring_duration: Some(Duration { seconds: -1, nanos: 0 }),
        talk_duration: Some(Duration { seconds: 8 * 24 * 3600, nanos: 0 }),
        ..contact()
    };
    let case = Case { kind: 77, severity: 77, handling: 77, ..wire::case(Kind::Fault) };

    let status = desk
        .try_accept(AcceptCaseRequest { contact: Some(broken), case: Some(case), ..acceptance() })
        .await
        .unwrap_err();

    let mut fields = violations(&status);
    fields.sort();
    let expected = [
        "case.handling",
        "case.kind",
        "case.severity",
        "contact.caller.email",
        "contact.caller.kind",
        "contact.caller.phone",
        "contact.channel",
        "contact.contact_time",
        "contact.purpose",
        "contact.ring_duration",
        "contact.talk_duration",
    ];
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn a_declined_phone_is_a_value_of_its_own() {
    let desk = Desk::open().await;
    let declined = Caller { phone: String::new(), phone_declined: true, ..caller() };

    let kept = register(&desk, Contact { caller: Some(declined.clone()), ..contact() }).await;

    assert!(kept.caller.unwrap().phone_declined);
    let contradiction = Caller { phone_declined: true, ..caller() };
    assert_eq!(refused_of(&desk, contradiction).await, ["contact.caller.phone_declined"]);
    let unasked = Caller { phone_declined: false, ..declined };
    assert_eq!(refused_of(&desk, unasked).await, ["contact.caller.phone"]);
}

#[tokio::test]
async fn an_email_will_do_on_written_channels_alone() {
    let desk = Desk::open().await;
    let writer = Caller { phone: String::new(), ..caller() };
    let over =
        |channel: Channel| Contact { channel: channel.into(), caller: Some(writer.clone()), ..contact() };

    for channel in [Channel::WebForm, Channel::Email, Channel::Messaging, Channel::Lead, Channel::Partner] {
        let kept = register(&desk, over(channel)).await.caller.unwrap();
        assert_eq!((kept.phone.as_str(), kept.email.as_str()), ("", EMAIL), "{channel:?}");
    }

    for channel in
        [Channel::Hotline, Channel::GridPhone, Channel::PhoneMenu, Channel::WalkIn, Channel::FieldStaff]
    {
        assert_eq!(refused_in(&desk, over(channel)).await, ["contact.caller.phone"], "{channel:?}");
    }
}

#[tokio::test]
async fn a_contact_may_be_late_but_not_in_the_future() {
    let desk = Desk::open().await;
    let at = |span| Contact { contact_time: Some(to_wire(START + span)), ..contact() };

    register(&desk, at(SignedDuration::from_hours(-48))).await;
    register(&desk, at(SignedDuration::from_secs(60))).await;
    let fields = refused_in(&desk, at(SignedDuration::from_secs(61))).await;

    assert_eq!(fields, ["contact.contact_time"]);
}

#[tokio::test]
async fn a_text_may_be_as_long_as_promised_and_not_a_character_longer() {
    let desk = Desk::open().await;
    let long = |characters: usize| "长".repeat(characters);
    let texts = |more: usize| {
        let said = Caller { display_name: long(200 + more), address: long(500 + more), ..caller() };
        let contact = Contact {
            caller: Some(said),
            need: long(4_000 + more),
            heard_from: long(200 + more),
            ..contact()
        };
        let case = Case {
            category: long(200 + more),
            title: long(300 + more),
            description: long(10_000 + more),
            district: long(100 + more),
            address: long(500 + more),
            external_reference: long(100 + more),
            ..wire::case(Kind::Fault)
        };
        AcceptCaseRequest { contact: Some(contact), case: Some(case), ..acceptance() }
    };

    let kept = desk.accept(texts(0)).await;
    let fields = violations(&desk.try_accept(texts(1)).await.unwrap_err());

    assert_eq!(kept.description.chars().count(), 10_000);
    assert_eq!(fields.len(), 10, "{fields:?}");
}

#[tokio::test]
async fn the_character_zero_is_refused_wherever_it_stands() {
    let desk = Desk::open().await;
    let zero = || "a\0b".to_owned();
    let said = Caller { display_name: zero(), phone: zero(), email: zero(), address: zero(), ..caller() };
    let contact =
        Contact { caller: Some(said), need: zero(), heard_from: zero(), called_number: zero(), ..contact() };
    let case = Case {
        category: zero(),
        title: zero(),
        description: zero(),
        district: zero(),
        address: zero(),
        external_reference: zero(),
        ..wire::case(Kind::Fault)
    };

    let status = desk
        .try_accept(AcceptCaseRequest { contact: Some(contact), case: Some(case), ..acceptance() })
        .await
        .unwrap_err();

    assert_eq!(violations(&status).len(), 13);
    let site = refused_in(&desk, contact_at("sites/ma\0in")).await;
    assert_eq!(site, ["contact.site"]);
}

#[tokio::test]
async fn researchers_and_inspectors_are_registered_too() {
    let desk = Desk::open().await;

    for purpose in [Purpose::MarketResearcher, Purpose::Inspector] {
        let kept = register(&desk, Contact { purpose: purpose.into(), ..contact() }).await;
        assert_eq!((kept.purpose(), kept.case.as_str()), (purpose, ""));
    }

    let register = desk.register(MAIN, "").await;
    assert_eq!(register.len(), 2);
}

#[tokio::test]
async fn an_unknown_site_is_not_found() {
    let desk = Desk::open().await;
    let request = AcceptCaseRequest { contact: Some(contact_at("sites/nowhere")), ..acceptance() };

    let status = desk.try_accept(request).await.unwrap_err();

    assert_eq!(refused(&status), (Code::NotFound, "NOT_FOUND".to_owned()));
}
