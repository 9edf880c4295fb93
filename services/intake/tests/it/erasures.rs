//! Erasures of customer records are followed: words go, figures stay, an event answers; told twice, nothing changes (CU-14).

use kexiang_core::{CustomerId, ErasureId};
use kexiang_proto::{customers_v1::ErasureFacts, event_v1::Event};

use crate::{
    desk::{Desk, START},
    feed::event,
    identification::{customer, identified},
    wire::{MAIN, acceptance, registration},
};

fn erased(customer: &str, contacts: &[&str]) -> Event {
    let facts = ErasureFacts {
        erasure: ErasureId::at(START).name(),
        customer: customer.to_owned(),
        contacts: contacts.iter().map(ToString::to_string).collect(),
        ..ErasureFacts::default()
    };
    event("customer.erased", customer, START, &facts)
}

#[tokio::test]
async fn an_erased_customer_leaves_cases_and_register_without_words() {
    let desk = Desk::open().await;
    let (case, other) = (desk.accept(acceptance()).await, desk.accept(acceptance()).await);
    let customer = customer();

    desk.customer_records
        .tell(vec![identified(&case.contact, &customer), erased(&customer, &[&case.contact])]);
    desk.all_taken_in().await;

    let (contact, blank) = (desk.contact(&case.contact).await, desk.case(&case.name).await);
    let caller = contact.caller.unwrap_or_default();
    assert_eq!((caller.display_name.as_str(), caller.phone.as_str(), contact.need.as_str()), ("", "", ""));
    assert_eq!((blank.title.as_str(), blank.description.as_str(), blank.address.as_str()), ("", "", ""));
    assert_eq!((&blank.number, blank.state, &blank.category), (&case.number, case.state, &case.category));
    assert_eq!(desk.case(&other.name).await.title, other.title);
    assert_eq!(desk.register(MAIN, "").await.len(), 2);
    let answers: Vec<String> = sqlx::query_scalar(
        "select data ->> 'customer' from intake.event_log where event_type = 'customer_data.erased'",
    )
    .fetch_all(desk.pool())
    .await
    .unwrap();
    assert_eq!(answers, [customer.strip_prefix("customers/").unwrap()]);
}

#[tokio::test]
async fn a_contact_that_turns_out_to_be_an_erased_customers_is_blanked_too() {
    let desk = Desk::open().await;
    let contact = desk.client().register_contact(registration()).await.unwrap().into_inner();
    let customer = customer();

    desk.customer_records.tell(vec![erased(&customer, &[])]);
    desk.customer_records.tell(vec![identified(&contact.name, &customer)]);
    desk.all_taken_in().await;

    let contact = desk.contact(&contact.name).await;
    assert_eq!((contact.caller.unwrap_or_default().phone.as_str(), contact.need.as_str()), ("", ""));
}

#[tokio::test]
async fn an_erasure_of_somebody_unknown_is_answered_all_the_same() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await;
    let stranger = CustomerId::at(START).name();

    desk.customer_records.tell(vec![erased(&stranger, &[])]);
    desk.all_taken_in().await;

    assert_eq!(desk.case(&case.name).await, case);
    let told: i64 =
        sqlx::query_scalar("select count(*) from intake.event_log where event_type = 'customer_data.erased'")
            .fetch_one(desk.pool())
            .await
            .unwrap();
    assert_eq!(told, 1);
}
