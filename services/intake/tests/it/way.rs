//! The way of a case from the first contact to the archive, at the desk and through dispatch (IN-10, IN-13, IN-17).

use jiff::SignedDuration;
use kexiang_proto::{
    intake_v1::{Case, CaseState, Handling},
    type_v1::{Channel, Kind, Satisfaction},
};
use kexiang_rpc::time::to_wire;

use crate::{
    desk::{Desk, START},
    reports::REPORT,
    verb::Verb,
    wire::{preconditions, refused},
};

#[tokio::test]
async fn the_desk_resolves_informs_closes_and_archives_without_a_work_order() {
    let desk = Desk::open().await;
    let Case { name, .. } = desk.received(Kind::Consultation, Handling::Desk).await;

    let resolved = desk.act(Verb::Resolve, &name).await;
    let informed = desk.act(Verb::Inform, &name).await;
    let closed = desk.act(Verb::Close, &name).await;
    let archived = desk.act(Verb::Archive, &name).await;

    assert_eq!((resolved.state(), resolved.resolved_at_desk), (CaseState::Resolved, true));
    assert_eq!(resolved.resolution, "plugged in again");
    assert_eq!((informed.state(), informed.inform_channel()), (CaseState::Informed, Channel::Hotline));
    assert_eq!(informed.inform_note, "told by phone");
    assert_eq!((closed.state(), archived.state()), (CaseState::Closed, CaseState::Archived));
    assert_eq!(archived.unit, "", "no work order");
    assert_eq!(desk.case(&name).await, archived);
}

#[tokio::test]
async fn what_the_desk_can_t_resolve_goes_to_dispatch() {
    let desk = Desk::open().await;
    let Case { name, .. } = desk.received(Kind::Consultation, Handling::Desk).await;

    let kept_from_dispatch = desk.dispatched(&name, 1).await;
    let at_desk = desk.case(&name).await;
    let requested = desk.act(Verb::Dispatch, &name).await;
    desk.dispatched(&name, 1).await;

    assert_eq!(kept_from_dispatch.r#type, "work_order.routed");
    assert_eq!((at_desk.state(), at_desk.handling()), (CaseState::Received, Handling::Desk));
    assert_eq!((requested.state(), requested.handling()), (CaseState::Received, Handling::Dispatch));
    assert_eq!(desk.case(&name).await.state(), CaseState::Dispatched);
}

#[tokio::test]
async fn a_fault_is_dispatched_resolved_informed_visited_closed_and_archived() {
    let desk = Desk::open().await;
    let Case { name, .. } = desk.received(Kind::Fault, Handling::Dispatch).await;
    let minute = SignedDuration::from_mins(1);

    desk.dispatched(&name, 1).await;
    let dispatched = desk.case(&name).await;
    desk.completed(&name, 1).await;
    let resolved = desk.case(&name).await;
    desk.hand.advance(minute);
    desk.act(Verb::Inform, &name).await;
    desk.hand.advance(minute);
    desk.visited(&name, 1, Some(Satisfaction::Satisfied)).await;
    let closed = desk.case(&name).await;
    let archived = desk.act(Verb::Archive, &name).await;

    assert_eq!((dispatched.state(), dispatched.unit.as_str()), (CaseState::Dispatched, "units/lines"));
    assert_eq!((resolved.state(), resolved.resolution.as_str()), (CaseState::Resolved, REPORT));
    assert_eq!((closed.state(), closed.satisfaction()), (CaseState::Closed, Satisfaction::Satisfied));
    assert_eq!(closed.inform_time, Some(to_wire(START + minute)));
    assert_eq!(closed.close_time, Some(to_wire(START + minute * 2)));
    assert_eq!(archived.state(), CaseState::Archived);
}

#[tokio::test]
async fn complaints_and_faults_do_not_close_before_their_return_visit() {
    let desk = Desk::open().await;
    for kind in [Kind::Complaint, Kind::Fault] {
        let Case { name, .. } = desk.case_in(CaseState::Informed, kind).await;

        let status = desk.try_act(Verb::Close, &name, Default::default()).await.unwrap_err();

        let reason = (tonic::Code::FailedPrecondition, "RETURN_VISIT_REQUIRED".to_owned());
        assert_eq!(refused(&status), reason);
        assert_eq!(preconditions(&status), [("RETURN_VISIT".to_owned(), name.clone())]);
        assert_eq!(desk.case(&name).await.state(), CaseState::Informed);
    }
}

#[tokio::test]
async fn a_satisfied_answer_or_exhausted_attempts_close_the_case() {
    let desk = Desk::open().await;
    let answers =
        [None, Some(Satisfaction::Neutral), Some(Satisfaction::Satisfied), Some(Satisfaction::VerySatisfied)];
    for answer in answers {
        let Case { name, .. } = desk.case_in(CaseState::Informed, Kind::Complaint).await;

        desk.visited(&name, 1, answer).await;

        let case = desk.case(&name).await;
        assert_eq!((case.state(), case.satisfaction()), (CaseState::Closed, answer.unwrap_or_default()));
    }
}

#[tokio::test]
async fn a_dissatisfied_answer_reopens_the_case() {
    let desk = Desk::open().await;
    for answer in [Satisfaction::Dissatisfied, Satisfaction::VeryDissatisfied] {
        let informed = desk.case_in(CaseState::Informed, Kind::Complaint).await;

        desk.visited(&informed.name, 1, Some(answer)).await;

        let case = desk.case(&informed.name).await;
        assert_eq!((case.state(), case.handling()), (CaseState::Received, Handling::Dispatch));
        assert_eq!((case.satisfaction(), case.reopen_count), (answer, 1));
        assert!(!case.reason.is_empty());
        assert_eq!((case.resolve_time, case.inform_time), (None, None));
        assert_eq!(case.first_resolve_time, informed.first_resolve_time);
    }
}

#[tokio::test]
async fn an_order_of_an_earlier_attempt_changes_nothing() {
    let desk = Desk::open().await;
    let Case { name, .. } = desk.case_in(CaseState::Resolved, Kind::Fault).await;
    let reopened = desk.act(Verb::Reopen, &name).await;

    desk.dispatched(&name, 1).await;
    desk.completed(&name, 1).await;
    let after_the_old_order = desk.case(&name).await;
    desk.dispatched(&name, 2).await;
    desk.completed(&name, 1).await;
    let after_the_new_one = desk.case(&name).await;

    assert_eq!(after_the_old_order, reopened);
    assert_eq!(after_the_new_one.state(), CaseState::Dispatched);
}

#[tokio::test]
async fn a_reopened_case_goes_the_whole_way_again() {
    let desk = Desk::open().await;
    let Case { name, first_resolve_time, .. } = desk.case_in(CaseState::Closed, Kind::Complaint).await;

    desk.hand.advance(SignedDuration::from_hours(1));
    let reopened = desk.act(Verb::Reopen, &name).await;
    desk.dispatched(&name, 2).await;
    desk.completed(&name, 2).await;
    desk.act(Verb::Inform, &name).await;
    desk.visited(&name, 1, Some(Satisfaction::Dissatisfied)).await;
    let after_the_old_visit = desk.case(&name).await;
    desk.visited(&name, 2, Some(Satisfaction::Satisfied)).await;

    assert_eq!(
        after_the_old_visit.state(),
        CaseState::Informed,
        "an answer of the first life changes nothing"
    );
    assert_eq!((reopened.reopen_count, reopened.close_time), (1, None));
    let closed = desk.case(&name).await;
    assert_eq!((closed.state(), closed.reopen_count), (CaseState::Closed, 1));
    assert_eq!(closed.first_resolve_time, first_resolve_time);
}

#[tokio::test]
async fn a_withdrawn_case_stays_withdrawn_whatever_dispatch_still_tells() {
    let desk = Desk::open().await;
    let withdrawn = desk.case_in(CaseState::Withdrawn, Kind::Fault).await;

    desk.completed(&withdrawn.name, 1).await;
    desk.visited(&withdrawn.name, 1, Some(Satisfaction::Dissatisfied)).await;

    assert_eq!(withdrawn.reason, "the customer asked for it");
    assert_eq!(desk.case(&withdrawn.name).await, withdrawn);
}

#[tokio::test]
async fn events_that_come_again_change_nothing() {
    let desk = Desk::open().await;
    let closed = desk.case_in(CaseState::Closed, Kind::Fault).await;

    sqlx::query("update intake.consumer_cursors set position = ''").execute(desk.pool()).await.unwrap();
    desk.dispatch.go_down();
    desk.dispatch.come_back();
    desk.all_taken_in().await;

    assert_eq!(desk.case(&closed.name).await, closed);
}

#[tokio::test]
async fn a_clock_that_was_set_back_stops_no_case() {
    let desk = Desk::open().await;
    let Case { name, accept_time, .. } = desk.received(Kind::Consultation, Handling::Desk).await;
    desk.hand.set(START - SignedDuration::from_mins(10));

    desk.act(Verb::Resolve, &name).await;
    desk.act(Verb::Inform, &name).await;
    let closed = desk.act(Verb::Close, &name).await;

    assert_eq!((closed.resolve_time, closed.close_time), (accept_time, accept_time));
}
