//! Customer records tell whose contact it is; the case that it opened is theirs.

use kexiang_core::CustomerId;
use kexiang_proto::{
    customers_v1::IdentificationFacts,
    event_v1::Event,
    intake_v1::{ListCasesRequest, RegisterContactRequest},
};

use crate::{
    desk::{Desk, START},
    feed::event,
    wire::{acceptance, registration},
};

/// An event of customer records: that contact is of that customer.
pub fn identified(contact: &str, customer: &str) -> Event {
    let facts = IdentificationFacts {
        customer: customer.to_owned(),
        contact: contact.to_owned(),
        ..IdentificationFacts::default()
    };
    event("customer.identified", customer, START, &facts)
}

/// The name of a new customer.
pub fn customer() -> String {
    CustomerId::at(START).name()
}

#[tokio::test]
async fn an_identified_contact_gives_its_case_the_customer() {
    let desk = Desk::open().await;
    let (case, other) = (desk.accept(acceptance()).await, desk.accept(acceptance()).await);
    let customer = customer();

    desk.customer_records.tell(vec![identified(&case.contact, &customer)]);
    desk.all_taken_in().await;

    assert_eq!(desk.contact(&case.contact).await.customer, customer);
    assert_eq!(desk.case(&case.name).await.customer, customer);
    assert_eq!(desk.case(&other.name).await, other);
    let request = ListCasesRequest { customer, ..ListCasesRequest::default() };
    let of_customer = desk.client().list_cases(request).await.unwrap().into_inner().cases;
    assert_eq!(of_customer, [desk.case(&case.name).await]);
}

#[tokio::test]
async fn a_contact_that_joined_a_case_leaves_it_its_customer() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await;
    let request = RegisterContactRequest { case: case.name.clone(), ..registration() };
    let joined = desk.client().register_contact(request).await.unwrap().into_inner();
    let (opener, neighbour) = (customer(), customer());

    let both = vec![identified(&joined.name, &neighbour), identified(&case.contact, &opener)];
    desk.customer_records.tell(both);
    desk.all_taken_in().await;

    assert_eq!(desk.contact(&joined.name).await.customer, neighbour);
    assert_eq!(desk.case(&case.name).await.customer, opener);
}

#[tokio::test]
async fn an_identification_of_a_contact_that_is_nowhere_is_left_out() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await;
    let unknown = kexiang_core::ContactId::at(START).name();

    desk.customer_records.tell(vec![identified(&unknown, &customer())]);
    desk.all_taken_in().await;

    assert_eq!(desk.case(&case.name).await, case);
}
