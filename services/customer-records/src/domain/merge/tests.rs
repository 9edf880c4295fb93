use kexiang_core::CustomerKind;
use proptest::prelude::*;

use super::*;
use crate::domain::customer::CustomerProfile;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn origins(name: &str, points: &[u8]) -> Origins {
    let profile = CustomerProfile {
        outlet_kind: None,
        kind: CustomerKind::Person,
        display_name: name.to_owned(),
        contact_points: points
            .iter()
            .map(|n| ContactPoint::email(&format!("{n}@example.com")).unwrap())
            .collect(),
    };
    Origins { of_points: vec![None; points.len()], customer: Customer::new(profile, NOW) }
}

/// All but what tells of the change itself.
fn content(origins: &Origins) -> Origins {
    let customer = Customer { version: 0, updated_at: NOW, ..origins.customer.clone() };
    Origins { customer, ..origins.clone() }
}

fn remember(survivor: &Origins, after: &Origins, loser: &Origins) -> Before {
    Before { survivor: survivor.customer.clone(), after: after.customer.clone(), loser: loser.clone() }
}

fn group(ids: &[&Origins]) -> HashSet<CustomerId> {
    ids.iter().map(|origins| origins.customer.customer_id).collect()
}

fn choice(source: FieldSource) -> Choices {
    let explicit = match source {
        FieldSource::Explicit => Some("Wang".to_owned()),
        FieldSource::Survivor | FieldSource::Loser => None,
    };
    Choices {
        sources: vec![("display_name".to_owned(), source)],
        explicit: CustomerChange { display_name: explicit, ..CustomerChange::default() },
    }
}

fn source() -> impl Strategy<Value = FieldSource> {
    prop_oneof![Just(FieldSource::Survivor), Just(FieldSource::Loser), Just(FieldSource::Explicit)]
}

proptest! {
    #[test]
    fn an_unmerge_brings_back_both_with_the_point_that_came_in_between(
        ours in 0_u8..8, theirs in 0_u8..8, chosen in source(), gained in any::<bool>(),
    ) {
        let a = origins("Wang", &(0..ours).collect::<Vec<_>>());
        let b = origins("王", &(100..100 + theirs).collect::<Vec<_>>());
        let (mut now, _) = merge(&a, &b, &choice(chosen), NOW).unwrap();
        let before = remember(&a, &now, &b);
        let late = ContactPoint::email("late@example.com").unwrap();
        now.customer.contact_points.push(late.clone());
        now.of_points.push(gained.then_some(b.customer.customer_id));

        let (a_again, b_again) = unmerge(&now, before, &group(&[&b]), 1, NOW).unwrap();

        let (mut wanted_a, mut wanted_b) = (a, b);
        let to = if gained { &mut wanted_b } else { &mut wanted_a };
        to.customer.contact_points.push(late);
        to.of_points.push(None);
        prop_assert_eq!(content(&a_again), content(&wanted_a));
        prop_assert_eq!(content(&b_again), content(&wanted_b));
    }

    #[test]
    fn a_chain_taken_back_from_its_end_brings_back_all(
        sizes in (0_u8..8, 0_u8..8, 0_u8..8), first in source(), second in source(),
    ) {
        let a = origins("A", &(0..sizes.0).collect::<Vec<_>>());
        let b = origins("B", &(50..50 + sizes.1).collect::<Vec<_>>());
        let c = origins("C", &(100..100 + sizes.2).collect::<Vec<_>>());
        let (b_with_a, _) = merge(&b, &a, &choice(first), NOW).unwrap();
        let (all, _) = merge(&c, &b_with_a, &choice(second), NOW).unwrap();

        let before = remember(&c, &all, &b_with_a);
        let (c_again, b_with_a_again) = unmerge(&all, before, &group(&[&a, &b]), 2, NOW).unwrap();
        let before = remember(&b, &b_with_a, &a);
        let (b_again, a_again) = unmerge(&b_with_a_again, before, &group(&[&a]), 1, NOW).unwrap();

        prop_assert_eq!(content(&c_again), content(&c));
        prop_assert_eq!(content(&b_with_a_again), content(&b_with_a));
        prop_assert_eq!(content(&b_again), content(&b));
        prop_assert_eq!(content(&a_again), content(&a));
    }
}

#[test]
fn a_field_changed_in_between_stays_and_one_as_the_merge_left_it_goes_back() {
    let (a, b) = (origins("Old", &[]), origins("New", &[]));
    let (merged, fields) = merge(&a, &b, &choice(FieldSource::Loser), NOW).unwrap();
    let mut changed = merged.clone();
    changed.customer.kind = CustomerKind::Household;

    let (after, _) = unmerge(&changed, remember(&a, &merged, &b), &group(&[&b]), 1, NOW).unwrap();

    assert_eq!(merged.customer.display_name, "New");
    assert!(fields.iter().any(|field| field.field == "display_name" && field.differs));
    assert_eq!((after.customer.display_name.as_str(), after.customer.kind), ("Old", CustomerKind::Household));
}

#[test]
fn more_than_fifty_contact_points_are_refused() {
    let a = origins("A", &(0..30).collect::<Vec<_>>());
    let b = origins("B", &(100..130).collect::<Vec<_>>());

    let refused = merge(&a, &b, &Choices::default(), NOW);

    assert!(matches!(refused, Err(Unmergeable::TooManyContactPoints)));
}
