//! How contacts become customers (CU-1, CU-2, IN-4).

use kexiang_core::{CustomerId, Timestamp};
use kexiang_customer_records::domain::vault::SubjectKey;
use kexiang_proto::{
    customers_v1::{ContactPoint, Customer, IdentificationFacts, contact_point::Kind},
    intake_v1::{Caller, Contact, Purpose},
    type_v1,
};
use kexiang_rpc::time;

use crate::{
    center::{Center, START},
    wire::{caller, contact},
};

#[tokio::test]
async fn an_unknown_caller_becomes_a_customer_and_intake_is_told_without_personal_data() {
    // CU-1
    let center = Center::open().await;

    let contacts = center.intake.register(vec![contact(caller("Li Na", "+8613800138000"), START)]);
    center.settle().await;

    let customer = center.customer_of_phone("13800138000").await;
    assert_eq!(customer.display_name, "Li Na");
    assert_eq!(customer.kind(), type_v1::CustomerKind::Person);
    let told = center.told().await;
    let types: Vec<_> = told.iter().map(|event| event.r#type.as_str()).collect();
    assert_eq!(types, ["customer.created", "customer.identified"]);
    assert_eq!([&told[0].subject, &told[1].subject], [&customer.name, &contacts[0].name()]);
    assert!(told.iter().all(|event| event.source == "customer-records"));
    assert!(told.iter().all(|event| event.actor == "services/customer-records" && !event.cause.is_empty()));
    let facts: IdentificationFacts = told[1].data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!(
        facts,
        IdentificationFacts { customer: customer.name, contact: contacts[0].name(), case: String::new() }
    );
    let log = format!("{told:?}");
    assert!(!log.contains("Li Na") && !log.contains("13800138000"));
}

#[tokio::test]
async fn a_customer_is_found_by_a_phone_in_local_form_and_gains_a_new_email() {
    // CU-2
    let center = Center::open().await;
    let known = center.create("Li Na", &[(Kind::Phone, "138 0013 8000")]).await;

    let li_na = Caller { email: "Li.Na@Example.com".into(), ..caller("Na Li", "+8613800138000") };
    center.intake.register(vec![contact(li_na, START)]);
    center.settle().await;

    let customer = center.get(&known.name).await;
    assert_eq!(customer.display_name, "Li Na", "what we know stays");
    assert_eq!(values(&customer), ["+8613800138000", "li.na@example.com"]);
    assert_ne!(customer.etag, known.etag);
    assert_eq!(center.list_by(Kind::Phone, "0086 138-0013-8000").await, [known.name.as_str()]);
    assert_eq!(center.list_by(Kind::Email, "LI.NA@example.com").await, [known.name.as_str()]);
    let types: Vec<_> = center.told().await.into_iter().map(|event| event.r#type).collect();
    assert_eq!(types, ["customer.created", "customer.updated", "customer.identified"]);
}

#[tokio::test]
async fn the_same_caller_many_times_in_a_batch_is_one_customer() {
    let center = Center::open().await;

    let again = |_| contact(caller("Li Na", "+8613800138000"), START);
    center.intake.register((0..20).map(again).collect());
    center.settle().await;

    assert_eq!(center.all_customers().await.len(), 1);
    assert_eq!(center.recognise("13800138000").await.recent_contacts, 20);
}

#[tokio::test]
async fn anonymous_callers_are_never_merged() {
    let center = Center::open().await;

    let anonymous = Caller { display_name: "Anonymous".into(), phone_declined: true, ..Caller::default() };
    let with_address = Caller { address: "5 Lake Road".into(), ..anonymous.clone() };
    let callers = [anonymous.clone(), anonymous, with_address.clone(), with_address];
    center.intake.register(callers.map(|caller| contact(caller, START)).into());
    center.settle().await;

    assert_eq!(center.all_customers().await.len(), 4);
    assert_eq!(center.list_by(Kind::Address, "5  lake road").await.len(), 2, "persons share an address");
}

#[tokio::test]
async fn an_address_finds_an_outlet() {
    // CU-2
    let center = Center::open().await;
    let outlet = Caller {
        display_name: "Corner shop".into(),
        phone_declined: true,
        address: "5 Lake Road".into(),
        kind: type_v1::CustomerKind::Outlet.into(),
        ..Caller::default()
    };
    let again = Caller { address: " 5 LAKE  road".into(), ..outlet.clone() };

    center.intake.register(vec![contact(outlet, START)]);
    center.settle().await;
    center.intake.register(vec![contact(again, START)]);
    center.settle().await;

    assert_eq!(center.all_customers().await.len(), 1);
}

#[tokio::test]
async fn market_researchers_and_inspectors_make_no_customer() {
    // IN-4
    let center = Center::open().await;
    let of = |purpose: Purpose| Contact {
        purpose: purpose.into(),
        ..contact(caller("Wu", "+8613800138000"), START)
    };

    center.intake.register(vec![of(Purpose::MarketResearcher), of(Purpose::Inspector)]);
    center.settle().await;

    assert!(center.all_customers().await.is_empty());
    assert!(center.intake.asked().iter().all(|asked| *asked == 0), "nobody asked who they are");
}

#[tokio::test]
async fn events_told_again_make_nothing_twice() {
    let center = Center::open().await;
    let anonymous = Caller { display_name: "Anonymous".into(), phone_declined: true, ..Caller::default() };
    center
        .intake
        .register(vec![contact(caller("Li Na", "+8613800138000"), START), contact(anonymous, START)]);
    center.settle().await;
    let before =
        (center.all_customers().await, center.told().await.len(), center.timeline_of("13800138000").await);

    center.forget_cursors().await;
    center.settle().await;

    let after =
        (center.all_customers().await, center.told().await.len(), center.timeline_of("13800138000").await);
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_large_batch_is_asked_for_in_portions() {
    let center = Center::open().await;

    let many = (0..1_200).map(|n| contact(caller("Somebody", &format!("+86138{n:08}")), START));
    center.intake.register(many.collect());
    center.settle().await;

    assert_eq!(center.intake.asked(), [500, 500, 200]);
    assert_eq!(center.list_by(Kind::Phone, "+8613800001199").await.len(), 1);
}

#[tokio::test]
async fn a_caller_who_is_created_by_another_at_the_same_time_is_adopted() {
    // CU-2: the index decides who is first, and the loser finds the winner.
    let center = Center::open().await;
    let winner = CustomerId::at(START);
    let mut other = center.pool.begin().await.unwrap();
    let by_hand = "with subject as (
             insert into customer_records.subject_keys (customer_id, kek_id, wrapped, created_at)
             values ($1, $2, $3, now())), customer as (
             insert into customer_records.customers (customer_id, kind, sealed_name, created_at, updated_at, version)
             values ($1, 'PERSON', $4, now(), now(), 1) returning customer_id)
         insert into customer_records.contact_points (customer_id, kind, match_key, sealed_value, position, identifying)
         select customer_id, 'PHONE', $5, $6, 0, true from customer";
    let (ring, key) = (crate::sealing::ring(), SubjectKey::generate().unwrap());
    let wrapped = ring.wrap(winner.uuid(), &key).unwrap();
    sqlx::query(by_hand)
        .bind(winner.uuid())
        .bind(wrapped.kek_id)
        .bind(wrapped.wrapped)
        .bind(key.seal("customers.sealed_name", b"Li Na").unwrap())
        .bind(ring.blind().digest("PHONE", "+8613800138000").to_vec())
        .bind(key.seal("contact_points.sealed_value", b"+8613800138000").unwrap())
        .execute(&mut *other)
        .await
        .unwrap();

    center.intake.register(vec![
        contact(caller("Wang", "+8613900139000"), START),
        contact(caller("Na Li", "+8613800138000"), START),
    ]);
    center.until_somebody_waits().await;
    other.commit().await.unwrap();
    center.settle().await;

    assert_eq!(center.all_customers().await.len(), 2);
    let adopted = center.recognise("13800138000").await;
    assert_eq!((adopted.customer.unwrap().name, adopted.recent_contacts), (winner.name(), 1));
}

#[tokio::test]
async fn a_contact_of_long_ago_makes_a_customer_of_then() {
    let center = Center::open().await;
    let long_ago: Timestamp = "2019-06-01T08:00:00Z".parse().unwrap();

    center.intake.register(vec![contact(caller("Li Na", "+8613800138000"), long_ago)]);
    center.settle().await;

    assert!(center.told().await.iter().all(|event| event.time == Some(time::to_wire(long_ago))));
    assert_eq!(center.recognise("13800138000").await.recent_contacts, 0);
}

fn values(customer: &Customer) -> Vec<&str> {
    customer.contact_points.iter().map(|ContactPoint { value, .. }| value.as_str()).collect()
}
