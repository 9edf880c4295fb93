//! Personal data lies sealed, is found all the same, and its keys are wrapped anew without downtime (CU-14, CU-17).

use std::time::Duration;

use kexiang_core::CustomerKind;
use kexiang_customer_records::{SCHEMA, domain::vault::KeyRing};
use kexiang_pg::Pool;
use kexiang_proto::customers_v1::{CreateCustomerRequest, Customer, contact_point::Kind};
use kexiang_testkit::TestDatabase;
use serde_json::json;
use uuid::Uuid;

use crate::{center::Center, wire::point};

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/keys_of_the_tests.toml");

/// The keys of the tests.
pub fn ring() -> KeyRing {
    KeyRing::parse(&std::fs::read_to_string(KEYS).unwrap()).unwrap()
}

/// The tables of the schema that show one of these texts, each with the text.
pub async fn tables_that_show(pool: &Pool, texts: &[&str]) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables
         where table_schema = 'customer_records' and table_type = 'BASE TABLE' order by table_name",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert!(tables.len() > 5, "the schema has tables");
    let mut shown = Vec::new();
    for table in tables {
        for text in texts {
            // A row as text shows bytes in hexadecimal, so both forms are looked for.
            let sql = format!(
                "select exists (select from customer_records.{table} t
                 where strpos(t::text, $1) > 0 or strpos(t::text, encode(convert_to($1, 'UTF8'), 'hex')) > 0)"
            );
            let found: bool =
                sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(text).fetch_one(pool).await.unwrap();
            if found {
                shown.push(format!("{table}: {text}"));
            }
        }
    }
    shown
}

/// Waits until the query gives true.
pub async fn until(pool: &Pool, sql: &'static str) {
    for _ in 0..1_000 {
        if sqlx::query_scalar(sql).fetch_one(pool).await.unwrap() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not within 10 s: {sql}");
}

#[tokio::test]
async fn nothing_personal_lies_in_clear_and_all_is_found() {
    let center = Center::open().await;
    let customer = Customer {
        display_name: "Ouyang Feiyan".into(),
        contact_points: vec![
            point(Kind::Phone, "13912345678"),
            point(Kind::Email, "feiyan@example.com"),
            point(Kind::Address, "17 Crane Alley"),
        ],
        ..Customer::default()
    };
    let request = CreateCustomerRequest {
        customer: Some(customer),
        request_id: Uuid::from_u128(0x5eed_4000_8000_0000_0000_0000_0000).to_string(),
        ..Default::default()
    };

    let created = center.client().create_customer(request.clone()).await.unwrap().into_inner();
    let again = center.client().create_customer(request).await.unwrap().into_inner();

    assert_eq!(again, created);
    assert_eq!(center.get(&created.name).await, created);
    assert_eq!(center.recognise("+86 139 1234 5678").await.customer, Some(created.clone()));
    assert_eq!(center.list_by(Kind::Address, "17  CRANE alley").await, std::slice::from_ref(&created.name));
    let texts = ["Ouyang Feiyan", "13912345678", "feiyan@example.com", "17 Crane Alley", "17 crane alley"];
    assert_eq!(tables_that_show(&center.pool, &texts).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_an_earlier_version_wrote_in_clear_is_sealed_before_anything_is_served() {
    let database = TestDatabase::create(&[&SCHEMA]).await;
    let pool = database.pool(SCHEMA.role).await;
    write_as_earlier_versions(&pool, 1_203).await;

    let center = Center::open_on(database).await;

    // The request came to the earlier version; its answer is still the same.
    let customer = Customer { display_name: "Chen Clear 7".into(), ..Customer::default() };
    let found = center.recognise("+8613900000007").await.customer.unwrap();
    assert_eq!(found.display_name, customer.display_name);
    let twin = center.try_create("Twin", CustomerKind::Person, &[(Kind::Phone, "13900000007")]).await;
    assert_eq!(twin.unwrap_err().code(), tonic::Code::AlreadyExists);
    assert_eq!(center.list_by(Kind::Phone, "+8613900001203").await.len(), 1);
    assert_eq!(tables_that_show(&pool, &["Chen Clear", "+86139000"]).await, Vec::<String>::new());
}

/// As the version before sealing did: names, contact points and kept answers in clear.
async fn write_as_earlier_versions(pool: &Pool, customers: i32) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "insert into customer_records.customers (customer_id, kind, display_name, created_at, updated_at, version)
         select ('0193c000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'PERSON', 'Chen Clear ' || n, now(), now(), 1
         from generate_series(1, {customers}) n;
         insert into customer_records.contact_points (customer_id, kind, match_key, value, position, identifying)
         select ('0193c000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'PHONE',
                convert_to('+86139' || lpad(n::text, 8, '0'), 'UTF8'), '+86139' || lpad(n::text, 8, '0'), 0, true
         from generate_series(1, {customers}) n;"
    )))
    .execute(pool)
    .await
    .unwrap();
    let answer = json!({
        "customer_id": "0193c000-0000-7000-8000-000000000007", "kind": "PERSON", "display_name": "Chen Clear 7",
        "contact_points": [{"kind": "PHONE", "value": "+8613900000007"}],
        "created_at": "2026-11-22T08:00:00Z", "updated_at": "2026-11-22T08:00:00Z", "version": 1
    });
    sqlx::query(
        "insert into customer_records.idempotency_keys (actor, method, request_id, request_hash, response, created_at)
         values ('agents/li.ming', 'CreateCustomer', gen_random_uuid(), '\\x00', $1, now())",
    )
    .bind(answer)
    .execute(pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn keys_are_wrapped_anew_by_the_current_key_while_the_service_serves() {
    let center = Center::open().await;
    let customer = center.create("Ouyang Feiyan", &[(Kind::Phone, "13912345678")]).await;
    center.create("Ouyang Ke", &[(Kind::Phone, "13912345679")]).await;
    let rotated = std::env::temp_dir().join(format!("kexiang-keys-{}.toml", Uuid::new_v4()));
    let text = std::fs::read_to_string(KEYS).unwrap().replace("current = \"2\"", "current = \"1\"");
    std::fs::write(&rotated, text).unwrap();

    let _replica = center.replica_with_keys(&rotated).await;

    until(&center.pool, "select bool_and(kek_id = '1') and count(*) = 2 from customer_records.subject_keys")
        .await;
    std::fs::remove_file(&rotated).unwrap();
    // The first replica still has another current key; it holds both, so it reads what the other wrapped.
    assert_eq!(center.get(&customer.name).await, customer);
}

#[test]
fn the_keys_of_the_tests_are_good_keys() {
    assert_eq!(ring().current(), "2");
}
