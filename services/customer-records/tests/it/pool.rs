//! The public pool 公海 (CU-5): one owner each however many try, caps, cool-off.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use kexiang_proto::customers_v1::{
    ListPoolRequest, OwnershipBasis, OwnershipRule, OwnershipState, ReleaseOwnershipRequest,
    SetOwnershipRuleRequest,
};
use kexiang_rpc::refusal;
use tonic::Code;

use crate::{
    ownership_desk::{OwnershipDesk, Person},
    wire::refused,
};

async fn set_rule(desk: &OwnershipDesk, rule: OwnershipRule) {
    let rule = OwnershipRule { lease_days: 30, ..rule };
    let request = SetOwnershipRuleRequest { rule: Some(rule), ..Default::default() };
    desk.administrator().ownerships().set_ownership_rule(request).await.unwrap();
}

async fn release(person: &Person, customer: &str) {
    let request = ReleaseOwnershipRequest {
        name: format!("{customer}/ownership"),
        reason: "no time".into(),
        ..Default::default()
    };
    person.ownerships().release_ownership(request).await.unwrap();
}

#[tokio::test]
async fn five_hundred_agents_race_for_a_hundred_customers_and_each_gets_one_owner() {
    let desk = OwnershipDesk::with_replicas(2).await;
    set_rule(&desk, OwnershipRule { daily_claims: 2, held_limit: 1_000, ..Default::default() }).await;
    let mut customers = Vec::new();
    for n in 0..100 {
        customers.push(desk.customer(&format!("Customer {n}")).await);
    }
    // Agent n tries customers n and n + 1, so that each customer is wanted by ten at once.
    let attempts = (0..500_usize).flat_map(|n| [(n, n % 100), (n, (n + 1) % 100)]);
    let attempts: Vec<_> = attempts
        .map(|(n, wanted)| {
            (desk.agent(&format!("agent-{n}{}", "x".repeat(n % 2))), customers[wanted].clone())
        })
        .collect();

    let answers: Vec<_> = stream::iter(attempts)
        .map(|(agent, customer)| async move { (agent.name.clone(), agent.claim(&customer).await) })
        .buffer_unordered(100)
        .collect()
        .await;

    let mut won: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (agent, answer) in answers {
        match answer {
            Ok(ownership) => {
                assert_eq!((&ownership.agent, ownership.basis()), (&agent, OwnershipBasis::Claim));
                won.entry(ownership.name).or_default().push(agent);
            }
            Err(status) => {
                let reason = refusal::reason(&status);
                assert!(
                    ["OWNED_BY_ANOTHER", "DAILY_CLAIMS_USED_UP"].contains(&reason.as_str()),
                    "{status:?}"
                );
            }
        }
    }
    assert_eq!(won.len(), 100, "every customer is somebody's");
    assert!(won.values().all(|agents| agents.len() == 1), "and of one agent alone");
    assert_eq!(desk.count("pool.claimed").await, 100);
    let most = "select max(n) from (select count(*) n from customer_records.ownerships
                                    where state = 'OWNED' group by agent_id) held";
    let most: i64 = sqlx::query_scalar(most).fetch_one(&desk.pool).await.unwrap();
    assert!(most <= 2, "no cap is exceeded");
}

#[tokio::test]
async fn an_agent_who_claims_many_at_once_gets_no_more_than_the_caps() {
    let desk = OwnershipDesk::with_replicas(2).await;
    set_rule(&desk, OwnershipRule { daily_claims: 5, held_limit: 7, ..Default::default() }).await;
    let li = desk.agent("li");
    let mut customers = Vec::new();
    for n in 0..20 {
        customers.push(desk.customer(&format!("Customer {n}")).await);
    }
    let claim_all = async || {
        let claims = stream::iter(&customers).map(|customer| li.claim(customer)).buffer_unordered(20);
        claims.filter_map(|answer| std::future::ready(answer.err())).collect::<Vec<_>>().await
    };

    let first = claim_all().await;
    desk.days(1);
    let second = claim_all().await;

    let reasons = |refusals: &[tonic::Status], reason: &str| {
        refusals.iter().filter(|status| refusal::reason(status) == reason).count()
    };
    assert_eq!(reasons(&first, "DAILY_CLAIMS_USED_UP"), 15);
    assert_eq!(reasons(&second, "HELD_LIMIT_REACHED"), 13, "two more make seven");
    assert_eq!(reasons(&second, "OWNED_BY_ANOTHER"), 5);
    assert_eq!(desk.count("pool.claimed").await, 7);
}

#[tokio::test]
async fn the_previous_owner_waits_and_others_do_not() {
    let desk = OwnershipDesk::open().await;
    set_rule(&desk, OwnershipRule { daily_claims: 9, held_limit: 9, cool_off_days: 7, ..Default::default() })
        .await;
    let (li, wang) = (desk.agent("li"), desk.agent("wang"));
    let customer = desk.customer("Chen").await;
    desk.receive(&customer, &li).await;
    let owned = wang.claim(&customer).await.unwrap_err();
    release(&li, &customer).await;

    desk.days(7);
    let too_soon = li.claim(&customer).await.unwrap_err();
    wang.claim(&customer).await.unwrap();
    release(&wang, &customer).await;
    desk.days(8);
    let after = wang.claim(&customer).await.unwrap();

    assert_eq!(refused(&owned), (Code::FailedPrecondition, "OWNED_BY_ANOTHER".to_owned()));
    assert_eq!(refused(&too_soon), (Code::FailedPrecondition, "COOLING_OFF".to_owned()));
    assert_eq!((after.agent.as_str(), after.lease_number), ("agents/wang", 3));
}

#[tokio::test]
async fn what_is_over_can_be_claimed_at_once_and_the_pool_is_listed_by_age() {
    let desk = OwnershipDesk::open().await;
    let (li, wang) = (desk.agent("li"), desk.agent("wang"));
    let mut customers = Vec::new();
    for n in 0..5 {
        let customer = desk.customer(&format!("Customer {n}")).await;
        desk.receive(&customer, &li).await;
        customers.push(format!("{customer}/ownership"));
        desk.days(1);
    }
    desk.days(40);
    desk.until_told("ownership.expired", 5).await;

    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListPoolRequest {
            site: "sites/main".into(),
            page_size: 2,
            page_token,
            ..ListPoolRequest::default()
        };
        let page = wang.ownerships().list_pool(request).await.unwrap().into_inner();
        names.extend(page.ownerships.into_iter().map(|ownership| ownership.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }

    assert_eq!(names, customers);
    let claimed = wang.claim(customers[0].trim_end_matches("/ownership")).await.unwrap();
    assert_eq!(claimed.state(), OwnershipState::Owned);
    let all = wang.ownerships().list_pool(ListPoolRequest::default()).await.unwrap().into_inner();
    assert_eq!(all.ownerships.len(), 4);
}
