//! The life of a call: by hand, and under any permutation and repetition of its events (IN-4, IN-5).

use kexiang_core::AgentId;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, proptest};

use super::{CallEventKind::*, *};
use crate::domain::desk::AgentState;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn event(nr: usize, kind: CallEventKind, second: i64, agent: &str) -> CallEvent {
    CallEvent {
        source: "pbx".into(),
        event_id: format!("e{nr}"),
        kind,
        event_at: at(second),
        agent: (!agent.is_empty()).then(|| AgentId::parse(agent).unwrap()),
        caller_phone: None,
        called_number: None,
        channel: None,
        language: None,
    }
}

fn life(told: &[(CallEventKind, i64, &str)]) -> Life {
    let events: Vec<_> =
        told.iter().enumerate().map(|(nr, (kind, second, agent))| event(nr, *kind, *second, agent)).collect();
    Life::of(&events, 15).unwrap()
}

fn reasons(life: &Life) -> Vec<AnomalyReason> {
    life.anomalies.iter().map(|anomaly| anomaly.reason).collect()
}

#[test]
fn every_part_of_an_answered_call_is_measured() {
    let life = life(&[
        (Offered, 0, ""),
        (Queued, 5, ""),
        (Ringing, 25, "a"),
        (Answered, 31, "a"),
        (Held, 61, ""),
        (Retrieved, 71, ""),
        (Ended, 100, ""),
        (WrappedUp, 130, ""),
    ]);

    let timing = Timing { ring: Some(6.0), wait: Some(20.0), talk: Some(59.0), wrap_up: Some(30.0) };
    assert_eq!((life.timing, life.hold), (timing, Some(10.0)));
    assert_eq!((life.state, life.outcome), (CallState::WrappedUp, Some(CallOutcome::Answered)));
    assert!(life.answered_in_time && life.anomalies.is_empty());
}

#[test]
fn fifteen_seconds_of_ringing_are_in_time_and_sixteen_are_not() {
    let rang = |seconds| life(&[(Ringing, 0, "a"), (Answered, seconds, "a")]).answered_in_time;

    assert_eq!((rang(15), rang(16)), (true, false));
    assert!(!life(&[(Ringing, 0, "a"), (Abandoned, 3, "")]).answered_in_time, "nobody answered");
}

#[test]
fn ringing_at_one_agent_after_another_adds_up() {
    let life = life(&[(Ringing, 0, "a"), (Ringing, 10, "b"), (Answered, 16, "b")]);

    assert_eq!((life.timing.ring, life.answered_in_time), (Some(16.0), false));
    assert_eq!(life.agent, Some(AgentId::parse("b").unwrap()));
}

#[test]
fn an_abandoned_call_stays_abandoned_when_its_end_is_told_too() {
    let life = life(&[(Offered, 0, ""), (Queued, 1, ""), (Abandoned, 9, ""), (Ended, 10, "")]);

    assert_eq!((life.state, life.outcome), (CallState::Abandoned, Some(CallOutcome::Abandoned)));
    assert_eq!((life.timing.wait, life.ended_at), (Some(8.0), Some(at(9))));
    assert!(life.anomalies.is_empty());
}

#[test]
fn what_contradicts_is_named_and_changes_nothing_else() {
    let after_end = life(&[(Ended, 5, ""), (Answered, 6, "a"), (Held, 7, "")]);
    let not_held = life(&[(Answered, 0, "a"), (Retrieved, 4, ""), (Ended, 9, "")]);
    let gave_up = life(&[(Answered, 0, "a"), (Abandoned, 4, "")]);

    assert_eq!(reasons(&after_end), [AnomalyReason::AfterEnd; 2]);
    assert_eq!(after_end.outcome, Some(CallOutcome::Unanswered));
    assert_eq!((reasons(&not_held), not_held.timing.talk), (vec![AnomalyReason::OutOfPlace], Some(9.0)));
    assert_eq!(reasons(&gave_up), [AnomalyReason::AbandonedAfterAnswer]);
    assert_eq!((gave_up.state, gave_up.outcome), (CallState::Ended, Some(CallOutcome::Answered)));
}

#[test]
fn who_hands_a_call_on_wraps_up_by_themselves() {
    let life = life(&[
        (Answered, 0, "a"),
        (Transferred, 10, "b"),
        (WrappedUp, 14, "a"),
        (Ended, 30, ""),
        (WrappedUp, 33, "b"),
    ]);

    let spans: Vec<_> = life
        .spans
        .iter()
        .map(|span| (span.agent.as_ref().unwrap().as_str(), span.state.unwrap(), span.until.unwrap()))
        .collect();
    let expected = [
        ("a", AgentState::Talking, at(10)),
        ("a", AgentState::WrapUp, at(14)),
        ("b", AgentState::Talking, at(30)),
        ("b", AgentState::WrapUp, at(33)),
    ];
    assert_eq!(spans, expected);
    assert_eq!((life.timing.wrap_up, life.anomalies.len()), (Some(7.0), 0));
}

#[test]
fn a_blind_transfer_rings_before_the_next_agent_talks() {
    let life = life(&[
        (Answered, 0, "a"),
        (Transferred, 10, "b"),
        (Ringing, 10, "b"),
        (Answered, 15, "b"),
        (Ended, 20, ""),
    ]);

    assert_eq!((life.timing.talk, life.hold), (Some(15.0), Some(5.0)));
    assert!(life.anomalies.is_empty(), "of one time, it is handed on first");
}

fn events() -> impl Strategy<Value = Vec<CallEvent>> {
    let one = (0..CallEventKind::ALL.len(), 0..12_i64, 0..3_usize);
    proptest::collection::vec(one, 1..14).prop_map(|told| {
        let kinds = told.into_iter().enumerate();
        kinds
            .map(|(nr, (kind, second, agent))| {
                event(nr, CallEventKind::ALL[kind], second, ["a", "b", "c"][agent])
            })
            .collect()
    })
}

/// The same events in another order, some of them twice.
fn told_twice_in_disorder() -> impl Strategy<Value = (Vec<CallEvent>, Vec<CallEvent>)> {
    events().prop_flat_map(|events| {
        let twice = proptest::collection::vec(any::<bool>(), events.len());
        (Just(events), twice).prop_flat_map(|(events, twice)| {
            let again = events.iter().zip(twice).filter(|(_, twice)| *twice).map(|(event, _)| event.clone());
            let told: Vec<_> = events.iter().cloned().chain(again).collect();
            (Just(events), Just(told).prop_shuffle())
        })
    })
}

proptest! {
    #[test]
    fn any_order_and_repetition_of_the_events_gives_the_same_call(
        (events, told) in told_twice_in_disorder(),
    ) {
        prop_assert_eq!(Life::of(&events, 15), Life::of(&told, 15));
    }

    #[test]
    fn no_event_is_lost_and_no_time_counts_twice(events in events()) {
        let life = Life::of(&events, 15).unwrap();

        let last = events.iter().map(|event| event.event_at).max().unwrap();
        let first = events.iter().map(|event| event.event_at).min().unwrap();
        prop_assert_eq!(life.offered_at, first);
        prop_assert!(life.anomalies.len() <= events.len());
        let until = life.ended_at.unwrap_or(last);
        let parts = life.timing.ring.unwrap_or(0.0) + life.timing.wait.unwrap_or(0.0)
            + life.timing.talk.unwrap_or(0.0) + life.hold.unwrap_or(0.0);
        prop_assert!(parts <= (until.as_second() - first.as_second()) as f64);
        prop_assert_eq!(life.outcome.is_some(), life.ended_at.is_some());
        prop_assert_eq!(life.outcome == Some(CallOutcome::Answered), life.answered_at.is_some() && life.ended_at.is_some());
        for span in &life.spans {
            prop_assert!(span.until.is_none_or(|until| span.from < until));
        }
    }
}
