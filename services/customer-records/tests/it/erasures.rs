//! Erasing customers: what is gone, what stays, what keeps them, and the receipt (CU-14).

use jiff::SignedDuration;
use kexiang_core::{ContactId, CustomerKind, Role};
use kexiang_customer_records::domain::vault::WrappedKey;
use kexiang_proto::{
    customers_v1::{
        Erasure, ErasureFacts, GetErasureRequest, ListErasuresRequest, ListLegalHoldsRequest,
        ReleaseLegalHoldRequest, contact_point::Kind, erasure::State,
    },
    dispatch_v1::CustomerWordsFacts,
    intake_v1::CustomerDataFacts,
};
use tonic::Code;

use crate::{
    center::{Center, START},
    sealing::{ring, tables_that_show},
    wire::{caller, contact, refused},
};

const NAME: &str = "Ouyang Feiyan";
const PHONE: &str = "+8613912345678";

async fn receipt(center: &Center, name: &str) -> Erasure {
    let request = GetErasureRequest { name: name.to_owned() };
    center.privacy(Role::Manager).get_erasure(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn an_erased_customer_is_a_stump_that_nothing_leads_to() {
    let center = Center::open().await;
    let contacts = center.intake.register(vec![contact(caller(NAME, PHONE), START)]);
    center.settle().await;
    let customer = center.customer_of_phone(PHONE).await;
    let key: (String, Vec<u8>, Vec<u8>) = sqlx::query_as(
        "select kek_id, wrapped, sealed_name from customer_records.subject_keys join customer_records.customers using (customer_id)",
    )
    .fetch_one(&center.pool)
    .await
    .unwrap();

    let erasure = center.erase(&customer.name).await.unwrap();
    let again = center.erase(&customer.name).await.unwrap_err();

    let stump = center.get(&customer.name).await;
    assert_eq!((stump.display_name.as_str(), stump.contact_points.len()), ("", 0));
    assert!(stump.erase_time.is_some() && stump.etag != customer.etag);
    assert_eq!(center.recognise(PHONE).await.customer, None);
    assert!(center.list_by(Kind::Phone, PHONE).await.is_empty());
    assert_eq!(refused(&again), (Code::FailedPrecondition, "CUSTOMER_ERASED".into()));
    assert_eq!(receipt(&center, &erasure.name).await, erasure);
    let facts: ErasureFacts = center.told().await.last().unwrap().data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!((facts.customer, facts.erasure), (customer.name, erasure.name));
    assert_eq!(facts.contacts, contacts.into_iter().map(ContactId::name).collect::<Vec<_>>());
    assert_eq!(tables_that_show(&center.pool, &[NAME, PHONE]).await, Vec::<String>::new());
    // A backup from before still opens with its wrapped key; nothing of that key is left here.
    let before = WrappedKey { kek_id: key.0, wrapped: key.1 };
    let id = stump.name.strip_prefix("customers/").unwrap().parse().unwrap();
    let opened = ring().unwrap(id, &before).unwrap().open_text("customers.sealed_name", &key.2).unwrap();
    assert_eq!(opened, NAME);
    let left: i64 =
        sqlx::query_scalar("select count(*) from customer_records.subject_keys where wrapped is not null")
            .fetch_one(&center.pool)
            .await
            .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn the_receipt_is_done_when_every_service_has_answered() {
    let center = Center::open().await;
    let customer = center.create(NAME, &[(Kind::Phone, PHONE)]).await;
    let erasure = center.erase(&customer.name).await.unwrap();
    let at = START + SignedDuration::from_secs(5);

    let facts = CustomerDataFacts {
        erasure: erasure.name.clone(),
        customer: customer.name.clone(),
        ..Default::default()
    };
    center.intake.tell(vec![center.intake.event("customer_data.erased", &customer.name, at, &facts)]);
    center.settle().await;
    let halfway = receipt(&center, &erasure.name).await;
    let facts = CustomerWordsFacts { erasure: erasure.name.clone(), customer: customer.name.clone() };
    center.dispatch.tell(vec![center.dispatch.event("customer_words.erased", &customer.name, at, &facts)]);
    center.settle().await;
    let done = receipt(&center, &erasure.name).await;

    let parts = |erasure: &Erasure| -> Vec<(String, i32)> {
        erasure.parts.iter().map(|part| (part.service.clone(), part.state)).collect()
    };
    assert_eq!((halfway.state(), done.state()), (State::Running, State::Done));
    assert_eq!(
        parts(&halfway),
        [
            ("customer-records".into(), State::Done.into()),
            ("dispatch".into(), State::Running.into()),
            ("intake".into(), State::Done.into()),
            ("reporting".into(), State::Done.into()),
        ]
    );
    let list = center.privacy(Role::Administrator).list_erasures(ListErasuresRequest::default()).await;
    assert_eq!(list.unwrap().into_inner().erasures, [done]);
}

#[tokio::test]
async fn a_held_customer_is_not_erased_until_the_hold_is_released() {
    let center = Center::open().await;
    let customer = center.create(NAME, &[(Kind::Phone, PHONE)]).await;
    let hold = center.hold(&customer.name).await.unwrap();

    let held = center.erase(&customer.name).await.unwrap_err();
    let stale = ReleaseLegalHoldRequest { name: hold.name.clone(), etag: "7".into(), ..Default::default() };
    let stale = center.privacy(Role::Manager).release_legal_hold(stale).await.unwrap_err();
    let release = ReleaseLegalHoldRequest { name: hold.name.clone(), etag: hold.etag, ..Default::default() };
    let released =
        center.privacy(Role::Manager).release_legal_hold(release.clone()).await.unwrap().into_inner();
    let release = ReleaseLegalHoldRequest { etag: String::new(), ..release };
    let twice = center.privacy(Role::Manager).release_legal_hold(release).await.unwrap_err();
    let erased = center.erase(&customer.name).await;
    let late = center.hold(&customer.name).await.unwrap_err();

    assert_eq!(refused(&held), (Code::FailedPrecondition, "UNDER_LEGAL_HOLD".into()));
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!(refused(&twice), (Code::FailedPrecondition, "HOLD_RELEASED".into()));
    assert_eq!(refused(&late), (Code::FailedPrecondition, "CUSTOMER_ERASED".into()));
    assert!(erased.is_ok() && released.release_time.is_some());
    let list = ListLegalHoldsRequest { parent: customer.name, ..Default::default() };
    let holds = center.privacy(Role::Manager).list_legal_holds(list).await.unwrap().into_inner().legal_holds;
    assert_eq!(holds, [released]);
}

#[tokio::test]
async fn of_two_erasures_at_once_one_is_done() {
    let center = Center::open().await;
    let customer = center.create(NAME, &[(Kind::Phone, PHONE)]).await;

    let (one, other) = tokio::join!(center.erase(&customer.name), center.erase(&customer.name));

    let refusals: Vec<_> = [one, other].into_iter().filter_map(Result::err).collect();
    assert_eq!(refusals.len(), 1);
    assert_eq!(refused(&refusals[0]), (Code::FailedPrecondition, "CUSTOMER_ERASED".into()));
}

#[tokio::test]
async fn a_phone_of_an_erased_customer_makes_a_new_customer() {
    let center = Center::open().await;
    let customer = center.create(NAME, &[(Kind::Phone, PHONE)]).await;
    center.erase(&customer.name).await.unwrap();

    let new = center.try_create("Somebody", CustomerKind::Person, &[(Kind::Phone, PHONE)]).await.unwrap();

    assert_ne!(new.name, customer.name);
    assert_eq!(center.recognise(PHONE).await.customer.unwrap().name, new.name);
}

#[tokio::test]
async fn customers_of_whom_nothing_is_heard_are_erased_when_days_are_set() {
    let center = Center::open_with(|config| config.retention_idle_days = Some(300)).await;
    let idle = center.create(NAME, &[(Kind::Phone, PHONE)]).await;
    let held = center.create("Held", &[(Kind::Phone, "13912345670")]).await;
    center.hold(&held.name).await.unwrap();
    center.hand.advance(SignedDuration::from_hours(301 * 24));
    let fresh = center.create("Fresh", &[(Kind::Phone, "13912345671")]).await;

    // The worker looks once an hour; a replica that starts looks at once.
    let _replica = center.replica().await;
    crate::sealing::until(&center.pool, "select count(*) = 1 from customer_records.erasures").await;

    assert!(center.get(&idle.name).await.erase_time.is_some());
    assert_eq!(center.get(&held.name).await.erase_time, None);
    assert_eq!(center.get(&fresh.name).await.erase_time, None);
}
