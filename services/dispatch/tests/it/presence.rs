//! DI-2: breaks and the four reasons not to receive, the day's sign-in order, shifts.

use jiff::SignedDuration;
use kexiang_core::Role;
use kexiang_proto::dispatch_v1::{
    Absence, CancelShiftRequest, EndAbsenceRequest, ListShiftsRequest, ListSignInsRequest, Presence,
    ScheduleShiftRequest, ShiftState, SignOutRequest, StartAbsenceRequest, WorkOrderState,
    candidate::Outcome,
};
use kexiang_rpc::{refusal::reason, time};
use tonic::Code;

use crate::{
    case_facts::{accepted, fault, opening},
    center::Center,
};

fn start(agent: &str, absence: Absence) -> StartAbsenceRequest {
    StartAbsenceRequest { name: format!("agents/{agent}"), absence: absence.into(), ..Default::default() }
}

#[tokio::test]
async fn who_does_not_receive_gets_nothing_for_any_of_the_reasons_until_they_are_back_di_2() {
    let center = Center::open_with(&[("li.na", 50)]).await;
    let mut li_na = center.presence("li.na", &[Role::Technician]);
    let reasons =
        [Absence::Break, Absence::InTraining, Absence::Unwell, Absence::OtherDuty, Absence::Leaving];
    for (nr, absence) in (1_u32..).zip(reasons) {
        li_na.start_absence(start("li.na", absence)).await.unwrap();
        let case = fault(nr);
        center.take_in(accepted(std::slice::from_ref(&case))).await;
        let waiting = center.order_of(&case).await;
        assert_eq!(waiting.state(), WorkOrderState::Queued, "{absence:?}");
        let considered = center.assignments(&waiting).await.remove(0).candidates.remove(0);
        assert_eq!(considered.outcome(), Outcome::Absent);

        let back = EndAbsenceRequest { name: "agents/li.na".to_owned(), ..Default::default() };
        let agent = li_na.end_absence(back).await.unwrap().into_inner();

        assert_eq!((agent.absence(), agent.open_orders), (Absence::Unspecified, i32::try_from(nr).unwrap()));
    }
    let told = center.told_of("agents/li.na").await;
    assert_eq!(told[..3], ["agent.signed_in", "agent.absence_started", "agent.absence_ended"]);
}

#[tokio::test]
async fn agents_say_it_of_themselves_only_and_only_when_signed_in_di_2() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    center.create_agent("out", "grid-1", 5).await;
    let mut wang_wei = center.presence("wang.wei", &[Role::Agent]);
    let mut dispatcher = center.presence("chen.jie", &[Role::Dispatcher]);

    let others = wang_wei.start_absence(start("li.na", Absence::Break)).await.unwrap_err();
    let signed_out = dispatcher.start_absence(start("out", Absence::Unwell)).await.unwrap_err();
    let nothing = dispatcher.start_absence(start("li.na", Absence::Unspecified)).await.unwrap_err();
    dispatcher.start_absence(start("li.na", Absence::Leaving)).await.unwrap();

    assert_eq!((others.code(), reason(&others).as_str()), (Code::PermissionDenied, "NOT_YOURSELF"));
    assert_eq!(
        (signed_out.code(), reason(&signed_out).as_str()),
        (Code::FailedPrecondition, "NOT_SIGNED_IN")
    );
    assert_eq!(nothing.code(), Code::InvalidArgument);
    assert_eq!(center.get_agent("li.na").await.absence(), Absence::Leaving);
}

#[tokio::test]
async fn the_first_sign_in_of_a_day_of_the_site_makes_the_order_di_2() {
    let center = Center::open_with(&[("zhang", 5), ("li", 5)]).await;
    let name = "agents/zhang".to_owned();
    center.dispatcher().sign_out(SignOutRequest { name, ..Default::default() }).await.unwrap();
    center.clock.advance(SignedDuration::from_mins(1));
    center.sign_in("zhang").await;
    let request = |day: &str| ListSignInsRequest {
        unit: "units/grid-1".to_owned(),
        day: day.to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        page_size: 1,
        ..Default::default()
    };
    let mut presence = center.presence("chen.jie", &[Role::Dispatcher]);

    let first = presence.list_sign_ins(request("2026-11-22")).await.unwrap().into_inner();
    let token = first.next_page_token.clone();
    let second = ListSignInsRequest { page_token: token, ..request("2026-11-22") };
    let second = presence.list_sign_ins(second).await.unwrap().into_inner();
    let tomorrow = presence.list_sign_ins(request("2026-11-23")).await.unwrap().into_inner();
    let bad = presence.list_sign_ins(request("today")).await.unwrap_err();

    assert_eq!((first.sign_ins[0].agent.as_str(), first.sign_ins[0].position), ("agents/zhang", 1));
    assert_eq!((second.sign_ins[0].agent.as_str(), second.sign_ins[0].position), ("agents/li", 2));
    assert!(second.next_page_token.is_empty() && tomorrow.sign_ins.is_empty());
    assert_eq!(bad.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn the_end_of_a_shift_signs_out_who_has_no_other_one_di_2() {
    let center = Center::open_with(&[("li.na", 5), ("wang.wei", 5)]).await;
    let mut presence = center.presence("chen.jie", &[Role::Dispatcher]);
    let shift = |agent: &str, from: i64, until: i64| {
        let at = |hour| time::to_wire(opening() + SignedDuration::from_hours(hour));
        let agent = format!("agents/{agent}");
        let (start_time, end_time) = (Some(at(from)), Some(at(until)));
        ScheduleShiftRequest { agent, start_time, end_time, ..Default::default() }
    };
    presence.schedule_shift(shift("li.na", 0, 4)).await.unwrap();
    presence.schedule_shift(shift("wang.wei", 0, 4)).await.unwrap();
    presence.schedule_shift(shift("wang.wei", 4, 8)).await.unwrap();
    let overlapping = presence.schedule_shift(shift("wang.wei", 7, 9)).await.unwrap_err();
    let backwards = presence.schedule_shift(shift("wang.wei", 9, 9)).await.unwrap_err();

    center.clock.advance(SignedDuration::from_hours(4));

    let signed_out = async || center.get_agent("li.na").await.presence() == Presence::SignedOut;
    center.eventually("the shift ends", signed_out).await;
    let list = ListShiftsRequest { agent: "agents/wang.wei".to_owned(), ..Default::default() };
    let ended = async || {
        let mut presence = center.presence("chen.jie", &[Role::Dispatcher]);
        let shifts = presence.list_shifts(list.clone()).await.unwrap().into_inner().shifts;
        shifts[0].state() == ShiftState::Ended
    };
    center.eventually("the other shift ends", ended).await;
    assert_eq!(center.get_agent("wang.wei").await.presence(), Presence::SignedIn);
    assert_eq!(reason(&overlapping), "SHIFT_OVERLAPS");
    assert_eq!(backwards.code(), Code::InvalidArgument);
    let shifts = presence.list_shifts(list).await.unwrap().into_inner().shifts;
    let cancel = |at: usize| CancelShiftRequest { name: shifts[at].name.clone(), ..Default::default() };
    let cancelled = presence.cancel_shift(cancel(1)).await.unwrap().into_inner();
    assert_eq!(cancelled.state(), ShiftState::Cancelled);
    assert_eq!(reason(&presence.cancel_shift(cancel(0)).await.unwrap_err()), "STATE_NOT_ALLOWED");
}
