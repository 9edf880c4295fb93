//! Random lives of a case and its handovers never break the invariants of the first responsibility (IN-11).

use kexiang_core::{Channel, ContactId, Kind, Roles, Severity, SiteId};
use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::*;
use crate::domain::{Handling, NewCase, Transition, case::Opening};

const AGENTS: [&str; 3] = ["li.na", "sun.yu", "he.jun"];

/// Somebody does something.
#[derive(Debug, Clone)]
enum Step {
    Offers { by: usize, to: usize },
    Ends { by: usize, end: HandoverEnd },
    Case(Transition),
}

fn agent(nr: usize) -> AgentId {
    AgentId::parse(AGENTS[nr]).unwrap()
}

/// The last of the agents is a supervisor.
fn call(nr: usize) -> Call {
    let role = if nr == 2 { Role::Supervisor } else { Role::Agent };
    let roles = Roles::of(&[role]);
    Call { actor: Actor::Agent(agent(nr)), roles, request: None, cause: None, traceparent: None }
}

fn step() -> impl Strategy<Value = Step> {
    let end = prop_oneof![
        3 => Just(HandoverEnd::Accept),
        1 => Just(HandoverEnd::Decline("no".to_owned())),
        1 => Just(HandoverEnd::Withdraw),
    ];
    let transition = prop_oneof![
        Just(Transition::ResolveAtDesk { resolution: "done".to_owned() }),
        Just(Transition::Inform { channel: Channel::Hotline, note: None }),
        Just(Transition::Reopen { reason: "again".to_owned() }),
        Just(Transition::Dispatch { unit: None }),
    ];
    prop_oneof![
        3 => (0..3_usize, 0..3_usize).prop_map(|(by, to)| Step::Offers { by, to }),
        3 => (0..3_usize, end).prop_map(|(by, end)| Step::Ends { by, end }),
        1 => transition.prop_map(Step::Case),
    ]
}

fn accepted(now: Timestamp) -> Case {
    let new = NewCase {
        kind: Kind::Consultation,
        category: "line".into(),
        title: "Line".into(),
        description: None,
        district: None,
        address: None,
        severity: Severity::Normal,
        handling: Handling::Desk,
        external_reference: None,
        history: None,
        category_edition: None,
    };
    let opening = Opening {
        site: SiteId::parse("main").unwrap(),
        contact: ContactId::at(now),
        channel: Channel::Hotline,
        number: "C-1".into(),
        accepted_at: now,
        agent: Some(agent(0)),
        now,
    };
    new.accept(CaseId::at(now), opening)
}

proptest! {
    #[test]
    fn the_responsibility_passes_by_the_new_agents_acceptance_alone(
        steps in proptest::collection::vec(step(), 0..60),
    ) {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let mut case = accepted(now);
        let mut handovers: Vec<Handover> = Vec::new();
        for step in steps {
            let before = case.first_responsible_agent.clone();
            let mut passed_to = None;
            match &step {
                Step::Offers { by, to } => {
                    let new = NewHandover { case: case.id, to: agent(*to), reason: "shift".into() };
                    let open = handovers.iter().find(|found| found.state == HandoverState::Offered);
                    let open = open.map(|open| open.id);
                    handovers.extend(new.offer(&case, open, &call(*by), now));
                }
                Step::Ends { by, end } => {
                    let Some(last) = handovers.last_mut() else { continue };
                    let as_it_was = last.clone();
                    if last.end(end, &case, &call(*by), now).is_err() {
                        prop_assert_eq!(&*last, &as_it_was, "a refused end changes nothing");
                    } else if last.state == HandoverState::Accepted {
                        prop_assert_eq!(&last.to, &agent(*by), "accepted by the new agent alone");
                        passed_to = Some(last.to.clone());
                        case.hand_over(last.to.clone(), now);
                    }
                    prop_assert!(as_it_was.state == HandoverState::Offered || last.state == as_it_was.state);
                }
                Step::Case(transition) => {
                    let _refused = case.apply(transition, now);
                    if case.state.is_answered() {
                        for open in &mut handovers {
                            let _ended_before = open.cancel(now);
                        }
                    }
                }
            }
            prop_assert_eq!(&case.first_responsible_agent, &passed_to.or(before));
            let open = handovers.iter().filter(|found| found.state == HandoverState::Offered).count();
            prop_assert!(open <= 1, "one at a time");
            prop_assert!(open == 0 || !case.state.is_answered(), "none once the customer is answered");
        }
    }
}
