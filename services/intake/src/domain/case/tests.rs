//! Random histories never break the invariants of a case (IN-17).

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
    ]
}

proptest! {
    #[test]
    fn no_history_skips_a_step(
        kind in 0..Kind::ALL.len(),
        desk in any::<bool>(),
        history in proptest::collection::vec(transitions(), 0..60),
    ) {
        use CaseState::{Archived, Closed, Dispatched, Informed, Received, Resolved, Visited, Withdrawn};
        let kind = Kind::ALL[kind];
        let mut case = accepted(kind, if desk { Handling::Desk } else { Handling::Dispatch }, None);
        for (step, transition) in history.iter().enumerate() {
            let before = case.clone();
            let outcome = case.apply(transition, at(i64::try_from(step).unwrap()));
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
            prop_assert!(legal, "{:?} to {:?}", before.state, case.state);
            prop_assert!(!(before.state == Informed && case.state == Closed && kind.requires_return_visit()));
            prop_assert_eq!(case.version, before.version + 1);
            let resolved = matches!(case.state, Resolved | Informed | Visited | Closed | Archived);
            prop_assert_eq!(case.resolved_at.is_some(), resolved);
            prop_assert_eq!(case.closed_at.is_some(), matches!(case.state, Closed | Archived));
            prop_assert!(case.resolved_at.is_none_or(|resolved_at| resolved_at >= case.accepted_at));
            if before.first_resolved_at.is_some() {
                prop_assert_eq!(case.first_resolved_at, before.first_resolved_at, "set once");
            }
        }
    }
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
