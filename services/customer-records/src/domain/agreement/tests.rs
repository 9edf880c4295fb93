//! Whatever is done with an agreement, in whatever order: the states follow the table and the sums balance.

use jiff::SignedDuration;
use kexiang_core::{Actor, CustomerId, EvidenceId, Timestamp};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{
    Agreement, AgreementState, Command, Verb,
    content::Content,
    kind::{AgreementKind, RequiredDocument, Step},
    schedule::{Direction, Entry, amount},
};

const START: Timestamp = Timestamp::UNIX_EPOCH;

fn day(days: i64) -> Timestamp {
    START.checked_add(SignedDuration::from_hours(24 * days)).unwrap()
}

fn actor(name: &str) -> Actor {
    format!("agents/{name}").parse().unwrap()
}

fn content() -> Content {
    Content { title: "t".into(), terms: String::new(), units: 1, expires_at: Some(day(20)) }
}

fn opened() -> Agreement {
    let document = RequiredDocument { code: "id".into(), display_name: "Id".into(), needed_for: Step::Sign };
    let kind = AgreementKind {
        code: "loan".into(),
        display_name: "Loan".into(),
        documents: vec![document],
        stages: vec!["applied".into(), "approved".into()],
        expiry_notice_days: 5,
        payment_notice_days: 1,
    };
    let installments = [(Decimal::new(10_000, 2), day(3)), (Decimal::new(333, 2), day(6))];
    let of = (CustomerId::at(START), kind, "CNY".to_owned());
    Agreement::open(of, content(), &installments, actor("li.ming"), START).unwrap()
}

fn command() -> impl Strategy<Value = Command> {
    let entry = |direction| {
        (1_i64..6_000).prop_map(move |cents| {
            Command::Pay(Entry {
                direction,
                amount: Decimal::new(cents, 2),
                paid_at: START,
                reference: "r".into(),
            })
        })
    };
    let attach =
        Command::Attach { code: "id".into(), evidence: EvidenceId::at(START), sha256: "0".repeat(64) };
    let change = |cents: i64| Command::Change {
        content: content(),
        installments: vec![(Decimal::new(cents, 2), day(9))],
        reason: "r".into(),
    };
    prop_oneof![
        Just(Command::Submit),
        Just(Command::Approve),
        Just(Command::Return { reason: "r".into() }),
        Just(attach),
        Just(Command::Sign { signed_at: START }),
        Just(Command::File { file_number: "1".into() }),
        (1_i64..9_000).prop_map(change),
        Just(Command::Reach { stage: "applied".into(), reached_at: START }),
        entry(Direction::Received),
        entry(Direction::Refunded),
    ]
}

fn check(agreement: &Agreement) {
    let came = |direction| {
        let payments = agreement.schedule.payments.iter().filter(|payment| payment.direction == direction);
        payments.map(|payment| payment.amount).sum::<Decimal>()
    };
    assert_eq!(agreement.schedule.balance(), came(Direction::Received) - came(Direction::Refunded));
    for payment in &agreement.schedule.payments {
        assert_eq!(payment.amount, payment.parts.iter().map(|(_, part)| *part).sum::<Decimal>());
    }
    for item in &agreement.schedule.installments {
        assert!(Decimal::ZERO <= item.refunded && item.refunded <= item.received);
        assert!(item.received <= item.amount);
    }
    let head = &agreement.head;
    assert!(head.reviewer.as_ref().is_none_or(|reviewer| !head.drafters.contains(reviewer)));
    if matches!(head.state, AgreementState::Signed | AgreementState::Filed) {
        assert!(head.reviewer.is_some() && agreement.missing(&[Step::Sign]).is_empty());
    }
    assert_eq!(usize::try_from(head.edition).unwrap(), head.previous_editions.len() + 1);
}

proptest! {
    #[test]
    fn whatever_is_done_the_table_and_the_sums_hold(
        commands in prop::collection::vec((command(), prop::bool::ANY), 0..60),
    ) {
        let mut agreement = opened();

        for (command, by_another) in commands {
            let by = actor(if by_another { "wang.wei" } else { "li.ming" });
            let before = agreement.clone();
            match agreement.apply(&command, &by, START) {
                Ok(()) => {
                    prop_assert_eq!(before.head.state.after(command.verb()), Some(agreement.head.state));
                    prop_assert_eq!(agreement.head.version, before.head.version + 1);
                    prop_assert!(agreement.head.previous_editions.starts_with(&before.head.previous_editions));
                    prop_assert!(agreement.schedule.payments.starts_with(&before.schedule.payments));
                }
                Err(_) => prop_assert_eq!(&before, &agreement),
            }
            check(&agreement);
        }
    }

    #[test]
    fn each_announcement_is_made_once_in_whatever_steps_time_goes(steps in prop::collection::vec(0_i64..8, 1..30)) {
        let mut agreement = opened();
        agreement.head.state = AgreementState::Filed;
        agreement.head.filed_at = Some(START);
        agreement.head.in_force_until = agreement.head.content.expires_at;

        let (mut now, mut told) = (0, Vec::new());
        for step in steps.into_iter().chain([30]) {
            now += step;
            told.extend(agreement.advance(day(now)).into_iter().map(|alarm| (alarm.event_type, alarm.facts.installment)));
        }

        told.sort();
        prop_assert_eq!(told, vec![
            ("agreement.expired", None),
            ("agreement.expiry_announced", None),
            ("agreement.payment_announced", Some(1)),
            ("agreement.payment_announced", Some(2)),
            ("agreement.payment_missed", Some(1)),
            ("agreement.payment_missed", Some(2)),
        ]);
        prop_assert_eq!(agreement.fires_at(), None);
    }

    #[test]
    fn no_text_panics_and_an_amount_reads_back(text in "\\PC{0,20}", cents in 1_u64..99_999_999_999_999) {
        let _ = amount(&text);
        let written = format!("{}.{:02}", cents / 100, cents % 100);

        prop_assert_eq!(amount(&written).unwrap().to_string(), written);
    }
}

#[test]
fn nothing_moves_what_is_final_but_refunds() {
    for verb in [Verb::Submit, Verb::Approve, Verb::Sign, Verb::File, Verb::Change, Verb::Renew, Verb::Close]
    {
        assert_eq!(AgreementState::Closed.after(verb), None);
        assert_eq!(AgreementState::Renewed.after(verb), None);
    }
    assert_eq!(AgreementState::Closed.after(Verb::Refund), Some(AgreementState::Closed));
}
