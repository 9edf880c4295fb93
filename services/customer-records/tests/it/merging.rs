//! Two customers become one, and two again (CU-8).

use kexiang_core::{CustomerId, Role};
use kexiang_proto::{
    customers_v1::{
        Customer, FieldSource, GetCustomerRequest, IdentificationFacts, PreviewMergeRequest,
        UpdateCustomerRequest, contact_point::Kind,
    },
    intake_v1::{Caller, ContactFacts, Purpose},
    rpc::{PreconditionFailure, ResourceInfo},
    type_v1,
};
use kexiang_rpc::{refusal, time};
use prost_types::FieldMask;
use tonic::Code;
use uuid::Uuid;

use crate::{
    center::{Center, START},
    merge_desk::{choice, contacts_of, desk, desk_of, merge, merging, moved, try_unmerge, unmerge},
    wire::{caller, case, contact, point, refused, violations},
};

const PHONE: &str = "+8613800138000";
const OTHER_PHONE: &str = "+8613900139000";

/// All but what tells of the change itself.
fn content(customer: Customer) -> Customer {
    Customer { etag: String::new(), update_time: None, ..customer }
}

async fn try_get(center: &Center, name: &str) -> tonic::Status {
    center.client().get_customer(GetCustomerRequest { name: name.to_owned() }).await.unwrap_err()
}

#[tokio::test]
async fn a_merge_takes_all_along_and_an_unmerge_gives_it_back() {
    let center = Center::open().await;
    let wang = center.create("Wang Xiaoming", &[(Kind::Phone, PHONE)]).await;
    let twin = center.create("王小明", &[(Kind::Phone, OTHER_PHONE), (Kind::Address, "翠湖路 5 号")]).await;
    let opener = center.intake.register(vec![contact(caller("王小明", OTHER_PHONE), START)])[0];
    center.intake.tell_case(
        "case.accepted",
        START,
        &case("cases/0193a000-0000-7000-8000-000000000001", opener, START),
    );
    center.settle().await;

    let merged = merge(&center, &wang.name, &twin.name).await;

    let both = center.customer_of_phone(OTHER_PHONE).await;
    assert_eq!(both.name, wang.name);
    assert_eq!(both.contact_points.len(), 3);
    assert_eq!(contacts_of(&center, &wang.name).await, 1);
    assert_eq!(center.timeline_of(PHONE).await.len(), 2, "contact and case");
    assert_eq!(center.recognise(PHONE).await.open_cases.len(), 1);
    let gone = try_get(&center, &twin.name).await;
    let survivor: ResourceInfo = refusal::detail(&gone).unwrap();
    assert_eq!(refused(&gone), (Code::NotFound, "CUSTOMER_MERGED".into()));
    assert_eq!(survivor.resource_name, wang.name);
    assert_eq!(moved(&center, &merged.name).await.loser_before.map(content), Some(content(twin.clone())));
    assert_eq!(center.all_customers().await.len(), 1);

    unmerge(&center, &merged.name).await;

    assert_eq!(content(center.get(&wang.name).await), content(wang.clone()));
    assert_eq!(content(center.get(&twin.name).await), content(twin.clone()));
    assert_eq!((contacts_of(&center, &wang.name).await, contacts_of(&center, &twin.name).await), (0, 1));
    assert_eq!(center.timeline_of(OTHER_PHONE).await.len(), 2);
    let told = center.told().await;
    let types = ["customer.merged", "customer.unmerged"];
    assert_eq!(told.iter().filter(|event| types.contains(&event.r#type.as_str())).count(), 2);
    let identified = told.iter().filter(|event| event.r#type == "customer.identified");
    let customers =
        identified.map(|event| event.data.as_ref().unwrap().to_msg::<IdentificationFacts>().unwrap());
    let customers: Vec<_> = customers.map(|facts| facts.customer).collect();
    assert_eq!(customers, [twin.name.clone(), wang.name, twin.name], "intake learns every move");
}

#[tokio::test]
async fn what_arrives_in_between_goes_where_its_origin_says() {
    let center = Center::open().await;
    let wang = center.create("Wang", &[(Kind::Phone, PHONE)]).await;
    let twin = center.create("Twin", &[(Kind::Phone, OTHER_PHONE)]).await;
    let merged = merge(&center, &wang.name, &twin.name).await;
    let with_email = |phone: &str, email: &str| Caller { email: email.into(), ..caller("?", phone) };
    center.intake.register(vec![contact(with_email(PHONE, "wang@example.com"), START)]);
    center.settle().await;
    center.intake.register(vec![
        contact(with_email(OTHER_PHONE, "twin@example.com"), START),
        contact(Caller { email: "twin@example.com".into(), ..Caller::default() }, START),
    ]);
    center.settle().await;
    assert_eq!(contacts_of(&center, &wang.name).await, 3);
    let current = center.get(&wang.name).await;
    let renamed = UpdateCustomerRequest {
        customer: Some(Customer { display_name: "Wang Xiaoming".into(), ..current }),
        update_mask: Some(FieldMask { paths: vec!["display_name".into(), "contact_points".into()] }),
        ..Default::default()
    };
    center.client().update_customer(renamed).await.unwrap();

    unmerge(&center, &merged.name).await;

    let (wang, twin) = (center.get(&wang.name).await, center.get(&twin.name).await);
    assert_eq!((wang.display_name.as_str(), twin.display_name.as_str()), ("Wang Xiaoming", "Twin"));
    assert_eq!(wang.contact_points, [point(Kind::Phone, PHONE), point(Kind::Email, "wang@example.com")]);
    assert_eq!(
        twin.contact_points,
        [point(Kind::Phone, OTHER_PHONE), point(Kind::Email, "twin@example.com")]
    );
    assert_eq!((contacts_of(&center, &wang.name).await, contacts_of(&center, &twin.name).await), (1, 2));
}

#[tokio::test]
async fn a_preview_shows_field_by_field_what_the_merge_does() {
    let center = Center::open().await;
    let wang = center.create("Wang", &[(Kind::Phone, PHONE)]).await;
    let twin = center.create("Twin", &[(Kind::Phone, OTHER_PHONE)]).await;
    let choices = vec![choice("display_name", FieldSource::Loser), choice("kind", FieldSource::Explicit)];
    let explicit = Customer { kind: type_v1::CustomerKind::Household.into(), ..Default::default() };
    let mut request = merging(&wang.name, &twin.name);
    (request.choices, request.explicit_values) = (choices.clone(), Some(explicit.clone()));

    let preview = PreviewMergeRequest {
        survivor: wang.name.clone(),
        loser: twin.name.clone(),
        choices,
        explicit_values: Some(explicit),
    };
    let preview = desk_of(&center, &[Role::Agent]).preview_merge(preview).await.unwrap().into_inner();
    let untouched = center.get(&wang.name).await;
    desk(&center).merge_customers(request).await.unwrap();

    assert_eq!(untouched, wang);
    assert!(preview.fields.iter().any(|field| field.field == "display_name" && field.differs));
    let merged = content(center.get(&wang.name).await);
    assert_eq!(content(preview.result.unwrap()), merged);
    assert_eq!((merged.display_name.as_str(), merged.kind()), ("Twin", type_v1::CustomerKind::Household));
}

#[tokio::test]
async fn merges_are_taken_back_from_the_last_one_on() {
    let center = Center::open().await;
    let a = center.create("A", &[(Kind::Phone, "13800138001")]).await;
    let b = center.create("B", &[(Kind::Phone, "13800138002")]).await;
    let c = center.create("C", &[(Kind::Phone, "13800138003")]).await;
    center.intake.register(vec![contact(caller("A", "+8613800138001"), START)]);
    center.settle().await;
    let first = merge(&center, &b.name, &a.name).await;
    let second = merge(&center, &c.name, &b.name).await;
    assert_eq!(center.customer_of_phone("13800138001").await.name, c.name);

    let too_early = try_unmerge(&center, &first.name).await.unwrap_err();
    unmerge(&center, &second.name).await;
    let of_b = contacts_of(&center, &b.name).await;
    unmerge(&center, &first.name).await;

    let needed: PreconditionFailure = refusal::detail(&too_early).unwrap();
    assert_eq!(refused(&too_early), (Code::FailedPrecondition, "LATER_MERGE".into()));
    assert_eq!(needed.violations[0].subject, second.name);
    assert_eq!((of_b, contacts_of(&center, &a.name).await), (1, 1));
    for customer in [a, b, c] {
        assert_eq!(content(center.get(&customer.name).await), content(customer));
    }
    let again = try_unmerge(&center, &first.name).await.unwrap_err();
    assert_eq!(refused(&again), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".into()));
}

#[tokio::test]
async fn thousands_of_contacts_move_in_batches_and_back() {
    let center = Center::open().await;
    let wang = center.create("Wang", &[]).await;
    let twin = center.create("Twin", &[]).await;
    let id: Uuid = twin.name.strip_prefix("customers/").unwrap().parse().unwrap();
    sqlx::query(
        "insert into customer_records.contact_links (contact_id, customer_id, contact_at)
         select gen_random_uuid(), $1, now() from generate_series(1, 3500)",
    )
    .bind(id)
    .execute(&center.pool)
    .await
    .unwrap();

    let merged = merge(&center, &wang.name, &twin.name).await;
    assert!(merged.moving);
    moved(&center, &merged.name).await;
    assert_eq!((contacts_of(&center, &wang.name).await, contacts_of(&center, &twin.name).await), (3_500, 0));
    unmerge(&center, &merged.name).await;
    moved(&center, &merged.name).await;

    assert_eq!((contacts_of(&center, &wang.name).await, contacts_of(&center, &twin.name).await), (0, 3_500));
    let told = center.told().await;
    assert_eq!(
        told.iter().filter(|event| event.r#type == "customer.identified").count(),
        7_000,
        "each once a way"
    );
}

#[tokio::test]
async fn a_contact_told_of_a_merged_customer_goes_to_the_survivor_and_intake_is_told() {
    let center = Center::open().await;
    let wang = center.create("Wang", &[]).await;
    let twin = center.create("Twin", &[]).await;
    let merged = merge(&center, &wang.name, &twin.name).await;
    let name = "contacts/0193a000-0000-7000-8000-000000000009";
    let facts = ContactFacts {
        contact: name.to_owned(),
        customer: twin.name.clone(),
        site: "sites/main".to_owned(),
        contact_time: Some(time::to_wire(START)),
        purpose: Purpose::Customer.into(),
        ..ContactFacts::default()
    };

    center.intake.tell(vec![center.intake.event("contact.registered", name, START, &facts)]);
    center.settle().await;

    assert_eq!(contacts_of(&center, &wang.name).await, 1);
    let told = center.told().await;
    let last = told.iter().rev().find(|event| event.r#type == "customer.identified").unwrap();
    assert_eq!(last.data.as_ref().unwrap().to_msg::<IdentificationFacts>().unwrap().customer, wang.name);
    unmerge(&center, &merged.name).await;
    assert_eq!(contacts_of(&center, &twin.name).await, 1);
}

#[tokio::test]
async fn bad_merges_are_refused_with_all_that_is_wrong() {
    let center = Center::open().await;
    let wang = center.create("Wang", &[]).await;
    let twin = center.create("Twin", &[]).await;
    let mut wrong = merging(&wang.name, &wang.name);
    wrong.choices = vec![
        choice("contact_points", FieldSource::Loser),
        choice("shoe_size", FieldSource::Loser),
        choice("display_name", FieldSource::Unspecified),
        choice("kind", FieldSource::Explicit),
    ];
    (wrong.survivor_etag, wrong.request_id) = ("new".into(), "again".into());
    let mut stale = merging(&wang.name, &twin.name);
    stale.loser_etag = "7".into();
    let nobody = CustomerId::at(START).name();

    let wrong = desk(&center).merge_customers(wrong).await.unwrap_err();
    let stale = desk(&center).merge_customers(stale).await.unwrap_err();
    let unknown = desk(&center).merge_customers(merging(&wang.name, &nobody)).await.unwrap_err();
    let agent = desk_of(&center, &[Role::Agent]).merge_customers(merging(&wang.name, &twin.name)).await;
    let no_merge = try_unmerge(&center, "merges/0193a000-0000-7000-8000-000000000001").await.unwrap_err();

    assert_eq!(
        violations(&wrong),
        [
            "request_id",
            "loser",
            "choices[0].field",
            "choices[1].field",
            "choices[2].source",
            "explicit_values",
            "survivor_etag"
        ]
    );
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!(refused(&unknown), (Code::NotFound, "NOT_FOUND".into()));
    assert_eq!(refused(&agent.unwrap_err()), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
    assert_eq!(refused(&no_merge), (Code::NotFound, "NOT_FOUND".into()));
    assert_eq!(center.get(&twin.name).await, twin);
}

#[tokio::test]
async fn of_two_merges_at_once_one_wins_and_a_repeated_one_is_answered_again() {
    let center = Center::open().await;
    let wang = center.create("Wang", &[(Kind::Phone, PHONE)]).await;
    let twin = center.create("Twin", &[(Kind::Phone, OTHER_PHONE)]).await;
    let mut there = merging(&wang.name, &twin.name);
    there.request_id = Uuid::from_u128(1).to_string();
    let back = merging(&twin.name, &wang.name);

    let (mut one, mut other) = (desk(&center), desk(&center));
    let (first, second) = tokio::join!(one.merge_customers(there.clone()), other.merge_customers(back));

    assert_eq!(i32::from(first.is_ok()) + i32::from(second.is_ok()), 1);
    if let Ok(first) = first {
        let again = desk(&center).merge_customers(there).await.unwrap().into_inner();
        assert_eq!(again, first.into_inner());
    }
    let both = center.customer_of_phone(PHONE).await;
    assert_eq!(both.contact_points.len(), 2);
    assert_eq!(center.all_customers().await.len(), 1);
}
