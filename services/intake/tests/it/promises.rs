//! Promised callbacks: a time, an owner, and what became of it (IN-12).

use futures::future::join_all;
use kexiang_core::{PromiseId, Role};
use kexiang_proto::{
    intake_v1::{
        CaseState, GetPromiseRequest, KeepPromiseRequest, ListPromisesRequest, MakePromiseRequest, Promise,
        PromiseState,
    },
    type_v1::Kind,
};
use kexiang_rpc::{policy, time::to_wire};
use tonic::Code;

use crate::{
    desk::{Desk, START, unknown_case},
    promise::{facts, keep, minute, promise_about, reassign, reschedule, withdraw},
    wire::{acceptance, preconditions, refused, request_id, violations},
};

fn state_not_allowed() -> (Code, String) {
    (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned())
}

#[tokio::test]
async fn a_promise_has_a_time_and_an_owner_and_is_kept() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await;

    let made = desk.promise(promise_about(&case.name)).await;
    desk.hand.set(minute(20));
    let kept = KeepPromiseRequest { note: "works again".to_owned(), ..keep(&made.name) };
    let kept = desk.promises().keep_promise(kept).await.unwrap().into_inner();

    assert_eq!((made.state(), made.owner.as_str()), (PromiseState::Open, "agents/li.na"));
    assert_eq!((made.case, made.site), (case.name, case.site));
    assert_eq!(made.due_soon_time, Some(to_wire(minute(48))), "a fifth of an hour is less than 15 minutes");
    assert_eq!((kept.state(), kept.lateness_seconds), (PromiseState::Kept, 0));
    assert_eq!((kept.keep_time, kept.keep_note.as_str()), (Some(to_wire(minute(20))), "works again"));
    assert_eq!(desk.get_promise(&kept.name).await, kept);
    let told = desk.told_of(&kept.name).await;
    assert_eq!(
        told.iter().map(|event| event.r#type.as_str()).collect::<Vec<_>>(),
        ["promise.made", "promise.kept"]
    );
    let told = facts(&told[1]);
    assert_eq!((told.due_time, told.keep_time), (Some(to_wire(minute(60))), Some(to_wire(minute(20)))));
    assert_eq!((told.state(), told.owner.as_str()), (PromiseState::Kept, "agents/li.na"));
}

#[tokio::test]
async fn a_promise_that_is_kept_too_late_says_how_late_and_was_missed() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await;
    let made = desk.promise(promise_about(&case.name)).await;

    desk.hand.set(minute(70));
    let late = KeepPromiseRequest { contacted_time: Some(to_wire(minute(65))), ..keep(&made.name) };
    let late = desk.promises().keep_promise(late).await.unwrap().into_inner();

    assert_eq!((late.state(), late.lateness_seconds), (PromiseState::KeptLate, 300));
    assert_eq!(late.miss_time, Some(to_wire(minute(60))));
    let told = ["promise.made", "promise.due_soon", "promise.missed", "promise.kept"];
    assert_eq!(desk.types_told_of(&late.name).await, told);
    let events = desk.told_of(&late.name).await;
    assert_eq!(facts(&events[3]).lateness_seconds, 300);
}

#[tokio::test]
async fn another_time_and_another_owner_leave_the_old_ones_in_the_history() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await;
    let made = desk.promise(promise_about(&case.name)).await;

    let moved = desk.promises().reschedule_promise(reschedule(&made.name, minute(180))).await.unwrap();
    let given = desk.promises_of("boss").reassign_promise(reassign(&made.name, "agents/wang.wei")).await;
    let (moved, given) = (moved.into_inner(), given.unwrap().into_inner());

    assert_eq!(moved.due_soon_time, Some(to_wire(minute(165))));
    assert_eq!((given.due_time, given.owner.as_str()), (Some(to_wire(minute(180))), "agents/wang.wei"));
    assert_eq!(given.changes.len(), 2);
    assert_eq!(given.changes[0].previous_due_time, made.due_time);
    assert_eq!(given.changes[0].reason, "the customer has a meeting");
    assert_eq!(given.changes[1].previous_owner, "agents/li.na");
    assert_eq!((given.changes[1].agent.as_str(), given.changes[1].previous_due_time), ("agents/boss", None));
    assert_eq!(desk.get_promise(&made.name).await, given);
    assert_eq!(
        desk.types_told_of(&made.name).await,
        ["promise.made", "promise.rescheduled", "promise.reassigned"]
    );
}

#[tokio::test]
async fn what_is_over_stays_over() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await;
    let (kept, withdrawn) =
        (desk.promise(promise_about(&case.name)).await, desk.promise(promise_about(&case.name)).await);
    desk.promises().keep_promise(keep(&kept.name)).await.unwrap();
    let taken_back = desk.promises().withdraw_promise(withdraw(&withdrawn.name)).await.unwrap().into_inner();

    assert_eq!(taken_back.state(), PromiseState::Withdrawn);
    assert_eq!(taken_back.withdrawal_reason, "the customer called again");
    for name in [&kept.name, &withdrawn.name] {
        let mut client = desk.promises();
        let refusals = [
            client.keep_promise(keep(name)).await.unwrap_err(),
            client.reassign_promise(reassign(name, "agents/wang.wei")).await.unwrap_err(),
            client.reschedule_promise(reschedule(name, minute(90))).await.unwrap_err(),
            client.withdraw_promise(withdraw(name)).await.unwrap_err(),
        ];
        for refusal in refusals {
            assert_eq!(refused(&refusal), state_not_allowed());
            assert_eq!(preconditions(&refusal), [("STATE".to_owned(), name.clone())]);
        }
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await;
    let made = desk.promise(promise_about(&case.name)).await;
    let bad = MakePromiseRequest {
        case: "cases/first".to_owned(),
        kind: 7,
        due_time: Some(to_wire(START)),
        owner: "li.na".to_owned(),
        note: "x".repeat(1_001),
        request_id: "1".to_owned(),
    };
    let mut client = desk.promises();

    let making = client.make_promise(bad).await.unwrap_err();
    let nothing = client.make_promise(MakePromiseRequest::default()).await.unwrap_err();
    let keeping = KeepPromiseRequest {
        name: "1".to_owned(),
        contacted_time: Some(to_wire(minute(5))),
        etag: "x".to_owned(),
        ..KeepPromiseRequest::default()
    };
    let keeping = client.keep_promise(keeping).await.unwrap_err();
    let before = KeepPromiseRequest { contacted_time: Some(to_wire(minute(-5))), ..keep(&made.name) };
    let before = client.keep_promise(before).await.unwrap_err();
    let same = client.reassign_promise(reassign(&made.name, "agents/li.na")).await.unwrap_err();
    let past = client.reschedule_promise(reschedule(&made.name, minute(-1))).await.unwrap_err();
    let mut silent = withdraw(&made.name);
    silent.reason.clear();
    let silent = client.withdraw_promise(silent).await.unwrap_err();
    let list = ListPromisesRequest {
        owner: "x".to_owned(),
        case: "x".to_owned(),
        state: 9,
        page_size: -1,
        page_token: "x".to_owned(),
        ..ListPromisesRequest::default()
    };
    let list = client.list_promises(list).await.unwrap_err();

    assert_eq!(violations(&making), ["request_id", "case", "kind", "due_time", "owner", "note"]);
    assert_eq!(violations(&nothing), ["case", "kind", "due_time"]);
    assert_eq!(violations(&keeping), ["name", "etag", "contacted_time"]);
    assert_eq!(violations(&before), ["contacted_time"]);
    assert_eq!(violations(&same), ["owner"]);
    assert_eq!(violations(&past), ["due_time"]);
    assert_eq!(violations(&silent), ["reason"]);
    assert_eq!(violations(&list), ["owner", "case", "state", "page_size", "page_token"]);
    assert_eq!(desk.get_promise(&made.name).await, made, "nothing of it was done");
    assert_eq!(desk.types_told_of(&made.name).await, ["promise.made"]);
}

#[tokio::test]
async fn what_is_nowhere_is_not_found_and_about_a_closed_case_nothing_is_promised() {
    let desk = Desk::open().await;
    let name = PromiseId::at(START).name();
    let not_found = (Code::NotFound, "NOT_FOUND".to_owned());

    let got = desk.promises().get_promise(GetPromiseRequest { name: name.clone() }).await.unwrap_err();
    let kept = desk.promises().keep_promise(keep(&name)).await.unwrap_err();
    let made = desk.promises().make_promise(promise_about(&unknown_case())).await.unwrap_err();

    assert_eq!(
        [refused(&got), refused(&kept), refused(&made)],
        [not_found.clone(), not_found.clone(), not_found]
    );
    for state in [CaseState::Closed, CaseState::Archived, CaseState::Withdrawn] {
        let case = desk.case_in(state, Kind::Fault).await.name;
        let status = desk.promises().make_promise(promise_about(&case)).await.unwrap_err();
        assert_eq!(refused(&status), (Code::FailedPrecondition, "CASE_NOT_OPEN".to_owned()));
        assert_eq!(preconditions(&status), [("CASE".to_owned(), case)]);
    }
}

#[tokio::test]
async fn the_same_request_is_one_promise_with_one_answer() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await;
    let request = MakePromiseRequest { request_id: request_id(), ..promise_about(&case.name) };

    let answers = join_all((0..8).map(|_| desk.promise(request.clone()))).await;
    let other = MakePromiseRequest { note: "other".to_owned(), ..request };
    let other = desk.promises().make_promise(other).await.unwrap_err();
    let keeping = KeepPromiseRequest { request_id: request_id(), ..keep(&answers[0].name) };
    let kept = desk.promises().keep_promise(keeping.clone()).await.unwrap().into_inner();
    let again = desk.promises().keep_promise(keeping).await.unwrap().into_inner();

    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(refused(&other), (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
    assert_eq!(again, kept);
    assert_eq!(desk.types_told_of(&kept.name).await, ["promise.made", "promise.kept"]);
}

#[tokio::test]
async fn of_many_who_saw_the_same_promise_one_changes_it() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await;
    let made = desk.promise(promise_about(&case.name)).await;
    let seen = KeepPromiseRequest { etag: made.etag.clone(), ..keep(&made.name) };

    let answers = join_all((0..8).map(|_| {
        let (mut client, seen) = (desk.promises(), seen.clone());
        async move { client.keep_promise(seen).await }
    }))
    .await;

    let (done, refusals): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(done.len(), 1);
    for refusal in refusals {
        assert_eq!(refused(&refusal.unwrap_err()), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    }
}

#[tokio::test]
async fn a_list_goes_by_due_time_of_an_owner_a_case_a_state_or_what_is_due() {
    let desk = Desk::open().await;
    let (one, two) = (desk.accept(acceptance()).await.name, desk.accept(acceptance()).await.name);
    let due = async |case: &str, minutes: i64, owner: &str| {
        let (due_time, owner) = (Some(to_wire(minute(minutes))), owner.to_owned());
        desk.promise(MakePromiseRequest { due_time, owner, ..promise_about(case) }).await
    };
    let late = due(&one, 90, "").await;
    let soon = due(&two, 30, "agents/wang.wei").await;
    let middle = due(&one, 60, "agents/wang.wei").await;
    desk.promises().withdraw_promise(withdraw(&middle.name)).await.unwrap();
    let middle = desk.get_promise(&middle.name).await;
    let listed = async |request: ListPromisesRequest| -> Vec<Promise> {
        desk.promises().list_promises(request).await.unwrap().into_inner().promises
    };
    let all = ListPromisesRequest::default;

    let owner = "agents/wang.wei".to_owned();
    assert_eq!(listed(ListPromisesRequest { owner, ..all() }).await, [soon.clone(), middle.clone()]);
    assert_eq!(listed(ListPromisesRequest { case: one, ..all() }).await, [middle.clone(), late.clone()]);
    let state = PromiseState::Open.into();
    assert_eq!(listed(ListPromisesRequest { state, ..all() }).await, [soon.clone(), late.clone()]);
    let due_before_time = middle.due_time;
    let due = listed(ListPromisesRequest { due_before_time, ..all() }).await;
    assert_eq!(due, std::slice::from_ref(&soon));
    let mut request = ListPromisesRequest { page_size: 1, ..all() };
    let mut pages = Vec::new();
    loop {
        let page = desk.promises().list_promises(request.clone()).await.unwrap().into_inner();
        pages.extend(page.promises);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(pages, [soon, middle, late]);
}

#[tokio::test]
async fn words_of_people_are_not_in_the_log() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await;
    let made = desk.promise(promise_about(&case.name)).await;
    let mut client = desk.promises();
    client.reschedule_promise(reschedule(&made.name, minute(90))).await.unwrap();
    client.reassign_promise(reassign(&made.name, "agents/wang.wei")).await.unwrap();
    client.withdraw_promise(withdraw(&made.name)).await.unwrap();

    let rows =
        sqlx::query_scalar("select data::text from intake.event_log where subject = $1").bind(&made.name);
    let rows: Vec<String> = rows.fetch_all(desk.pool()).await.unwrap();

    assert_eq!(rows.len(), 4);
    for word in ["ask whether the line works", "the customer has a meeting", "goes home", "called again"] {
        assert!(!rows.iter().any(|row| row.contains(word)), "{word:?} is in the log");
    }
}

#[test]
fn promises_are_made_and_kept_at_the_desk() {
    let allows = |method: &str, role| {
        let path = format!("/kexiang.intake.v1.PromiseService/{method}");
        policy::access(&path).unwrap().allows([role].into_iter().collect())
    };

    for method in ["MakePromise", "KeepPromise", "ReassignPromise", "ReschedulePromise", "WithdrawPromise"] {
        assert!(allows(method, Role::Agent) && allows(method, Role::Supervisor), "{method}");
        assert!(!allows(method, Role::Technician) && !allows(method, Role::Customer), "{method}");
    }
    assert!(allows("ListPromises", Role::Manager) && !allows("ListPromises", Role::Customer));
}
