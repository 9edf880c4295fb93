//! Messaging ids, kinds of addresses, preferred times (CU-2), and what sort of outlet an outlet is (CU-1).

use kexiang_core::Role;
use kexiang_proto::{
    customers_v1::{
        ContactPoint, CreateCustomerRequest, Customer, ListCustomersRequest, OutletKind, PreferredTime,
        SearchCustomersRequest, UpdateCustomerRequest,
        contact_point::{AddressKind, Kind},
        preferred_time::Day,
    },
    type_v1::CustomerKind,
};
use prost_types::FieldMask;
use tonic::{Code, Status};

use crate::{
    center::Center,
    wire::{point, refused, violations},
};

async fn create(center: &Center, customer: Customer) -> Result<Customer, Status> {
    let request = CreateCustomerRequest { customer: Some(customer), ..Default::default() };
    center.client().create_customer(request).await.map(tonic::Response::into_inner)
}

async fn update(center: &Center, customer: Customer, path: &str) -> Result<Customer, Status> {
    let update_mask = Some(FieldMask { paths: vec![path.to_owned()] });
    let request = UpdateCustomerRequest { customer: Some(customer), update_mask, ..Default::default() };
    center.client().update_customer(request).await.map(tonic::Response::into_inner)
}

async fn found(center: &Center, query: &str) -> Vec<String> {
    let request = SearchCustomersRequest { query: query.to_owned(), ..Default::default() };
    let answer = center.client().search_customers(request).await.unwrap().into_inner();
    answer.customers.into_iter().map(|customer| customer.display_name).collect()
}

fn messaging(provider: &str, id: &str) -> ContactPoint {
    ContactPoint { provider: provider.to_owned(), ..point(Kind::Messaging, id) }
}

fn evenings() -> PreferredTime {
    PreferredTime {
        days: vec![Day::Monday.into(), Day::Friday.into()],
        begin: "18:00".into(),
        end: "20:30".into(),
    }
}

/// Li Na with a messaging id, two addresses and a phone for the evenings.
fn li_na() -> Customer {
    let phone = ContactPoint { preferred_times: vec![evenings()], ..point(Kind::Phone, "+8613800138000") };
    let address =
        |kind: AddressKind, text| ContactPoint { address_kind: kind.into(), ..point(Kind::Address, text) };
    Customer {
        display_name: "李娜".into(),
        contact_points: vec![
            phone,
            messaging("WECHAT", "Li_Na-88"),
            address(AddressKind::Home, "昆明市翠湖路 5 号"),
            address(AddressKind::Delivery, "昆明市青年路 9 号"),
        ],
        ..Default::default()
    }
}

#[tokio::test]
async fn what_is_said_of_contact_points_is_kept_and_changed() {
    let center = Center::open().await;

    let made = create(&center, li_na()).await.unwrap();
    let mut wanted = made.clone();
    wanted.contact_points[2].address_kind = AddressKind::Billing.into();
    let changed = update(&center, wanted.clone(), "contact_points").await.unwrap();

    assert_eq!(made.contact_points, li_na().contact_points);
    assert_eq!(center.get(&made.name).await.contact_points, wanted.contact_points);
    assert_eq!(changed.etag, "2");
}

#[tokio::test]
async fn a_customer_is_found_by_messaging_id_and_by_address_as_typed() {
    let center = Center::open().await;
    let made = create(&center, li_na()).await.unwrap();
    create(
        &center,
        Customer {
            display_name: "王小明".into(),
            contact_points: vec![messaging("QQ", "10001")],
            ..Default::default()
        },
    )
    .await
    .unwrap();
    let list =
        ListCustomersRequest { contact_point: Some(messaging("wechat", "li_na-88")), ..Default::default() };

    let listed = center.client().list_customers(list).await.unwrap().into_inner().customers;

    assert_eq!(listed, [made]);
    for query in ["wechat:li_na-88", "LI_NA-88", "昆明市翠湖路 5 号", "138 0013 8000"] {
        assert_eq!(found(&center, query).await, ["李娜"], "{query}");
    }
    assert_eq!(found(&center, "10001").await, ["王小明"]);
    assert!(found(&center, "QQ:Li_Na-88").await.is_empty());
}

#[tokio::test]
async fn a_messaging_id_identifies_one_customer_and_is_masked() {
    let center = Center::open().await;
    let made = create(&center, li_na()).await.unwrap();
    let other = Customer {
        display_name: "Wang".into(),
        contact_points: vec![messaging("wechat", "LI_NA-88")],
        ..Default::default()
    };
    let elsewhere = Customer { contact_points: vec![messaging("QQ", "li_na-88")], ..other.clone() };

    let taken = create(&center, other).await.unwrap_err();
    let seen = center.get_as(Role::Analyst, &made.name).await;

    assert_eq!(refused(&taken), (Code::AlreadyExists, "ALREADY_EXISTS".into()));
    assert!(create(&center, elsewhere).await.is_ok());
    let masked: Vec<&str> = seen.contact_points.iter().map(|point| point.value.as_str()).collect();
    assert_eq!(masked, ["+86138****8000", "L***", "昆明***", "昆明***"]);
    assert!(seen.contact_points[0].preferred_times.is_empty());
}

#[tokio::test]
async fn what_is_wrong_with_contact_points_is_told_at_once() {
    let center = Center::open().await;
    let times = vec![
        PreferredTime { begin: "20:00".into(), end: "18:00".into(), ..Default::default() },
        PreferredTime { days: vec![1, 1, 9], begin: "8".into(), ..Default::default() },
    ];
    let bad = Customer {
        kind: CustomerKind::Person.into(),
        outlet_kind: OutletKind::Shop.into(),
        display_name: "Wang".into(),
        contact_points: vec![
            ContactPoint { preferred_times: times, ..point(Kind::Phone, "13800138000") },
            messaging("", "li_na"),
            messaging("WECHAT", "li na"),
            ContactPoint { provider: "QQ".into(), address_kind: 1, ..point(Kind::Email, "a@example.com") },
        ],
        ..Default::default()
    };

    let mut fields = violations(&create(&center, bad).await.unwrap_err());

    fields.sort();
    let expected = [
        "customer.contact_points[0].preferred_times[0].end",
        "customer.contact_points[0].preferred_times[1].begin",
        "customer.contact_points[0].preferred_times[1].days[1]",
        "customer.contact_points[0].preferred_times[1].days[2]",
        "customer.contact_points[1].provider",
        "customer.contact_points[2].value",
        "customer.contact_points[3].address_kind",
        "customer.contact_points[3].provider",
        "customer.outlet_kind",
    ];
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn an_outlet_has_a_sort_as_long_as_it_is_one() {
    let center = Center::open().await;
    let dealer = Customer {
        kind: CustomerKind::Outlet.into(),
        outlet_kind: OutletKind::Dealer.into(),
        display_name: "翠湖电器".into(),
        ..Default::default()
    };
    let made = create(&center, dealer).await.unwrap();
    let person = center.create("Wang", &[]).await;

    let franchise = Customer { outlet_kind: OutletKind::Franchise.into(), ..made.clone() };
    let franchise = update(&center, franchise, "outlet_kind").await.unwrap();
    let organisation = Customer { kind: CustomerKind::Organisation.into(), ..franchise.clone() };
    let organisation = update(&center, organisation, "kind").await.unwrap();
    let shop = Customer { outlet_kind: OutletKind::Shop.into(), ..person };
    let refusal = update(&center, shop, "outlet_kind").await.unwrap_err();

    assert_eq!(made.outlet_kind(), OutletKind::Dealer);
    assert_eq!(franchise.outlet_kind(), OutletKind::Franchise);
    assert_eq!(organisation.outlet_kind(), OutletKind::Unspecified);
    assert_eq!(refused(&refusal), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".into()));
}
