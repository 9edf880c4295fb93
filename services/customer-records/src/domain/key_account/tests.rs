//! Whatever is done with a key account, in whatever order: the states follow the table, and nobody approves their own.

use kexiang_core::{Actor, AgreementId, CustomerId, EvidenceId, KeyAccountId, MemberChangeId, Timestamp};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{
    Command, KeyAccount, KeyAccountError, KeyAccountState, Offer, Verb,
    member::{MemberChange, MemberChangeState, Proof, Wanted},
    plan::{Item, PlanState, Terms, percent},
    threshold::{Threshold, UnitsByKind},
};

const START: Timestamp = Timestamp::UNIX_EPOCH;

fn actor(number: usize) -> Actor {
    format!("agents/a{number}").parse().unwrap()
}

fn customer(number: u128) -> CustomerId {
    CustomerId::from_uuid(uuid::Uuid::from_u128(number))
}

fn terms(quantity: i32, cents: i64, hundredths: i64) -> Terms {
    let item = Item {
        code: "home".into(),
        display_name: "Home".into(),
        quantity,
        unit_price: Decimal::new(cents, 2),
        discount_percent: Decimal::new(hundredths, 2),
    };
    Terms {
        currency: "CNY".into(),
        items: vec![item],
        discount_percent: Decimal::ZERO,
        payment_terms: "p".into(),
        special_terms: String::new(),
    }
}

fn ten() -> Threshold {
    Threshold {
        code: "default".into(),
        units: 10,
        group_units: 12,
        kinds: vec!["sale".into()],
        inactive: false,
    }
}

#[derive(Debug, Clone)]
enum Step {
    Do(Command),
    Count(i64),
    Leave(usize),
    Rename(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let offer = |(customer_number, filed)| {
        let agreement_id = AgreementId::from_uuid(uuid::Uuid::from_u128(7));
        Offer { agreement_id, customer_id: customer(customer_number), currency: "CNY".into(), filed }
    };
    let reason = || "r".to_owned();
    prop_oneof![
        3 => (0_i64..25).prop_map(Step::Count),
        1 => (0_u128..5).prop_map(|n| Step::Do(Command::Add { customer: customer(n), display_name: "n".into() })),
        1 => (0_usize..4).prop_map(Step::Leave),
        1 => (0_usize..4).prop_map(Step::Rename),
        3 => (1_i32..9).prop_map(|n| Step::Do(Command::WritePlan(terms(n, 100, 0)))),
        3 => Just(Step::Do(Command::SubmitPlan)),
        3 => Just(Step::Do(Command::ApprovePlan)),
        1 => Just(Step::Do(Command::ReturnPlan { reason: reason() })),
        3 => (0_u128..5, any::<bool>()).prop_map(move |of| Step::Do(Command::LinkContract(offer(of)))),
        1 => prop_oneof![
            Just(Step::Do(Command::Close { reason: reason() })),
            Just(Step::Do(Command::Dismiss { reason: reason() })),
        ],
    ]
}

fn check(account: &KeyAccount) {
    let head = &account.head;
    assert!(account.current().next().is_some());
    let plans: Vec<_> = head.previous_plans.iter().chain(&head.plan).collect();
    for (edition, plan) in (1..).zip(&plans) {
        assert_eq!((plan.edition, plan.state), (edition, PlanState::Approved));
        assert!(plan.reviewer.as_ref().is_some_and(|reviewer| !plan.drafters.contains(reviewer)));
    }
    if matches!(head.state, KeyAccountState::Candidate) {
        assert!(head.pending_plan.is_none() && plans.is_empty());
    }
    if matches!(head.state, KeyAccountState::Approved | KeyAccountState::Active) {
        assert!(head.plan.is_some());
    }
    if head.state == KeyAccountState::Active {
        assert!(account.plan_of(head.contract.as_ref().unwrap().plan_edition).is_some());
    }
}

proptest! {
    #[test]
    fn whatever_is_done_the_table_holds_and_nobody_approves_their_own(
        steps in prop::collection::vec((step(), 0_usize..3), 0..80),
    ) {
        let mut account = KeyAccount::open("t".into(), vec![(customer(0), "n".into())], actor(0), START);

        for (step, by) in steps {
            let before = account.clone();
            let member = |n: usize| before.current().nth(n).map(|member| member.member_id);
            let (verb, done) = match step {
                Step::Do(command) => (command.verb(), account.apply(&command, &actor(by), START)),
                Step::Count(units) => {
                    let units = UnitsByKind::from([("sale".to_owned(), units), ("other".to_owned(), 100)]);
                    let newly = account.count(&units, &[ten()], START);
                    let was = before.head.state == KeyAccountState::Candidate;
                    prop_assert_eq!(newly, was && account.head.state == KeyAccountState::Proposed);
                    check(&account);
                    continue;
                }
                Step::Leave(n) => {
                    let Some(member) = member(n) else { continue };
                    (Verb::Enrol, account.apply(&Command::Remove { member }, &actor(by), START))
                }
                Step::Rename(n) => {
                    let Some(member) = member(n) else { continue };
                    (Verb::ChangeMembers, account.change_members(&Wanted::Rename { member, display_name: "m".into() }, START))
                }
            };
            match done {
                Ok(()) => {
                    prop_assert_eq!(before.head.state.after(verb), Some(account.head.state));
                    prop_assert_eq!(account.head.version, before.head.version + 1);
                    prop_assert!(account.head.previous_plans.starts_with(&before.head.previous_plans));
                }
                Err(_) => prop_assert_eq!(&before, &account),
            }
            check(&account);
        }
    }

    #[test]
    fn a_total_is_exact_and_never_above_the_price(quantity in 1_i32..=100_000, cents in 1_i64..99_999_999_999_999, off in 0_i64..=10_000) {
        let terms = terms(quantity, cents, off);
        let exact = i128::from(quantity) * i128::from(cents) * i128::from(10_000 - off);
        let rounded = (exact + 5_000) / 10_000;

        prop_assert_eq!(terms.total(), Decimal::from_i128_with_scale(rounded, 2));
        prop_assert_eq!(terms.total().scale(), 2);
    }

    #[test]
    fn no_text_panics_and_a_percentage_reads_back(text in "\\PC{0,10}", hundredths in 0_u32..=10_000) {
        let _ = percent(&text);
        let written = format!("{}.{:02}", hundredths / 100, hundredths % 100);

        prop_assert_eq!(percent(&written).unwrap().to_string(), written);
    }
}

#[test]
fn a_threshold_counts_its_kinds_alone_or_as_a_group() {
    let units = |sale| UnitsByKind::from([("sale".to_owned(), sale), ("lease".to_owned(), 50)]);

    let reached = [(9, false), (10, false), (11, true), (12, true)]
        .map(|(n, group)| ten().is_reached(&units(n), group));

    assert_eq!(reached, [false, true, false, true]);
    assert!(!Threshold { inactive: true, ..ten() }.is_reached(&units(99), false));
}

#[test]
fn nothing_moves_what_is_final() {
    for verb in Verb::ALL {
        assert_eq!(KeyAccountState::Dismissed.after(verb), None);
        assert_eq!(KeyAccountState::Closed.after(verb), None);
    }
}

#[test]
fn who_wants_a_change_does_not_decide_about_it_and_nobody_decides_twice() {
    let mut change = MemberChange {
        member_change_id: MemberChangeId::at(START),
        key_account_id: KeyAccountId::at(START),
        wanted: Wanted::Add { customer: customer(1), display_name: "n".into() },
        proof: Proof { evidence: EvidenceId::at(START), sha256: "0".repeat(64), reason: "r".into() },
        state: MemberChangeState::Pending,
        requester: actor(0),
        requested_at: START,
        decision: None,
        version: 1,
    };

    assert_eq!(change.decide(None, &actor(0), START), Err(KeyAccountError::ApproverIsDrafter));
    assert_eq!(change.decide(Some("no".into()), &actor(1), START), Ok(()));
    assert_eq!(
        change.decide(None, &actor(1), START),
        Err(KeyAccountError::Decided(MemberChangeState::Rejected))
    );
}
