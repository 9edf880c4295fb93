//! Finding customers, page by page or by a contact point (CU-2).

use kexiang_proto::customers_v1::{ListCustomersRequest, contact_point::Kind};

use crate::{
    center::Center,
    wire::{point, violations},
};

#[tokio::test]
async fn pages_join_to_the_whole_list_newest_first() {
    let center = Center::open().await;
    for n in 0..5 {
        center.create(&format!("Customer {n}"), &[(Kind::Address, "5 Lake Road")]).await;
        center.hand.advance(jiff::SignedDuration::from_millis(1));
    }
    for contact_point in [None, Some(point(Kind::Address, "5 lake road"))] {
        let (mut names, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListCustomersRequest {
                contact_point: contact_point.clone(),
                page_size: 2,
                page_token,
                ..Default::default()
            };
            let page = center.client().list_customers(request).await.unwrap().into_inner();
            names.extend(page.customers.into_iter().map(|customer| customer.display_name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }

        assert_eq!(names, ["Customer 4", "Customer 3", "Customer 2", "Customer 1", "Customer 0"]);
    }
}

#[tokio::test]
async fn a_list_by_something_that_is_no_contact_point_is_refused() {
    let center = Center::open().await;
    let request = ListCustomersRequest {
        contact_point: Some(point(Kind::Phone, "call me")),
        page_token: "strange".into(),
        page_size: -1,
        ..Default::default()
    };

    let status = center.client().list_customers(request).await.unwrap_err();

    assert_eq!(violations(&status), ["page_size", "page_token", "contact_point.value"]);
}
