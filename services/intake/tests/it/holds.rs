//! What waits for something waits on hold, visible, without any limit, and goes on where it stood (IN-18).

use futures::future::join_all;
use jiff::SignedDuration;
use kexiang_proto::{
    intake_v1::{
        Case, CaseFacts, CaseState, Handling, HoldCaseRequest, HoldReason, ListCasesRequest,
        RegisterContactRequest, ResumeCaseRequest,
    },
    type_v1::{Kind, Satisfaction},
};
use kexiang_rpc::time::to_wire;
use tonic::{Code, Status};

use crate::{
    desk::{Desk, START, unknown_case},
    verb::{Under, Verb},
    wire::{preconditions, refused, registration, request_id, violations},
};

fn hold(case: &str, reason: HoldReason) -> HoldCaseRequest {
    HoldCaseRequest {
        name: case.to_owned(),
        reason: reason.into(),
        note: "until the invoice is paid".to_owned(),
        ..HoldCaseRequest::default()
    }
}

impl Desk {
    async fn try_hold(&self, request: HoldCaseRequest) -> Result<Case, Status> {
        self.client().hold_case(request).await.map(tonic::Response::into_inner)
    }

    async fn hold(&self, case: &str, reason: HoldReason) -> Case {
        self.try_hold(hold(case, reason)).await.unwrap()
    }

    async fn try_resume(&self, case: &str) -> Result<Case, Status> {
        let request =
            ResumeCaseRequest { name: case.to_owned(), note: "paid".to_owned(), ..Default::default() };
        self.client().resume_case(request).await.map(tonic::Response::into_inner)
    }

    async fn listed(&self, request: ListCasesRequest) -> Vec<String> {
        let page = self.client().list_cases(request).await.unwrap().into_inner();
        page.cases.into_iter().map(|case| case.name).collect()
    }
}

/// A whole number of seconds on hold.
fn held(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

#[tokio::test]
async fn a_case_waits_as_long_as_it_takes_and_goes_on_where_it_stood() {
    let desk = Desk::open().await;
    for state in [CaseState::Received, CaseState::Dispatched, CaseState::Resolved, CaseState::Informed] {
        let Case { name, .. } = desk.case_in(state, Kind::Fault).await;
        let since = desk.case(&name).await.update_time;

        let waits = desk.hold(&name, HoldReason::Payment).await;
        desk.hand.advance(SignedDuration::from_hours(24 * 6));
        let still_waits = desk.case(&name).await;
        let goes_on = desk.try_resume(&name).await.unwrap();

        assert_eq!((waits.state(), waits.hold_reason()), (state, HoldReason::Payment));
        assert_eq!((waits.hold_note.as_str(), waits.hold_time), ("until the invoice is paid", since));
        assert_eq!(still_waits, waits);
        assert_eq!((goes_on.state(), goes_on.hold_reason()), (state, HoldReason::Unspecified));
        assert_eq!((goes_on.hold_time, goes_on.held_duration), (None, held(6 * 86_400)));
        assert_eq!(desk.case(&name).await, goes_on);
        desk.hand.set(START);
    }
}

#[tokio::test]
async fn on_hold_every_verb_but_resuming_and_withdrawing_is_refused_to_people() {
    let desk = Desk::open().await;
    let places = [
        (CaseState::Received, vec![Verb::Dispatch, Verb::Resolve]),
        (CaseState::Resolved, vec![Verb::Inform, Verb::Reopen]),
        (CaseState::Informed, vec![Verb::Close, Verb::Reopen]),
    ];
    for (state, verbs) in places {
        let Case { name, .. } = match state {
            CaseState::Received => desk.received(Kind::Consultation, Handling::Desk).await,
            state => desk.case_in(state, Kind::Consultation).await,
        };
        let waits = desk.hold(&name, HoldReason::Customer).await;

        for verb in verbs {
            let status = desk.try_act(verb, &name, Under::default()).await.unwrap_err();
            assert_eq!(refused(&status), (Code::FailedPrecondition, "CASE_ON_HOLD".to_owned()), "{verb:?}");
            assert_eq!(preconditions(&status), [("HOLD".to_owned(), name.clone())]);
        }
        let again = desk.try_hold(hold(&name, HoldReason::Parts)).await.unwrap_err();

        assert_eq!(refused(&again).1, "CASE_ON_HOLD");
        assert_eq!(desk.case(&name).await, waits, "a refused verb changes nothing");
    }
}

#[tokio::test]
async fn a_case_on_hold_is_withdrawn_and_joined_by_contacts() {
    let desk = Desk::open().await;
    let Case { name, .. } = desk.case_in(CaseState::Dispatched, Kind::Fault).await;
    desk.hold(&name, HoldReason::Parts).await;

    let joins = RegisterContactRequest { case: name.clone(), ..registration() };
    let contact = desk.client().register_contact(joins).await.unwrap().into_inner();
    desk.hand.advance(SignedDuration::from_mins(2));
    let withdrawn = desk.act(Verb::Withdraw, &name).await;

    assert_eq!(contact.case, name);
    assert_eq!((withdrawn.state(), withdrawn.hold_time), (CaseState::Withdrawn, None));
    assert_eq!(withdrawn.held_duration, held(120));
    assert_eq!(desk.spells(&name).await, [("PARTS".to_owned(), true)]);
}

#[tokio::test]
async fn what_dispatch_tells_still_applies_and_the_end_of_the_case_ends_its_hold() {
    let desk = Desk::open().await;
    let Case { name, .. } = desk.case_in(CaseState::Dispatched, Kind::Complaint).await;
    desk.hold(&name, HoldReason::OtherUnit).await;

    desk.completed(&name, 1).await;
    let resolved = desk.case(&name).await;
    desk.hand.advance(SignedDuration::from_secs(3));
    desk.try_resume(&name).await.unwrap();
    desk.act(Verb::Inform, &name).await;
    desk.hold(&name, HoldReason::Customer).await;
    desk.hand.advance(SignedDuration::from_secs(7));
    desk.visited(&name, 1, Some(Satisfaction::Satisfied)).await;
    let closed = desk.case(&name).await;

    assert_eq!((resolved.state(), resolved.hold_reason()), (CaseState::Resolved, HoldReason::OtherUnit));
    assert_eq!((closed.state(), closed.hold_reason()), (CaseState::Closed, HoldReason::Unspecified));
    assert_eq!(closed.held_duration, held(10), "of both spells");
    let spells = [("OTHER_UNIT".to_owned(), true), ("CUSTOMER".to_owned(), true)];
    assert_eq!(desk.spells(&name).await, spells);
}

#[tokio::test]
async fn what_is_over_does_not_wait() {
    let desk = Desk::open().await;
    for state in [CaseState::Closed, CaseState::Archived, CaseState::Withdrawn] {
        let Case { name, .. } = desk.case_in(state, Kind::Consultation).await;

        let held = desk.try_hold(hold(&name, HoldReason::Parts)).await.unwrap_err();
        let resumed = desk.try_resume(&name).await.unwrap_err();

        for status in [held, resumed] {
            assert_eq!(refused(&status), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
        }
    }
    let nowhere = desk.try_hold(hold(&unknown_case(), HoldReason::Parts)).await.unwrap_err();
    assert_eq!(refused(&nowhere), (Code::NotFound, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn all_that_is_wrong_with_a_hold_is_reported_at_once() {
    let desk = Desk::open().await;
    let bad = HoldCaseRequest {
        name: "cases/1".to_owned(),
        reason: HoldReason::Other.into(),
        expected_time: Some(to_wire(START - SignedDuration::from_secs(1))),
        etag: "?".to_owned(),
        request_id: "?".to_owned(),
        ..HoldCaseRequest::default()
    };
    let unknown = HoldCaseRequest { reason: 99, ..hold(&unknown_case(), HoldReason::Parts) };
    let endless = ResumeCaseRequest { note: "长".repeat(1_001), ..Default::default() };

    let bad = desk.try_hold(bad).await.unwrap_err();
    let unknown = desk.try_hold(unknown).await.unwrap_err();
    let none = desk.try_hold(HoldCaseRequest { reason: 0, ..hold("", HoldReason::Parts) }).await.unwrap_err();
    let endless = desk.client().resume_case(endless).await.unwrap_err();

    assert_eq!(violations(&bad), ["request_id", "name", "etag", "note", "expected_time"]);
    assert_eq!(violations(&unknown), ["reason"]);
    assert_eq!(violations(&none), ["name", "reason"]);
    assert_eq!(violations(&endless), ["name", "note"]);
}

#[tokio::test]
async fn lists_show_what_is_on_hold_and_for_what() {
    let desk = Desk::open().await;
    let mut names = Vec::new();
    for _ in 0..3 {
        desk.hand.advance(SignedDuration::from_secs(1));
        names.push(desk.received(Kind::Fault, Handling::Dispatch).await.name);
    }
    desk.hold(&names[0], HoldReason::Payment).await;
    desk.hold(&names[2], HoldReason::Parts).await;
    let on_hold = ListCasesRequest { on_hold: true, ..ListCasesRequest::default() };
    let of = |reason: HoldReason| ListCasesRequest { hold_reason: reason.into(), ..Default::default() };

    assert_eq!(desk.listed(ListCasesRequest::default()).await.len(), 3);
    assert_eq!(desk.listed(on_hold.clone()).await, [names[2].clone(), names[0].clone()]);
    assert_eq!(desk.listed(of(HoldReason::Payment)).await, [names[0].clone()]);
    desk.try_resume(&names[0]).await.unwrap();
    assert_eq!(desk.listed(on_hold).await, [names[2].clone()]);
    assert!(desk.listed(of(HoldReason::Payment)).await.is_empty());
}

#[tokio::test]
async fn a_repeated_hold_is_one_spell_and_a_stale_etag_begins_none() {
    let desk = Desk::open().await;
    let case = desk.received(Kind::Fault, Handling::Dispatch).await;
    let request = HoldCaseRequest {
        etag: case.etag.clone(),
        request_id: request_id(),
        ..hold(&case.name, HoldReason::Payment)
    };

    let answers = join_all((0..8).map(|_| desk.try_hold(request.clone()))).await;
    let resumed = desk.try_resume(&case.name).await.unwrap();
    let stale = HoldCaseRequest { request_id: request_id(), ..request };
    let stale = desk.try_hold(stale).await.unwrap_err();

    let first = answers[0].as_ref().unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == first));
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(desk.case(&case.name).await, resumed);
    assert_eq!(desk.spells(&case.name).await, [("PAYMENT".to_owned(), true)]);
}

#[tokio::test]
async fn of_two_holds_at_once_one_begins() {
    let desk = Desk::open().await;
    let Case { name, .. } = desk.received(Kind::Fault, Handling::Dispatch).await;

    let answers = join_all((0..6).map(|_| desk.try_hold(hold(&name, HoldReason::Parts)))).await;

    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(desk.spells(&name).await, [("PARTS".to_owned(), false)]);
}

#[tokio::test]
async fn holds_are_told_with_their_reason_and_without_their_words() {
    let desk = Desk::open().await;
    let Case { name, .. } = desk.received(Kind::Fault, Handling::Dispatch).await;
    desk.hold(&name, HoldReason::Parts).await;
    desk.hand.advance(SignedDuration::from_secs(90));
    desk.try_resume(&name).await.unwrap();

    let told = desk.told().await;

    let facts = |event_type: &str| -> CaseFacts {
        let event = told.iter().find(|event| event.r#type == event_type).unwrap();
        assert_eq!(event.subject, name);
        event.data.as_ref().unwrap().to_msg().unwrap()
    };
    let (held_facts, resumed) = (facts("case.held"), facts("case.resumed"));
    assert_eq!((held_facts.hold_reason(), held_facts.hold_time), (HoldReason::Parts, Some(to_wire(START))));
    assert_eq!((resumed.hold_reason(), resumed.held_duration), (HoldReason::Unspecified, held(90)));
    assert!(!format!("{told:?}").contains("invoice"));
}

impl Desk {
    /// The spells of a case by their beginning: reason, and whether it is over.
    async fn spells(&self, case: &str) -> Vec<(String, bool)> {
        sqlx::query_as(
            "select reason, resumed_at is not null from intake.case_holds
             where case_id = $1::uuid order by held_at, hold_id",
        )
        .bind(case.trim_start_matches("cases/"))
        .fetch_all(self.pool())
        .await
        .unwrap()
    }
}
