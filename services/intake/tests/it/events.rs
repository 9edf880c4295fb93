//! What the log of intake tells of each step: in order, by whom, because of what, and nothing personal.

use kexiang_proto::{
    event_v1::Event,
    intake_v1::{Case, CaseFacts, CaseState, ContactFacts, Handling, Purpose},
    type_v1::{Kind, Satisfaction},
};
use kexiang_rpc::time::to_wire;

use crate::{
    desk::{Desk, START},
    identification::{customer, identified},
    reports::REPORT,
    verb::{Under, Verb},
    wire::{
        ADDRESS, DESCRIPTION, EMAIL, NAME, NEED, PHONE, PHONE_E164, TITLE, acceptance, item, registration,
    },
};

const LI_NA: &str = "agents/li.na";
const INTAKE: &str = "services/intake";

/// What was told about a subject: type, actor and cause.
fn told_of<'a>(events: &'a [Event], subject: &str) -> Vec<(&'a str, &'a str, &'a str)> {
    let of_subject = events.iter().filter(|event| event.subject == subject);
    of_subject.map(|event| (event.r#type.as_str(), event.actor.as_str(), event.cause.as_str())).collect()
}

#[tokio::test]
async fn each_step_is_told_in_order_with_its_actor_and_its_cause() {
    let desk = Desk::open().await;
    let Case { name, contact, .. } = desk.received(Kind::Complaint, Handling::Desk).await;
    let known = identified(&contact, &customer());
    desk.customer_records.tell(vec![known.clone()]);
    desk.all_taken_in().await;
    desk.act(Verb::Dispatch, &name).await;
    let routed = desk.dispatched(&name, 1).await;
    let completed = desk.completed(&name, 1).await;
    desk.act(Verb::Inform, &name).await;
    let dissatisfied = desk.visited(&name, 1, Some(Satisfaction::Dissatisfied)).await;
    let routed_again = desk.dispatched(&name, 2).await;
    let completed_again = desk.completed(&name, 2).await;
    desk.act(Verb::Inform, &name).await;
    let satisfied = desk.visited(&name, 2, Some(Satisfaction::Satisfied)).await;
    desk.act(Verb::Archive, &name).await;

    let events = desk.told().await;

    let of_case = [
        ("case.accepted", LI_NA, ""),
        ("case.identified", INTAKE, known.id.as_str()),
        ("case.dispatch_requested", LI_NA, ""),
        ("case.dispatched", INTAKE, &routed.id),
        ("case.resolved", INTAKE, &completed.id),
        ("case.informed", LI_NA, ""),
        ("case.visited", INTAKE, &dissatisfied.id),
        ("case.reopened", INTAKE, &dissatisfied.id),
        ("case.dispatched", INTAKE, &routed_again.id),
        ("case.resolved", INTAKE, &completed_again.id),
        ("case.informed", LI_NA, ""),
        ("case.visited", INTAKE, &satisfied.id),
        ("case.closed", INTAKE, &satisfied.id),
        ("case.archived", LI_NA, ""),
    ];
    assert_eq!(told_of(&events, &name), of_case);
    let of_contact = [("contact.registered", LI_NA, ""), ("contact.identified", INTAKE, &known.id)];
    assert_eq!(told_of(&events, &contact), of_contact);
    assert_eq!(told_of(&events, "sites/main"), [("site.created", LI_NA, "")]);
    assert!(events.iter().all(|event| event.source == "intake"));
    let caused = events.iter().filter(|event| !event.cause.is_empty());
    assert!(caused.into_iter().all(|event| event.traceparent == routed.traceparent), "the trace goes on");
}

#[tokio::test]
async fn withdrawing_resolving_at_the_desk_and_importing_are_told() {
    let desk = Desk::open().await;
    let withdrawn = desk.case_in(CaseState::Withdrawn, Kind::Fault).await;
    let at_desk = desk.received(Kind::Consultation, Handling::Desk).await;
    desk.act(Verb::Resolve, &at_desk.name).await;
    let items = tokio_stream::iter([item(1, "A-1")]);
    let mut results = desk.client().import_cases(items).await.unwrap().into_inner();
    let imported = results.message().await.unwrap().unwrap().case;

    let events = desk.told().await;

    let types = |subject: &str| -> Vec<_> {
        told_of(&events, subject).into_iter().map(|(event_type, ..)| event_type).collect()
    };
    assert_eq!(types(&withdrawn.name), ["case.accepted", "case.dispatched", "case.withdrawn"]);
    assert_eq!(types(&at_desk.name), ["case.accepted", "case.resolved"]);
    assert_eq!(types(&imported), ["case.imported"]);
    let told = events.iter().find(|event| event.r#type == "case.imported").unwrap();
    let yesterday = START - jiff::SignedDuration::from_hours(24);
    assert_eq!((told.time, told.record_time), (Some(to_wire(yesterday)), Some(to_wire(START))));
}

#[tokio::test]
async fn the_facts_are_the_case_and_the_contact_as_they_are() {
    let desk = Desk::open().await;
    let case = desk.case_in(CaseState::Closed, Kind::Fault).await;

    let events = desk.told().await;

    let last = events.iter().rfind(|event| event.subject == case.name).unwrap();
    let facts: CaseFacts = last.data.as_ref().unwrap().to_msg().unwrap();
    let expected = CaseFacts {
        case: case.name,
        number: case.number,
        site: case.site,
        time_zone: "Asia/Shanghai".to_owned(),
        contact: case.contact.clone(),
        channel: case.channel,
        kind: case.kind,
        category: case.category,
        district: case.district,
        severity: case.severity,
        handling: case.handling,
        state: case.state,
        customer: case.customer,
        first_responsible_agent: case.first_responsible_agent,
        unit: case.unit,
        resolved_at_desk: case.resolved_at_desk,
        satisfaction: case.satisfaction,
        reopen_count: case.reopen_count,
        accept_time: case.accept_time,
        first_resolve_time: case.first_resolve_time,
        resolve_time: case.resolve_time,
        inform_time: case.inform_time,
        close_time: case.close_time,
        return_visit_required: true,
        hold_reason: case.hold_reason,
        hold_time: case.hold_time,
        held_duration: case.held_duration,
        ..CaseFacts::default()
    };
    assert_eq!(facts, expected);
    let first = events.iter().find(|event| event.subject == case.contact).unwrap();
    let facts: ContactFacts = first.data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!((facts.register_number, facts.purpose()), (1, Purpose::Customer));
    assert_eq!((facts.case, facts.agent.as_str()), (expected.case, LI_NA));
}

#[tokio::test]
async fn a_refused_call_tells_nothing() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await;
    let before = desk.told().await.len();

    desk.try_act(Verb::Close, &case.name, Under::default()).await.unwrap_err();
    desk.try_accept(Default::default()).await.unwrap_err();

    assert_eq!(desk.told().await.len(), before);
}

/// Destroying a customer's record must be enough: nothing of a person stands in the log, which is never deleted.
#[tokio::test]
async fn nothing_personal_is_in_the_log() {
    let desk = Desk::open().await;
    desk.client().register_contact(registration()).await.unwrap();
    let withdrawn = desk.accept(acceptance()).await;
    desk.act(Verb::Withdraw, &withdrawn.name).await;
    let reopened = desk.case_in(CaseState::Closed, Kind::Complaint).await;
    desk.act(Verb::Reopen, &reopened.name).await;
    let at_desk = desk.received(Kind::Consultation, Handling::Desk).await;
    desk.act(Verb::Resolve, &at_desk.name).await;
    desk.customer_records.tell(vec![identified(&at_desk.contact, &customer())]);
    desk.all_taken_in().await;

    let rows = sqlx::query_scalar("select to_jsonb(event_log)::text from intake.event_log");
    let rows: Vec<String> = rows.fetch_all(desk.pool()).await.unwrap();

    assert!(rows.len() > 10);
    let local_phone = PHONE.replace(' ', "");
    let words = [REPORT, "plugged in again", "told by phone", "the customer asked for it"];
    let personal = [NAME, PHONE, PHONE_E164, &local_phone, EMAIL, ADDRESS, NEED, TITLE, DESCRIPTION];
    for word in personal.into_iter().chain(words) {
        assert!(!rows.iter().any(|row| row.contains(word)), "{word:?} is in the log");
    }
}
