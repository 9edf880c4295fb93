//! Whatever is done with an entry, in whatever order: the states follow the table and the invariants of the module hold.

use jiff::SignedDuration;
use kexiang_core::{Actor, EvidenceId, Role, Roles, Timestamp};
use proptest::prelude::*;

use super::{
    AssessmentResult, Command, Content, Entry, EntryState, Verb, VersionState,
    kind::{ArchiveKind, FieldSpec, FieldType, FieldValue, RetentionClass},
    level::Level,
};

const START: Timestamp = Timestamp::UNIX_EPOCH;

fn day(days: i64) -> Timestamp {
    START.checked_add(SignedDuration::from_hours(24 * days)).unwrap()
}

fn actor(name: &str) -> Actor {
    format!("agents/{name}").parse().unwrap()
}

fn field(code: &str, field_type: FieldType) -> FieldSpec {
    let options = if field_type == FieldType::Choice { vec!["A".into()] } else { Vec::new() };
    FieldSpec {
        code: code.into(),
        display_name: code.into(),
        field_type,
        required: true,
        repeated: true,
        options,
    }
}

fn kind() -> ArchiveKind {
    ArchiveKind {
        code: "all".into(),
        display_name: "All".into(),
        fields: vec![field("name", FieldType::Text)],
        parent_kind: None,
        versioned: true,
        assessed: true,
        retention_class: "short".into(),
    }
}

fn class() -> RetentionClass {
    RetentionClass {
        code: "short".into(),
        display_name: "Short".into(),
        period_days: Some(2),
        updated_at: START,
        version: 1,
    }
}

fn content() -> Content {
    let fields = vec![FieldValue { code: "name".into(), values: vec!["n".into()] }];
    Content { title: "t".into(), level: Level::Public, location: None, parent: None, fields }
}

fn command() -> impl Strategy<Value = Command> {
    let draft = Command::DraftVersion { evidence: EvidenceId::at(START), sha256: "0".repeat(64), note: None };
    let assess = |(passed, days): (bool, i64)| Command::Assess {
        result: if passed { AssessmentResult::Passed } else { AssessmentResult::Failed },
        assessed_at: START,
        expires_at: day(days),
        note: None,
    };
    prop_oneof![
        Just(Command::Change(content())),
        Just(draft),
        (1..4_i32).prop_map(|number| Command::PublishVersion { number }),
        Just(Command::Retire { reason: "r".into() }),
        Just(Command::Restore),
        Just(Command::Propose { reason: "r".into() }),
        Just(Command::Reject { reason: "r".into() }),
        Just(Command::Approve),
        (1..40_i64).prop_map(|days| Command::Lend { borrower: "bo".parse().unwrap(), due_at: day(days) }),
        Just(Command::TakeBack),
        (any::<bool>(), 1..40_i64).prop_map(assess),
    ]
}

fn check(entry: &Entry, now: Timestamp) {
    let published = entry.versions.iter().filter(|version| version.state == VersionState::Published);
    assert!(published.count() <= 1, "one version is published at most");
    let doomed = matches!(entry.state, EntryState::DestructionProposed | EntryState::Destroyed);
    if doomed {
        let until = entry.retirement.as_ref().unwrap().retained_until.unwrap();
        assert!(until <= now && entry.open_loan().is_none());
    }
    assert_eq!(entry.receipt.is_some(), entry.state == EntryState::Destroyed);
    if let Some(receipt) = &entry.receipt {
        assert_ne!(receipt.proposer, receipt.approver);
        assert!(
            entry.content.title.is_empty() && entry.content.fields.is_empty() && entry.versions.is_empty()
        );
    }
    let last = entry.assessments.last();
    let good = last.is_some_and(|last| last.result == AssessmentResult::Passed && last.expires_at > now);
    assert_eq!(entry.may_quote(&kind(), now).is_ok(), good && entry.state == EntryState::Active);
}

proptest! {
    #[test]
    fn whatever_is_done_the_table_and_the_invariants_hold(
        steps in prop::collection::vec((command(), any::<bool>(), 0..2_i64), 0..80),
    ) {
        let mut entry = Entry::create(&kind(), content(), START).unwrap();
        let (mut today, mut missed) = (0, Vec::new());

        for (command, by_another, days) in steps {
            today += days;
            let now = day(today);
            let by = actor(if by_another { "wang.wei" } else { "li.ming" });
            missed.extend(entry.advance(now).into_iter().filter_map(|alarm| alarm.facts.loan_id));
            let before = entry.clone();
            match entry.apply(&command, (&kind(), &class()), &by, now) {
                Ok(facts) => {
                    prop_assert_eq!(before.state.after(command.verb()), Some(entry.state));
                    prop_assert_eq!((entry.version, facts.state), (before.version + 1, entry.state));
                    if matches!(command, Command::Lend { .. }) {
                        prop_assert!(before.open_loan().is_none());
                    }
                }
                Err(_) => prop_assert_eq!(&before, &entry),
            }
            check(&entry, now);
        }

        let told = missed.len();
        missed.sort();
        missed.dedup();
        prop_assert_eq!(told, missed.len(), "a loan is told as overdue once");
    }

    #[test]
    fn no_value_panics_and_what_was_read_reads_back_the_same(value in "\\PC{0,30}") {
        let types = [FieldType::Text, FieldType::Phone, FieldType::Date, FieldType::Decimal, FieldType::Choice, FieldType::Customer];
        for field_type in types {
            let kind = ArchiveKind { fields: vec![field("f", field_type)], ..kind() };
            let fields = vec![FieldValue { code: "f".into(), values: vec![value.clone()] }];
            if let Ok(read) = kind.check(&fields) {
                prop_assert_eq!(kind.check(&read), Ok(read.clone()));
            }
        }
    }
}

#[test]
fn nothing_moves_what_is_destroyed() {
    for verb in Verb::ALL {
        assert_eq!(EntryState::Destroyed.after(verb), None);
    }
}

#[test]
fn who_has_several_roles_sees_by_the_highest() {
    assert_eq!(Level::seen_by(Roles::of(&[])), Level::Public);
    assert_eq!(Level::seen_by(Roles::of(&[Role::Agent])), Level::Internal);
    assert_eq!(Level::seen_by(Roles::of(&[Role::Agent, Role::Supervisor])), Level::Confidential);
    assert_eq!(Level::seen_by(Roles::of(&[Role::Supervisor, Role::Manager])), Level::Secret);
    assert!(Level::ALL.windows(2).all(|pair| pair[0] < pair[1] && pair[0].rank() < pair[1].rank()));
}
