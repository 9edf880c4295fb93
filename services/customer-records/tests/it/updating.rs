//! Changing customers, and every way to be refused.

use kexiang_core::{CustomerId, CustomerKind};
use kexiang_proto::{
    customers_v1::{Customer, UpdateCustomerRequest, contact_point::Kind},
    rpc::ResourceInfo,
    type_v1,
};
use kexiang_rpc::refusal;
use prost_types::FieldMask;
use tonic::Code;

use crate::{
    center::{Center, START},
    wire::{point, refused, violations},
};

fn update(customer: Customer, paths: &[&str]) -> UpdateCustomerRequest {
    let paths = paths.iter().map(ToString::to_string).collect();
    UpdateCustomerRequest {
        customer: Some(customer),
        update_mask: Some(FieldMask { paths }),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_update_changes_the_masked_fields_alone() {
    let center = Center::open().await;
    let before = center.create("Li Na", &[(Kind::Phone, "13800138000")]).await;
    let wanted = Customer {
        name: before.name.clone(),
        display_name: "not looked at".into(),
        contact_points: vec![point(Kind::Phone, "13900139000")],
        etag: before.etag.clone(),
        ..Customer::default()
    };

    let after = center.client().update_customer(update(wanted, &["contact_points", "create_time"])).await;
    let after = after.unwrap().into_inner();

    assert_eq!(after.display_name, "Li Na");
    assert_eq!(after.contact_points, [point(Kind::Phone, "+8613900139000")]);
    assert_ne!(after.etag, before.etag);
    assert_eq!(center.get(&before.name).await, after);
    assert!(center.list_by(Kind::Phone, "13800138000").await.is_empty());
    let types: Vec<_> = center.told().await.into_iter().map(|event| event.r#type).collect();
    assert_eq!(types, ["customer.created", "customer.updated"]);
}

#[tokio::test]
async fn an_update_that_changes_nothing_keeps_the_etag() {
    let center = Center::open().await;
    let before = center.create("Li Na", &[]).await;

    let after = center.client().update_customer(update(before.clone(), &[])).await.unwrap().into_inner();

    assert_eq!(after, before);
    assert_eq!(center.told().await.len(), 1);
}

#[tokio::test]
async fn an_update_on_a_stale_etag_is_refused() {
    let center = Center::open().await;
    let before = center.create("Li Na", &[]).await;
    let rename = |name: &str| Customer { display_name: name.into(), ..before.clone() };
    center.client().update_customer(update(rename("Li Nana"), &["display_name"])).await.unwrap();

    let stale =
        center.client().update_customer(update(rename("Na Li"), &["display_name"])).await.unwrap_err();

    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!(center.get(&before.name).await.display_name, "Li Nana");
}

#[tokio::test]
async fn an_update_that_takes_the_phone_of_another_is_refused() {
    let center = Center::open().await;
    let li_na = center.create("Li Na", &[(Kind::Phone, "13800138000")]).await;
    let wang = center.create("Wang", &[(Kind::Phone, "13900139000")]).await;
    let wanted = Customer { contact_points: li_na.contact_points.clone(), ..wang.clone() };

    let status = center.client().update_customer(update(wanted, &["contact_points"])).await.unwrap_err();

    let info: ResourceInfo = refusal::detail(&status).unwrap();
    assert_eq!((status.code(), info.resource_name), (Code::AlreadyExists, li_na.name));
    assert_eq!(center.get(&wang.name).await, wang);
}

#[tokio::test]
async fn an_address_begins_to_identify_when_a_person_becomes_an_outlet() {
    let center = Center::open().await;
    let points = [(Kind::Address, "5 Lake Road")];
    let shop = center.try_create("Shop", CustomerKind::Outlet, &points).await.unwrap();
    let lodger = center.create("Lodger", &points).await;
    let wanted = Customer { kind: type_v1::CustomerKind::Household.into(), ..lodger };

    let status = center.client().update_customer(update(wanted, &["kind"])).await.unwrap_err();

    let info: ResourceInfo = refusal::detail(&status).unwrap();
    assert_eq!(info.resource_name, shop.name);
    assert_eq!(center.list_by(Kind::Address, "5 LAKE ROAD").await.len(), 2);
}

#[tokio::test]
async fn wrong_fields_of_an_update_are_reported_at_once() {
    let center = Center::open().await;
    let wanted = Customer { name: "customers/li-na".into(), etag: "new".into(), ..Customer::default() };

    let status =
        center.client().update_customer(update(wanted, &["display_name", "tier"])).await.unwrap_err();

    assert_eq!(
        violations(&status),
        ["customer.name", "customer.etag", "update_mask", "customer.display_name"]
    );
}

#[tokio::test]
async fn an_update_of_nobody_is_not_found() {
    let center = Center::open().await;
    let nobody =
        Customer { name: CustomerId::at(START).name(), display_name: "Nobody".into(), ..Customer::default() };

    let status = center.client().update_customer(update(nobody, &[])).await.unwrap_err();

    assert_eq!(refused(&status), (Code::NotFound, "NOT_FOUND".into()));
}
