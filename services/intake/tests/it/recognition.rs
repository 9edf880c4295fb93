//! Who is calling, how often, and about what; never slowed or refused because of customer records (IN-6).

use jiff::SignedDuration;
use kexiang_core::CustomerId;
use kexiang_proto::{
    customers_v1::{CallerFrequency, Customer, OpenCase, Recognition},
    intake_v1::{
        AcceptCaseRequest, Caller, CallerRecognition, CaseState, Contact, Handling, RecogniseCallerRequest,
        RegisterContactRequest,
        caller_recognition::{Frequency, Matter, Source},
        recognition_service_client::RecognitionServiceClient,
    },
    type_v1::{Channel, CustomerKind, Kind},
};
use tonic::{Code, Status};

use crate::{
    desk::{AGENT, Desk, START},
    identification::identified,
    promise::promise_about,
    records::Mood,
    verb::Verb,
    wire::{
        MAIN, NAME, NEED, PHONE, acceptance, case, contact, contact_at, refused, registration, violations,
    },
};

/// Failures in a row until customer records are not asked for a while, and for how long.
const FAILURES: u32 = 3;
const REST: SignedDuration = SignedDuration::from_secs(5);

fn request() -> RecogniseCallerRequest {
    RecogniseCallerRequest { site: MAIN.to_owned(), phone: PHONE.to_owned(), category: String::new() }
}

impl Desk {
    async fn try_recognise(&self, request: RecogniseCallerRequest) -> Result<CallerRecognition, Status> {
        let mut client = RecognitionServiceClient::with_interceptor(self.channel.clone(), self.bearer(AGENT));
        client.recognise_caller(request).await.map(tonic::Response::into_inner)
    }

    async fn recognise(&self) -> CallerRecognition {
        self.try_recognise(request()).await.unwrap()
    }

    async fn recognise_about(&self, category: &str) -> CallerRecognition {
        let category = category.to_owned();
        self.try_recognise(RecogniseCallerRequest { category, ..request() }).await.unwrap()
    }
}

/// Customer records know that phone.
fn known(recent_contacts: i32, open_cases: Vec<OpenCase>) -> Recognition {
    Recognition {
        customer: Some(Customer {
            name: CustomerId::at(START).name(),
            kind: CustomerKind::Household.into(),
            display_name: "The Zhao family".to_owned(),
            ..Customer::default()
        }),
        frequency: CallerFrequency::First.into(),
        recent_contacts,
        open_cases,
    }
}

#[tokio::test]
async fn a_stranger_is_unknown_calls_for_the_first_time_and_about_something_new() {
    let desk = Desk::open().await;

    let answer = desk.recognise().await;

    let expected = CallerRecognition {
        frequency: Frequency::First.into(),
        matter: Matter::New.into(),
        source: Source::Complete.into(),
        ..CallerRecognition::default()
    };
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn a_known_customer_is_named_as_customer_records_have_them() {
    let desk = Desk::open().await;
    let told = known(1, Vec::new());
    desk.customer_records.records.answer(told.clone());

    let answer = desk.recognise().await;

    let (customer, expected) = (answer.customer.clone().unwrap(), told.customer.unwrap());
    assert_eq!((customer.customer, customer.display_name), (expected.name, expected.display_name));
    assert_eq!(customer.kind, expected.kind);
    assert_eq!((answer.frequency(), answer.recent_contacts), (Frequency::Second, 1), "by another phone");
    assert_eq!(answer.source(), Source::Complete);
}

#[tokio::test]
async fn a_caller_is_first_second_repeated_and_after_thirty_days_first_again() {
    let desk = Desk::open().await;
    let day = SignedDuration::from_hours(24);
    let mut frequencies = vec![desk.recognise().await.frequency()];

    for _ in 0..3 {
        desk.client().register_contact(registration()).await.unwrap();
        frequencies.push(desk.recognise().await.frequency());
        desk.hand.advance(day);
    }
    for days in [30, 31, 32] {
        desk.hand.set(START + day * days);
        frequencies.push(desk.recognise().await.frequency());
    }

    use Frequency::{First, Repeated, Second};
    assert_eq!(frequencies, [First, Second, Repeated, Repeated, Repeated, Second, First]);
}

#[tokio::test]
async fn an_open_case_is_the_old_matter_and_a_repeat_contact_joins_it() {
    let desk = Desk::open().await;
    let open = desk.accept(acceptance()).await;

    let again = desk.recognise().await;
    let join = RegisterContactRequest { case: again.case.clone(), ..registration() };
    let joined = desk.client().register_contact(join).await.unwrap().into_inner();
    let third = desk.recognise().await;

    assert_eq!((again.matter(), &again.case), (Matter::Old, &open.name));
    assert_eq!(joined.case, open.name);
    assert_eq!(
        (third.frequency(), third.matter(), &third.case),
        (Frequency::Repeated, Matter::Old, &open.name)
    );
    assert_eq!(third.open_cases.len(), 1, "joined, not opened");
    let contacts: Vec<_> = third.last_contacts.iter().map(|contact| contact.contact.as_str()).collect();
    assert_eq!(contacts.len(), 2);
    assert!(contacts.contains(&joined.name.as_str()) && contacts.contains(&open.contact.as_str()));
    assert_eq!(
        (third.last_contacts[0].need.as_str(), third.last_contacts[0].channel()),
        (NEED, Channel::Hotline)
    );
}

#[tokio::test]
async fn another_category_another_site_or_a_closed_case_is_a_new_matter() {
    let desk = Desk::open().await;
    let east = desk.create_site("east").await;
    let elsewhere = AcceptCaseRequest { contact: Some(contact_at(&east)), ..acceptance() };
    let elsewhere = desk.accept(elsewhere).await;

    let at_another_site = desk.recognise().await;
    let here = desk.accept(acceptance()).await;
    let other_category = desk.recognise_about("water.leak").await;
    let same_category = desk.recognise_about("line.dead").await;
    desk.act(Verb::Withdraw, &here.name).await;
    let withdrawn = desk.recognise().await;

    assert_eq!((at_another_site.matter(), at_another_site.case.as_str()), (Matter::New, ""));
    assert_eq!(at_another_site.open_cases[0].case, elsewhere.name, "shown all the same");
    assert_eq!((other_category.matter(), other_category.open_cases.len()), (Matter::New, 2));
    assert_eq!((same_category.matter(), same_category.case), (Matter::Old, here.name));
    assert_eq!((withdrawn.matter(), withdrawn.open_cases.len()), (Matter::New, 1));
}

#[tokio::test]
async fn an_open_case_comes_with_its_state_its_last_event_and_what_is_promised() {
    let desk = Desk::open().await;
    let older = desk.received(Kind::Consultation, Handling::Desk).await;
    desk.hand.advance(SignedDuration::from_mins(1));
    let newer = desk.accept(acceptance()).await;
    desk.hand.advance(SignedDuration::from_mins(1));
    desk.act(Verb::Resolve, &older.name).await;
    let promise = desk.promise(promise_about(&older.name)).await;
    let kept = desk.promise(promise_about(&older.name)).await;
    desk.promises().keep_promise(crate::promise::keep(&kept.name)).await.unwrap();

    let answer = desk.recognise().await;

    let [first, second] = &answer.open_cases[..] else { panic!("{answer:?}") };
    assert_eq!((&first.case, &second.case), (&older.name, &newer.name), "latest event first");
    assert_eq!(answer.case, older.name, "it is probably about what moved last");
    assert_eq!((first.state(), first.last_event.as_str()), (CaseState::Resolved, "case.resolved"));
    assert_eq!((second.state(), second.last_event.as_str()), (CaseState::Received, "case.accepted"));
    assert_eq!(
        (&first.number, &first.category, first.kind()),
        (&older.number, &older.category, Kind::Consultation)
    );
    assert_eq!(first.open_promises, [promise]);
    assert!(second.open_promises.is_empty());
}

#[tokio::test]
async fn a_case_that_the_customer_opened_by_another_phone_is_found() {
    let desk = Desk::open().await;
    let by_another_phone = Contact {
        caller: Some(Caller {
            display_name: NAME.to_owned(),
            phone: "010 8529 6000".to_owned(),
            ..Caller::default()
        }),
        ..contact()
    };
    let open = desk.accept(AcceptCaseRequest { contact: Some(by_another_phone), ..acceptance() }).await;
    let told = OpenCase { case: open.name.clone(), number: open.number.clone(), ..OpenCase::default() };
    desk.customer_records.records.answer(known(1, vec![told]));

    let answer = desk.recognise().await;

    assert_eq!((answer.matter(), &answer.case), (Matter::Old, &open.name));
    assert!(answer.last_contacts.is_empty(), "none by this phone");
}

#[tokio::test]
async fn while_customer_records_hang_the_answer_is_what_intake_knows() {
    let desk = Desk::open().await;
    let open = desk.accept(acceptance()).await;
    let customer = CustomerId::at(START).name();
    desk.customer_records.tell(vec![identified(&open.contact, &customer)]);
    desk.all_taken_in().await;
    desk.customer_records.records.be(Mood::Hanging);

    let answer = desk.recognise().await;

    assert_eq!(answer.source(), Source::Degraded);
    assert_eq!(
        (answer.frequency(), answer.matter(), &answer.case),
        (Frequency::Second, Matter::Old, &open.name)
    );
    let caller = answer.customer.unwrap();
    assert_eq!((caller.customer, caller.display_name.as_str()), (customer, NAME));
}

#[tokio::test]
async fn who_is_down_is_not_asked_for_a_while_and_asked_again_when_back() {
    let desk = Desk::open().await;
    let records = &desk.customer_records.records;
    records.be(Mood::Down);
    let mut sources = Vec::new();

    for _ in 0..FAILURES + 4 {
        sources.push(desk.recognise().await.source());
    }
    let asked_while_down = records.asked();
    desk.hand.advance(REST);
    sources.push(desk.recognise().await.source());
    sources.push(desk.recognise().await.source());
    let asked_once_more = records.asked();
    records.answer(known(0, Vec::new()));
    sources.push(desk.recognise().await.source());
    desk.hand.advance(REST);
    let back = [desk.recognise().await, desk.recognise().await];

    assert!(sources.iter().all(|source| *source == Source::Degraded));
    assert_eq!((asked_while_down, asked_once_more), (FAILURES, FAILURES + 1));
    assert!(back.iter().all(|answer| answer.source() == Source::Complete && answer.customer.is_some()));
    assert_eq!(records.asked(), FAILURES + 3);
}

#[tokio::test]
async fn an_unknown_caller_while_customer_records_are_down_is_unknown_and_no_error() {
    let desk = Desk::open().await;
    desk.customer_records.records.be(Mood::Down);

    let answer = desk.recognise().await;

    assert_eq!((answer.source(), answer.customer), (Source::Degraded, None));
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_counts_as_none() {
    let desk = Desk::open().await;
    let nonsense = Customer { name: "customers/zhao".to_owned(), ..Customer::default() };
    let nonsense = Recognition { customer: Some(nonsense), ..Recognition::default() };
    desk.customer_records.records.answer(nonsense);

    assert_eq!(desk.recognise().await.source(), Source::Degraded);
}

#[tokio::test]
async fn a_withheld_number_is_an_unknown_caller() {
    let desk = Desk::open().await;
    desk.accept(acceptance()).await;

    let withheld = RecogniseCallerRequest { phone: "Anonymous".to_owned(), ..request() };
    let answer = desk.try_recognise(withheld).await.unwrap();

    assert_eq!((answer.frequency(), answer.matter()), (Frequency::Unknown, Matter::New));
    assert_eq!((answer.source(), answer.customer, answer.open_cases.len()), (Source::Complete, None, 0));
    assert_eq!(desk.customer_records.records.asked(), 0);
}

#[tokio::test]
async fn what_is_no_phone_is_a_violation_and_a_site_that_is_nowhere_not_found() {
    let desk = Desk::open().await;
    let bad = RecogniseCallerRequest {
        site: "main".to_owned(),
        phone: "call me".to_owned(),
        category: "x".repeat(201),
    };

    let all_wrong = desk.try_recognise(bad).await.unwrap_err();
    let empty = RecogniseCallerRequest { phone: String::new(), ..request() };
    let empty = desk.try_recognise(empty).await.unwrap_err();
    let nowhere = RecogniseCallerRequest { site: "sites/nowhere".to_owned(), ..request() };
    let nowhere = desk.try_recognise(nowhere).await.unwrap_err();

    assert_eq!(violations(&all_wrong), ["site", "category", "phone"]);
    assert_eq!(violations(&empty), ["phone"]);
    assert_eq!(refused(&nowhere), (Code::NotFound, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn researchers_and_inspectors_are_no_customers() {
    let desk = Desk::open().await;
    let inspector = Contact { purpose: kexiang_proto::intake_v1::Purpose::Inspector.into(), ..contact() };
    let request =
        AcceptCaseRequest { contact: Some(inspector), case: Some(case(Kind::Suggestion)), ..acceptance() };
    desk.accept(request).await;

    let answer = desk.recognise().await;

    assert_eq!((answer.frequency(), answer.last_contacts.len()), (Frequency::First, 0));
}
