use kexiang_core::CustomerKind;
use proptest::prelude::*;

use super::*;

fn digest(text: &str) -> Digest {
    let mut digest = [0u8; DIGEST_BYTES];
    for (at, byte) in text.bytes().enumerate() {
        digest[at % DIGEST_BYTES] = digest[at % DIGEST_BYTES].wrapping_mul(31).wrapping_add(byte);
    }
    digest
}

fn keyed(number: u64, id: &str, name: &str, phones: &[u8]) -> KeyedRow {
    let phone = |nr: &u8| ContactPoint::email(&format!("{nr}@example.com")).unwrap();
    let row = CustomerRow {
        number,
        customer: None,
        external_id: Some(id.to_owned()),
        kind: None,
        display_name: Some(name.to_owned()),
        contact_points: phones.iter().map(phone).collect(),
    };
    let (key, fingerprint) = (digest(&row.key().unwrap()), digest(&row.content()));
    KeyedRow { row, key, fingerprint }
}

fn run(rows: &[KeyedRow], known: &Known) -> Plan {
    plan(rows, known, &Known::default(), &HashMap::new(), Timestamp::UNIX_EPOCH)
}

fn is_written(plan: &Plan) -> bool {
    !(plan.created.is_empty() && plan.updated.is_empty() && plan.remembered.is_empty())
}

#[test]
fn a_contact_point_of_somebody_with_another_name_makes_a_possible_duplicate() {
    let mut known = Known::default();
    let first = run(&[keyed(2, "a", "Li Na", &[1])], &known);
    known.take(&first);
    let id = first.created[0].customer_id;

    let plan = run(&[keyed(3, "b", "Wang Xiaoming", &[1]), keyed(4, "c", "李娜", &[1])], &known);

    assert_eq!(plan.outcomes[0].1, Outcome::PossibleDuplicate(vec![id]));
    assert_eq!(plan.outcomes[1].1, Outcome::Updated(id), "the same name in another script");
}

#[test]
fn what_somebody_is_stays_and_the_erased_stay_erased() {
    let mut known = Known::default();
    let first = run(&[keyed(2, "a", "Li Na", &[1]), keyed(3, "b", "Wang", &[2])], &known);
    known.take(&first);
    let wang = known.customers.values_mut().find(|customer| customer.display_name == "Wang");
    wang.unwrap().erased_at = Some(Timestamp::UNIX_EPOCH);
    let mut other_kind = keyed(2, "a", "Li Na", &[1]);
    other_kind.row.kind = Some(CustomerKind::Outlet);
    other_kind.fingerprint = digest("another");

    let plan = run(&[other_kind, keyed(3, "b", "Wang", &[2])], &known);

    let reasons = plan.outcomes.iter().map(|(_, outcome)| match outcome {
        Outcome::Refused(faults) => faults[0].reason,
        _ => "",
    });
    assert_eq!(reasons.collect::<Vec<_>>(), ["KIND_DIFFERS", "CUSTOMER_ERASED"]);
}

proptest! {
    /// Whatever a file says: taken in again, it writes nothing, and no contact point is of two customers.
    #[test]
    fn taken_in_again_a_file_changes_nothing(
        rows in proptest::collection::vec((0u8..6, "[ab]{1,2}", proptest::collection::btree_set(0u8..6, 0..3)), 1..20),
        cut in 0usize..20,
    ) {
        let rows: Vec<_> = (2..)
            .zip(&rows)
            .map(|(number, (id, name, phones))| keyed(number, &id.to_string(), name, &phones.iter().copied().collect::<Vec<_>>()))
            .collect();
        let mut known = Known::default();
        // It breaks off somewhere, and begins again.
        known.take(&run(&rows[..cut.min(rows.len())], &Known::default()));
        let first = run(&rows, &known);
        known.take(&first);

        let again = run(&rows, &known);

        prop_assert!(!is_written(&again));
        for (first, again) in first.outcomes.iter().zip(&again.outcomes) {
            let taken = matches!(first.1, Outcome::Created(_) | Outcome::Updated(_) | Outcome::Unchanged(_));
            prop_assert_eq!(taken, matches!(again.1, Outcome::Unchanged(_)), "{:?} and {:?}", first, again);
        }
        let mut points: Vec<_> =
            known.customers.values().flat_map(|c| c.contact_points.iter().map(ContactPoint::key)).collect();
        let all = points.len();
        points.sort();
        points.dedup();
        prop_assert_eq!(points.len(), all);
    }
}
