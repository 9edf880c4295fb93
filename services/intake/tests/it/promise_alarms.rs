//! A promise about to be missed is escalated, and a missed one is told: once each, whoever runs and whoever was down (IN-12).

use jiff::SignedDuration;
use kexiang_proto::{
    event_v1::Event,
    intake_v1::{MakePromiseRequest, PromiseState},
};
use kexiang_rpc::time::to_wire;

use crate::{
    desk::Desk,
    promise::{facts, keep, minute, promise_about, reschedule},
    wire::acceptance,
};

/// Those events of a promise that nobody at the desk made.
async fn alarms(desk: &Desk, promise: &str) -> Vec<Event> {
    let mut events = desk.told_of(promise).await;
    events.retain(|event| ["promise.due_soon", "promise.missed"].contains(&event.r#type.as_str()));
    events
}

fn types(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.r#type.as_str()).collect()
}

#[tokio::test]
async fn a_promise_about_to_be_missed_is_escalated() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await.name;
    let due_time = Some(to_wire(minute(120)));
    let made = desk.promise(MakePromiseRequest { due_time, ..promise_about(&case) }).await;

    desk.hand.set(minute(105));
    let escalated = desk.until_escalated(&made.name, 1).await;

    assert_eq!((escalated.state(), escalated.escalation_role.as_str()), (PromiseState::Open, "supervisor"));
    assert_ne!(escalated.etag, made.etag);
    let events = alarms(&desk, &made.name).await;
    assert_eq!(types(&events), ["promise.due_soon"]);
    assert_eq!((events[0].time, events[0].actor.as_str()), (Some(to_wire(minute(105))), "services/intake"));
    let told = facts(&events[0]);
    assert_eq!((told.escalation_level, told.escalation_role.as_str(), told.late), (1, "supervisor", false));
    assert_eq!((told.due_time, told.owner.as_str()), (due_time, "agents/li.na"));
}

#[tokio::test]
async fn a_promise_missed_is_escalated() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await.name;
    let made = desk.promise(promise_about(&case)).await;
    desk.hand.set(minute(48));
    desk.until_escalated(&made.name, 1).await;

    desk.hand.set(minute(60));
    let missed = desk.until_escalated(&made.name, 2).await;

    assert_eq!((missed.state(), missed.miss_time), (PromiseState::Missed, made.due_time));
    let events = alarms(&desk, &made.name).await;
    assert_eq!(types(&events), ["promise.due_soon", "promise.missed"]);
    let told = facts(&events[1]);
    assert_eq!((told.miss_time, told.escalation_level, told.late), (made.due_time, 2, false));
}

#[tokio::test]
async fn two_replicas_tell_each_alarm_once() {
    let desk = Desk::open().await;
    let other = desk.replica(8).await;
    let case = desk.accept(acceptance()).await.name;
    let mut made = Vec::new();
    for _ in 0..150 {
        made.push(desk.promise(promise_about(&case)).await.name);
    }

    for minutes in [50, 60] {
        desk.hand.set(minute(minutes));
        other.hand.set(minute(minutes));
        let level = if minutes == 60 { 2 } else { 1 };
        for name in &made {
            desk.until_escalated(name, level).await;
        }
    }

    let events = desk.told().await;
    for name in &made {
        let told: Vec<_> = events.iter().filter(|event| event.subject == *name).cloned().collect();
        assert_eq!(types(&told), ["promise.made", "promise.due_soon", "promise.missed"]);
    }
}

#[tokio::test]
async fn what_was_due_while_nobody_ran_is_told_once_and_marked_late() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await.name;
    let made = desk.promise(promise_about(&case)).await;

    // As after a start two hours later: no poll saw the times between.
    desk.hand.set(minute(180));
    let missed = desk.until_escalated(&made.name, 2).await;
    desk.hand.advance(SignedDuration::from_hours(1));
    let next = desk
        .promise(MakePromiseRequest { due_time: Some(to_wire(minute(250))), ..promise_about(&case) })
        .await;
    desk.hand.set(minute(250));
    desk.until_escalated(&next.name, 2).await;

    let events = alarms(&desk, &made.name).await;
    assert_eq!(
        types(&events),
        ["promise.due_soon", "promise.missed"],
        "once, though the timer came by again"
    );
    assert!(events.iter().all(|event| facts(event).late));
    assert_eq!(events[1].time, Some(to_wire(minute(60))), "it happened when it was due");
    assert_eq!(events[1].record_time, Some(to_wire(minute(180))));
    assert_eq!(missed.miss_time, Some(to_wire(minute(60))));
}

#[tokio::test]
async fn what_is_kept_or_agreed_anew_rings_no_more_for_the_old_time() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await.name;
    let (kept, moved) = (desk.promise(promise_about(&case)).await, desk.promise(promise_about(&case)).await);
    desk.hand.set(minute(50));
    desk.until_escalated(&moved.name, 1).await;
    desk.until_escalated(&kept.name, 1).await;
    desk.promises().keep_promise(keep(&kept.name)).await.unwrap();
    let anew = desk.promises().reschedule_promise(reschedule(&moved.name, minute(150))).await.unwrap();
    let rings_last =
        desk.promise(MakePromiseRequest { due_time: Some(to_wire(minute(100))), ..promise_about(&case) });
    let rings_last = rings_last.await.name;

    desk.hand.set(minute(100));
    desk.until_escalated(&rings_last, 2).await;

    assert_eq!(anew.into_inner().escalation_level, 0);
    assert_eq!(desk.get_promise(&moved.name).await.state(), PromiseState::Open);
    assert_eq!(types(&alarms(&desk, &kept.name).await), ["promise.due_soon"]);
    assert_eq!(types(&alarms(&desk, &moved.name).await), ["promise.due_soon"]);
    desk.hand.set(minute(150));
    desk.until_escalated(&moved.name, 2).await;
    let told = ["promise.due_soon", "promise.due_soon", "promise.missed"];
    assert_eq!(types(&alarms(&desk, &moved.name).await), told);
}

#[tokio::test]
async fn after_its_sessions_were_killed_the_timer_goes_on() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await.name;
    let made = desk.promise(promise_about(&case)).await;

    desk.kill_sessions().await;
    desk.hand.set(minute(60));
    let told = tokio::time::timeout(crate::desk::PATIENCE, async {
        loop {
            let level = "select escalation_level from intake.promises";
            let level: i32 = sqlx::query_scalar(level).fetch_one(desk.pool()).await.unwrap();
            if level == 2 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    });
    told.await.expect("the timer goes on");

    assert_eq!(types(&alarms(&desk, &made.name).await), ["promise.due_soon", "promise.missed"]);
}
