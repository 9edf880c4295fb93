//! DI-5, DI-6: who gets a work order, and why.

use kexiang_proto::dispatch_v1::{ListWorkOrdersRequest, candidate::Outcome};

use crate::{
    case_facts::{accepted, fault, faults, opening},
    center::Center,
};

#[tokio::test]
async fn an_assignment_names_every_candidate_with_outcome_and_words_di_6() {
    let center = Center::open_with(&[("li.na", 1), ("wang.wei", 10), ("zhang.min", 20)]).await;
    center.create_agent("zhao.lei", "grid-1", 5).await;
    let cases = faults(4);

    center.take_in(accepted(&cases)).await;

    let fourth = center.order_of(&cases[3]).await;
    let assignment = center.assignments(&fourth).await.remove(0);
    assert_eq!(assignment.agent, "agents/zhang.min");
    assert_eq!((assignment.policy.as_str(), assignment.policy_version), ("least-load", 1));
    assert_eq!(assignment.actor, "services/dispatch");
    assert_eq!(assignment.decide_time, Some(kexiang_rpc::time::to_wire(opening())));
    assert_eq!(assignment.route_explanation, "anything fits; the only line that fits");
    let told: Vec<_> = assignment
        .candidates
        .iter()
        .map(|candidate| (candidate.agent.as_str(), candidate.outcome(), candidate.explanation.as_str()))
        .collect();
    let served = "last served at 2026-11-22T08:00:00Z";
    assert_eq!(
        told,
        [
            (
                "agents/zhang.min",
                Outcome::Chosen,
                format!("has 1 of 20 open orders, the least for their capacity; {served}").as_str()
            ),
            (
                "agents/wang.wei",
                Outcome::MoreLoaded,
                "has 1 of 10 open orders, more for their capacity than zhang.min with 1 of 20"
            ),
            ("agents/li.na", Outcome::AtCapacity, "has 1 of 1 open orders and takes no more"),
            ("agents/zhao.lei", Outcome::SignedOut, "is not signed in"),
        ]
    );
}

#[tokio::test]
async fn a_batch_is_shared_by_load_for_capacity_and_counted_right_di_5() {
    let center = Center::open_with(&[("li.na", 20), ("wang.wei", 10)]).await;

    center.take_in(accepted(&faults(15))).await;

    assert_eq!(center.get_agent("li.na").await.open_orders, 10);
    assert_eq!(center.get_agent("wang.wei").await.open_orders, 5);
    assert_eq!(center.miscounted().await, []);
}

#[tokio::test]
async fn equally_loaded_the_one_served_longest_ago_is_next_di_5() {
    let center = Center::open_with(&[("li.na", 5), ("wang.wei", 5)]).await;
    let cases = faults(3);
    for case in &cases {
        center.clock.advance(jiff::SignedDuration::from_mins(1));
        center.take_in(accepted(std::slice::from_ref(case))).await;
        let order = center.order_of(case).await;
        center.do_work(&order).await;
    }

    let mut agents = Vec::new();
    for case in &cases {
        agents.push(center.order_of(case).await.agent);
    }

    assert_eq!(agents, ["agents/li.na", "agents/wang.wei", "agents/li.na"]);
}

#[tokio::test]
async fn a_decision_that_found_nobody_is_kept_with_its_reasons_di_6() {
    let center = Center::open_with(&[]).await;
    center.create_agent("li.na", "grid-1", 5).await;
    let case = fault(1);

    center.take_in(accepted(std::slice::from_ref(&case))).await;

    let assignments = center.assignments(&center.order_of(&case).await).await;
    assert_eq!(assignments.len(), 1);
    assert_eq!(assignments[0].agent, "");
    assert_eq!(assignments[0].candidates[0].outcome(), Outcome::SignedOut);
}

#[tokio::test]
async fn a_kept_decision_can_not_be_changed_di_6() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    center.take_in(accepted(&faults(1))).await;

    let change = sqlx::query("update dispatch.assignments set agent_id = null").execute(&center.pool).await;

    assert!(change.unwrap_err().to_string().contains("never changed"));
}

#[tokio::test]
async fn work_orders_are_listed_by_agent_and_unit_by_pages() {
    let center = Center::open_with(&[("li.na", 5), ("wang.wei", 5)]).await;
    center.take_in(accepted(&faults(6))).await;
    let of_agent = ListWorkOrdersRequest {
        agent: "agents/li.na".to_owned(),
        unit: "units/grid-1".to_owned(),
        page_size: 2,
        ..Default::default()
    };

    let page = center.dispatcher().list_work_orders(of_agent.clone()).await.unwrap().into_inner();
    let next = ListWorkOrdersRequest { page_token: page.next_page_token, ..of_agent };
    let rest = center.dispatcher().list_work_orders(next).await.unwrap().into_inner();

    assert_eq!((page.work_orders.len(), rest.work_orders.len()), (2, 1));
    assert_eq!(rest.next_page_token, "");
}
