//! Creating customers, and every way to be refused.

use kexiang_core::{CustomerId, CustomerKind};
use kexiang_proto::{
    customers_v1::{CreateCustomerRequest, Customer, CustomerFacts, GetCustomerRequest, contact_point::Kind},
    rpc::ResourceInfo,
    type_v1,
};
use kexiang_rpc::{refusal, time};
use tonic::Code;

use crate::{
    center::{Center, START},
    wire::{point, refused, violations},
};

const REQUEST_ID: &str = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

fn li_na() -> Customer {
    Customer {
        display_name: " Li Na ".into(),
        contact_points: vec![point(Kind::Phone, "138 0013 8000")],
        ..Customer::default()
    }
}

#[tokio::test]
async fn a_created_customer_is_normalised_and_reads_back() {
    // CU-1, CU-2
    let center = Center::open().await;
    let points =
        [(Kind::Phone, "020 7946 0018"), (Kind::Email, "Shop@Example.com"), (Kind::Address, "5  Lake Road")];
    let customer = Customer {
        kind: type_v1::CustomerKind::Outlet.into(),
        display_name: "Corner shop".into(),
        contact_points: points.map(|(kind, value)| point(kind, value)).into(),
        ..Customer::default()
    };
    let request =
        CreateCustomerRequest { customer: Some(customer), phone_region: "GB".into(), ..Default::default() };

    let created = center.client().create_customer(request).await.unwrap().into_inner();

    let values: Vec<_> = created.contact_points.iter().map(|point| point.value.as_str()).collect();
    assert_eq!(values, ["+442079460018", "shop@example.com", "5 Lake Road"]);
    assert_eq!((created.create_time, created.etag.as_str()), (Some(time::to_wire(START)), "1"));
    assert_eq!(center.get(&created.name).await, created);
    let told = center.told().await;
    let facts: CustomerFacts = told[0].data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!((told[0].r#type.as_str(), told[0].actor.as_str()), ("customer.created", "agents/li.ming"));
    assert_eq!(facts, CustomerFacts { customer: created.name, kind: type_v1::CustomerKind::Outlet.into() });
}

#[tokio::test]
async fn all_wrong_fields_are_reported_at_once() {
    let center = Center::open().await;
    let customer = Customer {
        kind: 99,
        display_name: "  ".into(),
        contact_points: vec![
            point(Kind::Phone, "call me"),
            point(Kind::Email, "nobody"),
            point(Kind::Unspecified, "x"),
            point(Kind::Phone, "13800138000"),
            point(Kind::Phone, "+86 138 0013 8000"),
            point(Kind::Address, &"路".repeat(501)),
        ],
        ..Customer::default()
    };

    let request = CreateCustomerRequest { customer: Some(customer), ..Default::default() };
    let status = center.client().create_customer(request).await.unwrap_err();

    assert_eq!(refused(&status), (Code::InvalidArgument, "INVALID_FIELDS".into()));
    assert_eq!(
        violations(&status),
        [
            "customer.kind",
            "customer.display_name",
            "customer.contact_points[0].value",
            "customer.contact_points[1].value",
            "customer.contact_points[2].kind",
            "customer.contact_points[4]",
            "customer.contact_points[5].value",
        ]
    );
    assert!(center.all_customers().await.is_empty());
}

#[tokio::test]
async fn a_request_without_customer_with_too_many_contact_points_or_a_strange_region_is_refused() {
    let center = Center::open().await;
    let crowded = Customer { contact_points: vec![point(Kind::Phone, "13800138000"); 51], ..li_na() };
    let abroad =
        Customer { contact_points: ["1", "2"].map(|phone| point(Kind::Phone, phone)).into(), ..li_na() };
    let requests = [
        CreateCustomerRequest::default(),
        CreateCustomerRequest { customer: Some(crowded), ..Default::default() },
        CreateCustomerRequest { customer: Some(abroad), phone_region: "China".into(), ..Default::default() },
    ];

    let mut fields = Vec::new();
    for request in requests {
        fields.extend(violations(&center.client().create_customer(request).await.unwrap_err()));
    }

    assert_eq!(fields, ["customer", "customer.contact_points", "phone_region"]);
}

#[tokio::test]
async fn of_two_who_create_one_phone_at_once_one_is_told_the_other() {
    let center = Center::open().await;
    let points = [(Kind::Phone, "13800138000")];

    let (one, other) = tokio::join!(
        center.try_create("Li Na", CustomerKind::Person, &points),
        center.try_create("Na Li", CustomerKind::Person, &points),
    );

    let (created, status) = match (one, other) {
        (Ok(created), Err(status)) | (Err(status), Ok(created)) => (created, status),
        both => panic!("one of the two: {both:?}"),
    };
    assert_eq!(refused(&status), (Code::AlreadyExists, "ALREADY_EXISTS".into()));
    let info: ResourceInfo = refusal::detail(&status).unwrap();
    assert_eq!((info.resource_type.as_str(), info.resource_name), ("Customer", created.name));
    assert_eq!(center.all_customers().await.len(), 1);
    assert_eq!(center.told().await.len(), 1, "nothing half-written");
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_answer_and_another_payload_is_refused() {
    // IN-14
    let center = Center::open().await;
    let request = CreateCustomerRequest {
        customer: Some(li_na()),
        request_id: REQUEST_ID.into(),
        ..Default::default()
    };
    let other = CreateCustomerRequest { phone_region: "CN".into(), ..request.clone() };
    let malformed = CreateCustomerRequest { request_id: "once".into(), ..request.clone() };

    let first = center.client().create_customer(request.clone()).await.unwrap().into_inner();
    let again = center.client().create_customer(request).await.unwrap().into_inner();
    let other = center.client().create_customer(other).await.unwrap_err();
    let malformed = center.client().create_customer(malformed).await.unwrap_err();

    assert_eq!(first, again);
    assert_eq!(refused(&other), (Code::InvalidArgument, "REQUEST_ID_REUSED".into()));
    assert_eq!(violations(&malformed), ["request_id"]);
    assert_eq!(center.told().await.len(), 1);
}

#[tokio::test]
async fn a_customer_who_is_not_there_is_not_found() {
    let center = Center::open().await;
    let request = GetCustomerRequest { name: CustomerId::at(START).name() };

    let status = center.client().get_customer(request).await.unwrap_err();

    assert_eq!(refused(&status), (Code::NotFound, "NOT_FOUND".into()));
}
