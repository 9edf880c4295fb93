//! The decision over a batch, case by case.

use kexiang_core::PhoneNumber;

use super::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn phone(number: &str) -> ContactPoint {
    ContactPoint::phone(&PhoneNumber::parse(number, "CN").unwrap())
}

fn email(text: &str) -> ContactPoint {
    ContactPoint::email(text).unwrap()
}

fn address(text: &str) -> ContactPoint {
    ContactPoint::address(text).unwrap()
}

fn arrival(kind: CustomerKind, contact_points: &[ContactPoint]) -> Arrival {
    Arrival {
        contact_id: ContactId::at(NOW),
        contact_at: NOW,
        case_id: None,
        caller: CustomerProfile {
            outlet_kind: None,
            kind,
            display_name: "Li Na".to_owned(),
            contact_points: contact_points.to_vec(),
        },
        cause: EventId::at(NOW),
        traceparent: None,
    }
}

fn candidate(kind: CustomerKind, contact_points: &[ContactPoint]) -> Candidate {
    Candidate {
        customer_id: CustomerId::at(NOW),
        kind,
        version: 1,
        had: contact_points.len(),
        contact_points: contact_points.iter().map(|point| (point.key(), point.identifies(kind))).collect(),
    }
}

#[test]
fn the_same_caller_twice_in_a_batch_is_one_customer() {
    let caller = arrival(CustomerKind::Person, &[phone("13800138000")]);

    let plan = identify(&[caller.clone(), caller], vec![], NOW);

    assert_eq!(plan.created.len(), 1);
    assert_eq!(plan.customers[0], plan.customers[1]);
}

#[test]
fn anonymous_callers_are_never_merged() {
    let caller = arrival(CustomerKind::Person, &[]);

    let plan = identify(&[caller.clone(), caller], vec![], NOW);

    assert_eq!(plan.created.len(), 2);
    assert_ne!(plan.customers[0], plan.customers[1]);
}

#[test]
fn the_phone_finds_before_the_email() {
    let by_phone = candidate(CustomerKind::Person, &[phone("13800138000")]);
    let by_email = candidate(CustomerKind::Person, &[email("li.na@example.com")]);
    let caller = arrival(CustomerKind::Person, &[phone("13800138000"), email("li.na@example.com")]);

    let plan = identify(&[caller], vec![by_email, by_phone.clone()], NOW);

    assert_eq!(plan.customers, [by_phone.customer_id]);
    assert!(plan.enriched.is_empty(), "an e-mail of another customer stays theirs");
}

#[test]
fn a_found_customer_gains_what_nobody_else_has_and_is_found_by_it_at_once() {
    let known = candidate(CustomerKind::Person, &[phone("13800138000")]);
    let first = arrival(CustomerKind::Person, &[phone("13800138000"), email("li.na@example.com")]);
    let second = arrival(CustomerKind::Person, &[email("li.na@example.com"), address("5 Lake Road")]);

    let plan = identify(&[first, second], vec![known.clone()], NOW);

    assert_eq!(plan.customers, [known.customer_id; 2]);
    assert_eq!(plan.enriched[0].gained, [email("li.na@example.com"), address("5 Lake Road")]);
    assert_eq!((plan.enriched[0].had, plan.enriched[0].arrival), (1, 0));
}

#[test]
fn an_address_finds_a_household_but_no_person() {
    let household = candidate(CustomerKind::Household, &[address("5 Lake Road")]);
    let neighbour = arrival(CustomerKind::Household, &[address("5 LAKE  Road")]);
    let lodger = arrival(CustomerKind::Person, &[address("5 Lake Road")]);

    let plan = identify(&[neighbour, lodger], vec![household.clone()], NOW);

    assert_eq!(plan.customers[0], household.customer_id);
    assert_ne!(plan.customers[1], household.customer_id);
}

#[test]
fn a_customer_never_has_more_contact_points_than_the_limit() {
    let known = candidate(CustomerKind::Person, &[phone("13800138000")]);
    let arrivals: Vec<_> = (0..60)
        .map(|n| arrival(CustomerKind::Person, &[phone("13800138000"), address(&format!("{n} Lake Road"))]))
        .collect();

    let plan = identify(&arrivals, vec![known], NOW);

    assert_eq!(plan.enriched[0].gained.len(), MAX_CONTACT_POINTS - 1);
}
