use kexiang_core::{AgentId, Timestamp};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{Candidate, Outcome, Policy, least_load, named};

fn agent(id: &str) -> AgentId {
    AgentId::parse(id).unwrap()
}

fn candidate(id: &str, open_orders: i32, capacity: i32) -> Candidate {
    Candidate {
        agent: agent(id),
        signed_in: true,
        absence: None,
        open_orders,
        capacity,
        last_assigned_at: None,
        previous_holder: false,
    }
}

fn outcomes(candidates: &[Candidate]) -> Vec<(String, Outcome)> {
    let considered = least_load(candidates).considered;
    considered.into_iter().map(|considered| (considered.agent.to_string(), considered.outcome)).collect()
}

#[test]
fn fewest_open_orders_for_their_capacity_wins_di_5() {
    let candidates = [candidate("li.na", 3, 10), candidate("wang.wei", 5, 20)];

    let decision = least_load(&candidates);

    assert_eq!(decision.agent, Some(agent("wang.wei")));
    assert_eq!(decision.considered[1].outcome, Outcome::MoreLoaded);
    let words = "has 3 of 10 open orders, more for their capacity than wang.wei with 5 of 20";
    assert_eq!(decision.considered[1].explanation, words);
}

#[test]
fn equally_loaded_the_one_served_longest_ago_wins_and_never_comes_first() {
    let at = |second| Some(Timestamp::from_second(second).unwrap());
    let early = Candidate { last_assigned_at: at(100), ..candidate("a", 1, 10) };
    let late = Candidate { last_assigned_at: at(200), ..candidate("b", 2, 20) };
    let never = candidate("c", 1, 10);

    assert_eq!(least_load(&[late.clone(), early.clone()]).agent, Some(agent("a")));
    assert_eq!(least_load(&[late, early, never]).agent, Some(agent("c")));
}

#[test]
fn equal_in_everything_the_first_by_id_wins_and_the_words_say_so() {
    let decision = least_load(&[candidate("b", 0, 5), candidate("a", 0, 5)]);

    assert_eq!(decision.agent, Some(agent("a")));
    let words = "has 0 of 5 open orders, as few as a; both last served never, and a comes first by id";
    assert_eq!(decision.considered[1].explanation, words);
}

#[test]
fn who_can_not_take_it_is_told_why_di_6() {
    let out = Candidate { signed_in: false, ..candidate("out", 0, 5) };
    let full = candidate("full", 5, 5);
    let before = Candidate { previous_holder: true, ..candidate("before", 0, 5) };

    assert_eq!(
        outcomes(&[out, full, before]),
        [
            ("before".to_owned(), Outcome::PreviousHolder),
            ("full".to_owned(), Outcome::AtCapacity),
            ("out".to_owned(), Outcome::SignedOut),
        ]
    );
}

#[test]
fn whom_the_dispatcher_names_gets_it_even_beyond_their_capacity() {
    let decision = named(&[candidate("full", 5, 5), candidate("free", 0, 5)], &agent("full"));

    assert_eq!(decision.agent, Some(agent("full")));
    assert_eq!(decision.policy, Policy::NamedByDispatcher);
    assert_eq!(decision.considered[1].outcome, Outcome::NotNamed);
}

fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let one = (
        any::<bool>(),
        0..6_i32,
        1..6_i32,
        prop_oneof![Just(None), (0..3_i64).prop_map(|s| Timestamp::from_second(s).ok())],
        proptest::bool::weighted(0.2),
    );
    proptest::collection::vec(one, 0..8).prop_map(|all| {
        let number =
            |(nr, (signed_in, open_orders, capacity, last_assigned_at, previous_holder))| Candidate {
                agent: agent(&format!("a{nr}")),
                signed_in,
                absence: None,
                open_orders,
                capacity,
                last_assigned_at,
                previous_holder,
            };
        all.into_iter().enumerate().map(number).collect()
    })
}

proptest! {
    #[test]
    fn a_decision_does_not_depend_on_the_order_of_its_candidates_di_6(
        (candidates, shuffled) in candidates().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
    ) {
        prop_assert_eq!(least_load(&candidates), least_load(&shuffled));
    }

    #[test]
    fn exactly_one_is_chosen_when_any_may_be_and_everybody_has_an_outcome_di_6(candidates in candidates()) {
        let may = candidates.iter().filter(|c| c.signed_in && !c.previous_holder && c.open_orders < c.capacity);
        let may: Vec<_> = may.map(|c| c.agent.clone()).collect();

        let decision = least_load(&candidates);

        let chosen: Vec<_> = decision.considered.iter().filter(|c| c.outcome == Outcome::Chosen).collect();
        prop_assert_eq!(chosen.len(), usize::from(!may.is_empty()));
        prop_assert_eq!(decision.agent.as_ref(), chosen.first().map(|c| &c.agent));
        prop_assert!(decision.agent.is_none_or(|agent| may.contains(&agent)));
        prop_assert_eq!(decision.considered.len(), candidates.len());
        prop_assert!(decision.considered.iter().all(|c| !c.explanation.is_empty()));
    }

    #[test]
    fn nobody_passed_over_had_less_to_do_di_5(candidates in candidates()) {
        let decision = least_load(&candidates);

        if let Some(chosen) = decision.considered.first().filter(|c| c.outcome == Outcome::Chosen) {
            for other in decision.considered.iter().filter(|c| c.outcome == Outcome::MoreLoaded) {
                prop_assert!(chosen.open_orders * other.capacity < other.open_orders * chosen.capacity);
            }
        }
    }
}
