//! The tables of states, and that customers are divided evenly whatever the loads and weights.

use jiff::Timestamp;
use kexiang_core::{AgentId, CustomerId};
use proptest::prelude::*;

use super::{
    DropReason, HandoverState as State, HandoverStep as Step, Item, ItemState,
    share::{Share, place},
};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn agent(n: usize) -> AgentId {
    format!("agent-{n}").parse().unwrap()
}

#[test]
fn a_handover_follows_its_table_and_nothing_else() {
    let steps = [Step::Divided, Step::Start, Step::AddReceiver, Step::Answer, Step::Settled, Step::Cancel];
    let allowed = [
        (State::Planning, Step::Divided, State::Planned),
        (State::Planning, Step::Cancel, State::Cancelled),
        (State::Planned, Step::Start, State::Running),
        (State::Planned, Step::AddReceiver, State::Planning),
        (State::Planned, Step::Cancel, State::Cancelled),
        (State::Running, Step::AddReceiver, State::Running),
        (State::Running, Step::Answer, State::Running),
        (State::Running, Step::Settled, State::Done),
        (State::Running, Step::Cancel, State::Cancelled),
    ];

    for state in State::ALL {
        for step in steps {
            let wanted = allowed.iter().find(|(from, by, _)| (*from, *by) == (state, step));
            assert_eq!(state.after(step).ok(), wanted.map(|(_, _, to)| *to), "{state:?} {step:?}");
        }
    }
}

fn shares() -> impl Strategy<Value = Vec<Share>> {
    let one = (1..=100_i32, 0..500_i64);
    prop::collection::vec(one, 1..8).prop_map(|all| {
        let share = |(n, (weight, load))| Share { agent: agent(n), weight, load, given: 0 };
        all.into_iter().enumerate().map(share).collect()
    })
}

/// Whether `a` carries more than one customer for the weight above `b`.
fn carries_too_much(a: &Share, b: &Share) -> bool {
    let carried = |share: &Share| i128::from(share.load + share.given);
    let (a_weight, b_weight) = (i128::from(a.weight), i128::from(b.weight));
    // a / a_weight - b / b_weight > 1
    carried(a) * b_weight - carried(b) * a_weight > a_weight * b_weight
}

proptest! {
    #[test]
    fn weighted_loads_of_those_who_get_customers_differ_by_at_most_one(mut shares in shares(), customers in 0..3_000_usize) {
        for _ in 0..customers {
            prop_assert!(place(&mut shares, &[]).is_some());
        }

        let given: i64 = shares.iter().map(|share| share.given).sum();
        prop_assert_eq!(usize::try_from(given).unwrap(), customers);
        for a in shares.iter().filter(|share| share.given > 0) {
            for b in &shares {
                prop_assert!(!carries_too_much(a, b), "{:?} and {:?}", a, b);
            }
        }
    }

    #[test]
    fn whatever_receivers_answer_each_customer_is_somewhere_and_never_offered_to_who_declined(
        mut shares in shares(),
        customers in 1..40_usize,
        answers in prop::collection::vec((0..40_usize, 0..4_u8, 0..8_usize), 0..200),
    ) {
        let mut items: Vec<_> = (0..customers).map(|_| Item::pending(CustomerId::at(NOW))).collect();
        let all = shares.clone();
        let mut answers = answers.into_iter();
        loop {
            for item in &mut items {
                if matches!(item.state, ItemState::Pending) {
                    let receiver = place(&mut shares, &item.declined_by);
                    let declined = item.declined_by.clone();
                    prop_assert_eq!(receiver.is_none(), declined.len() == all.len());
                    prop_assert!(receiver.iter().all(|receiver| !declined.contains(receiver)));
                    prop_assert!(item.offer(receiver));
                }
            }
            let Some((n, what, by)) = answers.next() else { break };
            let item = &mut items[n % customers];
            let (before, by) = (item.clone(), agent(by));
            let receiver = if what % 2 == 0 { before.receiver.clone().unwrap_or(by) } else { by };
            let offered = before.state == ItemState::Offered && before.receiver.as_ref() == Some(&receiver);
            match what {
                0 | 1 => prop_assert_eq!(item.decline(&receiver, None), offered),
                2 => prop_assert_eq!(item.confirm(&receiver, NOW), offered),
                _ => prop_assert_eq!(item.drop_for(DropReason::OwnershipEnded, NOW), before.is_open()),
            }
            if !before.is_open() {
                prop_assert_eq!(&*item, &before, "what is final stays so");
            }
            let held = matches!(item.state, ItemState::Offered | ItemState::Confirmed);
            prop_assert_eq!(item.receiver.is_some(), held);
            prop_assert_eq!(item.ended_at.is_some(), !item.is_open());
        }
    }
}
