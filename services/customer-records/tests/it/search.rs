//! Finding customers by what somebody types (CU-2, CU-17).

use kexiang_proto::customers_v1::{
    Customer, SearchCustomersRequest, SearchCustomersResponse, UpdateCustomerRequest, contact_point::Kind,
};
use prost_types::FieldMask;

use crate::{
    center::{Center, START},
    wire::{caller, contact, violations},
};

async fn search(center: &Center, query: &str) -> SearchCustomersResponse {
    let request = SearchCustomersRequest { query: query.into(), ..Default::default() };
    center.client().search_customers(request).await.unwrap().into_inner()
}

async fn names(center: &Center, query: &str) -> Vec<String> {
    search(center, query).await.customers.into_iter().map(|customer| customer.display_name).collect()
}

#[tokio::test]
async fn a_customer_is_found_by_phone_email_characters_reading_initials_and_with_a_typing_error() {
    let center = Center::open().await;
    center.create("王小明", &[(Kind::Phone, "13800138000"), (Kind::Email, "wang@example.com")]).await;
    center.create("John Smith", &[]).await;
    let typed = [
        ("138 0013 8000", "王小明"),
        ("+8613800138000", "王小明"),
        ("Wang@Example.com", "王小明"),
        ("王小明", "王小明"),
        ("王小", "王小明"),
        ("wangxiaoming", "王小明"),
        ("Wang Xiao", "王小明"),
        ("wxm", "王小明"),
        ("wangxaoming", "王小明"),
        ("john", "John Smith"),
        ("smith, john", "John Smith"),
        ("Jhon Smiht", "John Smith"),
    ];

    for (query, name) in typed {
        assert_eq!(names(&center, query).await, [name], "{query}");
    }
    for nobody in ["李小明", "wxh", "Joan Smythe", "13900139000"] {
        assert!(names(&center, nobody).await.is_empty(), "{nobody}");
    }
}

#[tokio::test]
async fn the_whole_name_comes_before_a_beginning_and_pages_join() {
    let center = Center::open().await;
    for name in ["王小", "王小明", "王小", "王大明", "Wang Li"] {
        center.create(name, &[]).await;
        center.hand.advance(jiff::SignedDuration::from_millis(1));
    }

    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request =
            SearchCustomersRequest { query: "王小".into(), page_size: 2, page_token, ..Default::default() };
        let page = center.client().search_customers(request).await.unwrap().into_inner();
        found.extend(page.customers.into_iter().map(|customer| customer.display_name));
        page_token = page.next_page_token;
        assert!(!page.incomplete);
        if page_token.is_empty() {
            break;
        }
    }

    assert_eq!(found, ["王小", "王小", "王小明"]);
    assert_eq!(names(&center, "wang").await.len(), 5);
}

#[tokio::test]
async fn a_renamed_customer_is_found_by_the_new_name_alone() {
    let center = Center::open().await;
    let before = center.create("王小明", &[]).await;
    let request = UpdateCustomerRequest {
        customer: Some(Customer { display_name: "李四".into(), ..before }),
        update_mask: Some(FieldMask { paths: vec!["display_name".into()] }),
        ..Default::default()
    };

    center.client().update_customer(request).await.unwrap();

    assert_eq!(names(&center, "ls").await, ["李四"]);
    assert!(names(&center, "王小明").await.is_empty());
}

#[tokio::test]
async fn who_became_a_customer_by_calling_is_found_by_name() {
    let center = Center::open().await;
    center.intake.register(vec![contact(caller("赵六", "+8613800138000"), START)]);
    center.settle().await;

    assert_eq!(names(&center, "zl").await, ["赵六"]);
}

#[tokio::test]
async fn names_of_earlier_versions_are_found_after_the_backfill() {
    let center = Center::open().await;
    for number in 0..3 {
        center.create(&format!("王小明{number}"), &[]).await;
    }
    sqlx::query("delete from customer_records.name_tokens").execute(&center.pool).await.unwrap();
    let again = "update customer_records.backfills set done = false, position = '00000000-0000-0000-0000-000000000000'";
    sqlx::query(again).execute(&center.pool).await.unwrap();

    let second = center.replica().await;

    for _ in 0..1_000 {
        if names(&center, "wangxiaoming").await.len() == 3 {
            return drop(second);
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("not found within 10 s");
}

#[tokio::test]
async fn more_than_a_thousand_of_a_name_are_told_to_be_incomplete() {
    let center = Center::open().await;
    let one = center.create("王小明", &[]).await;
    let copies = [
        "insert into customer_records.customers (customer_id, kind, display_name, created_at, updated_at, version)
         select gen_random_uuid(), kind, '王小明', created_at, updated_at, 1
         from customer_records.customers, generate_series(1, 1200)",
        "insert into customer_records.name_tokens (customer_id, tokens)
         select c.customer_id, (select tokens from customer_records.name_tokens limit 1)
         from customer_records.customers c on conflict do nothing",
    ];
    for copy in copies {
        sqlx::query(copy).execute(&center.pool).await.unwrap();
    }
    // It seals them when it starts.
    let _second = center.replica().await;
    let sealed = "select not exists (select from customer_records.customers where display_name is not null)";
    crate::sealing::until(&center.pool, sealed).await;

    let found = search(&center, "wxm").await;

    assert!(found.incomplete && found.customers.len() == 50);
    assert_eq!(one.display_name, found.customers[0].display_name);
}

#[tokio::test]
async fn a_query_that_finds_nobody_ever_is_refused_with_all_that_is_wrong() {
    let center = Center::open().await;
    let mut fields = Vec::new();
    for query in ["", "j", "。", &"王".repeat(201)] {
        let request = SearchCustomersRequest { query: query.into(), page_size: -1, ..Default::default() };
        fields.push(violations(&center.client().search_customers(request).await.unwrap_err()));
    }
    let abroad = SearchCustomersRequest {
        query: "13800138000".into(),
        phone_region: "China".into(),
        ..Default::default()
    };

    let abroad = center.client().search_customers(abroad).await.unwrap_err();

    assert_eq!(fields, vec![vec!["query", "page_size"]; 4]);
    assert_eq!(violations(&abroad), ["phone_region"]);
}
