//! Prices of key accounts are confidential: shown to supervisors and managers alone, and every sight of them is kept (CU-11).

use kexiang_core::Role;
use kexiang_proto::customers_v1::{
    ApproveKeyAccountPlanRequest, KeyAccount, KeyAccountTerms, ListKeyAccountsRequest,
    ListPriceSightsRequest, PriceSight,
};
use kexiang_rpc::time::to_wire;
use prost::Message;
use tonic::Code;

use crate::{
    center::Center,
    wire::{refused, violations},
};

const REQUEST_ID: &str = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

/// All that is confidential in some terms.
fn prices(terms: &KeyAccountTerms) -> Vec<&str> {
    let of_items =
        terms.items.iter().flat_map(|item| [&item.unit_price, &item.discount_percent, &item.amount]);
    let rest = [&terms.discount_percent, &terms.payment_terms, &terms.special_terms, &terms.total];
    of_items.chain(rest).map(String::as_str).collect()
}

fn all_terms(account: &KeyAccount) -> Vec<&KeyAccountTerms> {
    let plans = account.pending_plan.iter().chain(&account.plan).chain(&account.previous_plans);
    let contract = account.contract.iter().filter_map(|contract| contract.terms.as_ref());
    plans.filter_map(|plan| plan.terms.as_ref()).chain(contract).collect()
}

async fn sights(center: &Center, request: ListPriceSightsRequest) -> Vec<PriceSight> {
    center.keeper().list_price_sights(request).await.unwrap().into_inner().price_sights
}

#[tokio::test]
async fn only_supervisors_and_managers_see_prices_and_each_sight_is_kept() {
    let center = Center::open().await;
    let (_, account, agreement) = center.proposed().await;
    center.plan(&account.name).await;
    center.link(&account.name, &agreement).await.unwrap();
    center.plan(&account.name).await;
    let written = center.write_plan(&account.name).await.unwrap();
    let before = sights(&center, ListPriceSightsRequest::default()).await.len();
    center.hand.advance(jiff::SignedDuration::from_secs(1));

    let mut views = Vec::new();
    for role in [Role::Agent, Role::Administrator, Role::Service, Role::Supervisor, Role::Manager] {
        let client = center.key_accounts_as("wang.wei", &[role]);
        views.push((role, center.key_account(client, &account.name).await));
    }
    let kept = sights(&center, ListPriceSightsRequest::default()).await;

    assert!(written.prices_withheld, "writing gives no sight");
    for (role, view) in &views {
        let sees = matches!(role, Role::Supervisor | Role::Manager);
        assert_eq!(view.prices_withheld, !sees, "{role}");
        assert_eq!(all_terms(view).len(), 4, "pending, approved, previous, contract");
        for terms in all_terms(view) {
            assert!(prices(terms).iter().all(|price| price.is_empty() != sees), "{role}");
            assert_eq!((terms.items[0].code.as_str(), terms.items[0].quantity), ("home", 10));
        }
    }
    assert_eq!(before, 2, "who approves sees what they approve");
    let newest: Vec<_> =
        kept[..2].iter().map(|sight| (sight.actor.as_str(), sight.method.as_str())).collect();
    assert_eq!((kept.len(), newest), (4, vec![("agents/wang.wei", "GetKeyAccount"); 2]));
}

#[tokio::test]
async fn lists_show_no_prices_and_an_answer_that_is_repeated_is_another_sight() {
    let center = Center::open().await;
    let (_, account, _) = center.proposed().await;
    center.write_plan(&account.name).await.unwrap();
    center.submit_plan(&account.name).await.unwrap();
    let approve = ApproveKeyAccountPlanRequest {
        name: account.name.clone(),
        request_id: REQUEST_ID.into(),
        ..Default::default()
    };

    let first = center.approver().approve_key_account_plan(approve.clone()).await.unwrap().into_inner();
    let again = center.approver().approve_key_account_plan(approve).await.unwrap().into_inner();
    let list = center.approver().list_key_accounts(ListKeyAccountsRequest::default()).await.unwrap();
    let kept = sights(&center, ListPriceSightsRequest::default()).await;

    let listed = &list.into_inner().key_accounts[0];
    assert!(listed.prices_withheld && all_terms(listed).iter().all(|terms| terms.total.is_empty()));
    assert_eq!((&first, first.prices_withheld), (&again, false));
    let methods: Vec<_> = kept.iter().map(|sight| sight.method.as_str()).collect();
    assert_eq!(methods, ["ApproveKeyAccountPlan", "ApproveKeyAccountPlan"]);
}

#[tokio::test]
async fn sights_are_listed_for_administrators_page_by_page() {
    let center = Center::open().await;
    let (_, account, _) = center.proposed().await;
    center.write_plan(&account.name).await.unwrap();
    for subject in ["sun.li", "chen.jie", "sun.li"] {
        center.hand.advance(jiff::SignedDuration::from_secs(60));
        let client = center.key_accounts_as(subject, &[Role::Supervisor]);
        center.key_account(client, &account.name).await;
    }
    let of_sun = ListPriceSightsRequest {
        key_account: account.name.clone(),
        actor: "agents/sun.li".into(),
        page_size: 1,
        ..Default::default()
    };
    let wrong = ListPriceSightsRequest {
        key_account: "x".into(),
        actor: "a b".into(),
        start_time: Some(prost_types::Timestamp { seconds: 0, nanos: -1 }),
        end_time: Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 }),
        page_size: -1,
        page_token: "x".into(),
    };

    let first = center.keeper().list_price_sights(of_sun.clone()).await.unwrap().into_inner();
    let second = ListPriceSightsRequest { page_token: first.next_page_token.clone(), ..of_sun.clone() };
    let second = center.keeper().list_price_sights(second).await.unwrap().into_inner();
    let last_minute =
        ListPriceSightsRequest { start_time: Some(to_wire(center.clock.now())), ..Default::default() };
    let last_minute = sights(&center, last_minute).await;
    let earlier =
        ListPriceSightsRequest { end_time: Some(to_wire(center.clock.now())), ..Default::default() };
    let earlier = sights(&center, earlier).await;
    let supervisor = center.approver().list_price_sights(of_sun).await.unwrap_err();
    let wrong = center.keeper().list_price_sights(wrong).await.unwrap_err();

    assert!(
        first.price_sights[0].see_time.unwrap().seconds > second.price_sights[0].see_time.unwrap().seconds
    );
    assert_eq!((second.price_sights.len(), second.next_page_token.as_str()), (1, ""));
    assert_eq!((last_minute.len(), earlier.len()), (1, 2));
    assert_eq!(refused(&supervisor), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
    assert_eq!(
        violations(&wrong),
        ["key_account", "actor", "start_time", "end_time", "page_size", "page_token"]
    );
}

#[tokio::test]
async fn nobody_unsees_a_price() {
    let center = Center::open().await;
    let (_, account, _) = center.proposed().await;
    center.write_plan(&account.name).await.unwrap();
    center.key_account(center.approver(), &account.name).await;

    let mut refusals = Vec::new();
    for sql in [
        "delete from customer_records.price_sights",
        "update customer_records.price_sights set actor = 'agents/nobody'",
        "truncate customer_records.price_sights",
    ] {
        refusals.push(sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&center.pool).await.is_err());
    }

    assert_eq!(refusals, [true; 3]);
    assert_eq!(sights(&center, ListPriceSightsRequest::default()).await.len(), 1);
}

#[tokio::test]
async fn events_carry_ids_and_codes_only() {
    let center = Center::open().await;
    let (_, account, agreement) = center.proposed().await;
    center.plan(&account.name).await;
    center.link(&account.name, &agreement).await.unwrap();
    let asked = center.rename(&account, "Wang Fen").await.unwrap();
    let approve =
        kexiang_proto::customers_v1::ApproveMemberChangeRequest { name: asked.name, ..Default::default() };
    center.approver().approve_member_change(approve).await.unwrap();

    let told = center.told().await;

    assert!(told.len() > 10);
    for event in told {
        let bytes = event.encode_to_vec();
        for secret in ["Wang", "88.5", "820.05", "half at once", "keys by May", "married"] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} tells {secret}", event.r#type);
        }
    }
}
