//! Random histories never break the invariants of a case (IN-17).

use kexiang_core::HoldReason;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn accepted(kind: Kind, handling: Handling, history: Option<History>) -> Case {
    let new = NewCase {
        kind,
        category: "line.dead".into(),
        title: "No dial tone".into(),
        description: None,
        district: None,
        address: None,
        severity: Severity::Normal,
        handling,
        external_reference: None,
        history,
        category_edition: None,
    };
    let opening = Opening {
        site: SiteId::parse("main").unwrap(),
        contact: ContactId::at(at(0)),
        channel: Channel::Hotline,
        number: "C-1".into(),
        accepted_at: at(0),
        agent: None,
        now: at(0),
    };
    new.accept(CaseId::at(at(0)), opening)
}

fn transitions() -> impl Strategy<Value = Transition> {
    let text = || "words".to_owned();
    prop_oneof![
        any::<bool>().prop_map(|_| Transition::RequestDispatch),
        any::<bool>().prop_map(|_| Transition::Dispatch { unit: None }),
        any::<bool>().prop_map(move |_| Transition::ResolveAtDesk { resolution: text() }),
        (0..1000_i64).prop_map(move |second| Transition::Resolve { resolution: text(), at: at(second - 10) }),
        any::<bool>().prop_map(|_| Transition::Inform { channel: Channel::Hotline, note: None }),
        any::<bool>().prop_map(|_| Transition::Visit { satisfaction: Some(Satisfaction::Satisfied) }),
        any::<bool>().prop_map(|_| Transition::Close),
        any::<bool>().prop_map(|_| Transition::Archive),
        any::<bool>().prop_map(move |_| Transition::Withdraw { reason: text() }),
        any::<bool>().prop_map(move |_| Transition::Reopen { reason: text() }),
        any::<bool>().prop_map(|_| Transition::Hold {
            reason: HoldReason::Parts,
            note: None,
            expected_at: None
        }),
        any::<bool>().prop_map(|_| Transition::Resume { note: None }),
    ]
}

proptest! {
    #[test]
    fn no_history_skips_a_step(
        kind in 0..Kind::ALL.len(),
        desk in any::<bool>(),
        history in proptest::collection::vec((any::<bool>(), transitions()), 0..60),
    ) {
        use CaseState::{Archived, Closed, Dispatched, Informed, Received, Resolved, Visited, Withdrawn};
        let kind = Kind::ALL[kind];
        let mut case = accepted(kind, if desk { Handling::Desk } else { Handling::Dispatch }, None);
        for (step, (by_person, transition)) in history.iter().enumerate() {
            let before = case.clone();
            let now = at(i64::try_from(step).unwrap());
            let outcome =
                if *by_person { case.apply_by_person(transition, now) } else { case.apply(transition, now) };
            if outcome.is_err() {
                prop_assert_eq!(&case, &before, "a refused transition changes nothing");
                continue;
            }
            let legal = matches!(
                (before.state, case.state),
                (Received, Received | Dispatched | Resolved | Withdrawn)
                    | (Dispatched, Dispatched | Resolved | Withdrawn)
                    | (Resolved, Informed | Received)
                    | (Informed, Visited | Closed | Received)
                    | (Visited, Closed | Received)
                    | (Closed, Archived | Received)
            );
            let holds = matches!(transition, Transition::Hold { .. } | Transition::Resume { .. });
            let legal = if holds { before.state == case.state } else { legal };
            prop_assert!(legal, "{:?} to {:?}", before.state, case.state);
            prop_assert!(!(before.state == Informed && case.state == Closed && kind.requires_return_visit()));
            prop_assert_eq!(case.version, before.version + 1);
            let resolved = matches!(case.state, Resolved | Informed | Visited | Closed | Archived);
            prop_assert_eq!(case.resolved_at.is_some(), resolved);
            prop_assert_eq!(case.closed_at.is_some(), matches!(case.state, Closed | Archived));
            prop_assert!(case.resolved_at.is_none_or(|resolved_at| resolved_at >= case.accepted_at));
            prop_assert!(case.hold.is_none() || case.state.is_open(), "what is over waits for nothing");
            prop_assert!(case.held_seconds >= before.held_seconds);
            if before.hold.is_some() && *by_person {
                prop_assert!(case.hold.is_none(), "people can only resume or withdraw it");
            }
            if before.first_resolved_at.is_some() {
                prop_assert_eq!(case.first_resolved_at, before.first_resolved_at, "set once");
            }
        }
    }
}

proptest! {
    /// IN-13: whoever does what in which order, a complaint is closed only after an answer or exhausted attempts in the same
    /// life; one brought over closed was closed elsewhere, and has to be visited once it is reopened.
    #[test]
    fn no_sequence_closes_a_complaint_without_its_return_visit(
        desk in any::<bool>(),
        brought_over in proptest::option::of(any::<bool>()),
        history in proptest::collection::vec((any::<bool>(), transitions()), 0..80),
    ) {
        let closed_at = brought_over.map(|is_closed| is_closed.then(|| at(0)));
        let elsewhere = closed_at.map(|closed_at| History { closed_at, resolution: None });
        let mut case = accepted(Kind::Complaint, if desk { Handling::Desk } else { Handling::Dispatch }, elsewhere);
        let mut is_visited = false;
        for (step, (by_person, transition)) in history.iter().enumerate() {
            let now = at(i64::try_from(step).unwrap());
            let before = case.state;
            let outcome =
                if *by_person { case.apply_by_person(transition, now) } else { case.apply(transition, now) };
            if outcome.is_err() {
                continue;
            }
            match transition {
                Transition::Visit { .. } => is_visited = true,
                Transition::Reopen { .. } => is_visited = false,
                _ => {}
            }
            if case.state == CaseState::Closed && before != CaseState::Closed {
                prop_assert!(is_visited, "closed from {:?} by {:?}", before, transition);
            }
        }
    }
}

#[test]
fn the_time_on_hold_is_that_of_all_spells() {
    let mut case = accepted(Kind::Fault, Handling::Dispatch, None);
    let hold = Transition::Hold { reason: HoldReason::Payment, note: None, expected_at: None };

    case.apply(&hold, at(10)).unwrap();
    case.apply(&Transition::Resume { note: None }, at(40)).unwrap();
    case.apply(&hold, at(100)).unwrap();
    case.apply(&Transition::Withdraw { reason: "moved away".into() }, at(105)).unwrap();

    assert_eq!((case.held_seconds, case.hold), (35.0, None));
}

#[test]
fn a_clock_set_back_takes_no_time_off_a_hold() {
    let mut case = accepted(Kind::Fault, Handling::Dispatch, None);
    let hold = Transition::Hold { reason: HoldReason::Payment, note: None, expected_at: None };
    case.apply(&hold, at(10)).unwrap();

    case.apply(&Transition::Resume { note: None }, at(5)).unwrap();

    assert!((case.held_seconds - 0.0).abs() < f64::EPSILON);
}

#[test]
fn a_case_brought_over_closed_starts_closed_with_its_times() {
    let history = History { closed_at: Some(at(60)), resolution: Some("done".into()) };

    let case = accepted(Kind::Fault, Handling::Dispatch, Some(history));

    assert_eq!(
        (case.state, case.resolved_at, case.closed_at),
        (CaseState::Closed, Some(at(60)), Some(at(60)))
    );
}

#[test]
fn a_dispatched_case_is_not_resolved_at_the_desk() {
    let mut case = accepted(Kind::Consultation, Handling::Dispatch, None);

    let refused = case.apply(&Transition::ResolveAtDesk { resolution: "done".into() }, at(1));

    assert_eq!(
        refused,
        Err(TransitionError::State { state: CaseState::Received, needed: "RECEIVED with handling DESK" })
    );
}
