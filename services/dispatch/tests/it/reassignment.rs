//! Giving an order to somebody else.

use jiff::SignedDuration;
use kexiang_proto::dispatch_v1::{
    AcceptWorkOrderRequest, GetWorkOrderRequest, ListWorkOrdersRequest, ReassignWorkOrderRequest, WorkOrder,
    WorkOrderState, candidate::Outcome,
};
use kexiang_rpc::refusal::reason;
use tonic::{Code, Status};

use crate::{
    case_facts::{accepted, fault, faults},
    center::Center,
};

fn reassign(order: &WorkOrder, agent: &str) -> ReassignWorkOrderRequest {
    let (name, agent) = (order.name.clone(), agent.to_owned());
    ReassignWorkOrderRequest { name, agent, reason: "fell ill".to_owned(), ..Default::default() }
}

/// One order, with the first of the agents.
async fn assigned(center: &Center) -> WorkOrder {
    let case = fault(1);
    center.take_in(accepted(std::slice::from_ref(&case))).await;
    center.order_of(&case).await
}

#[tokio::test]
async fn the_policy_chooses_anybody_but_the_holder_di_6() {
    let center = Center::open_with(&[("li.na", 20), ("wang.wei", 1)]).await;
    let order = assigned(&center).await;
    assert_eq!(order.agent, "agents/li.na");

    center.clock.advance(SignedDuration::from_secs(1));
    let moved = center.dispatcher().reassign_work_order(reassign(&order, "")).await.unwrap().into_inner();

    assert_eq!((moved.agent.as_str(), moved.reason.as_str()), ("agents/wang.wei", "fell ill"));
    let assignments = center.assignments(&order).await;
    assert_eq!(assignments.len(), 2);
    assert_eq!(assignments[0].actor, "agents/chen.jie");
    assert_eq!(assignments[0].candidates[1].outcome(), Outcome::PreviousHolder);
    assert_eq!(center.miscounted().await, []);
}

#[tokio::test]
async fn a_dispatcher_may_name_an_agent_beyond_their_capacity() {
    let center = Center::open_with(&[("li.na", 1), ("wang.wei", 1)]).await;
    center.take_in(accepted(&faults(2))).await;
    let order = center
        .orders(ListWorkOrdersRequest::default())
        .await
        .into_iter()
        .find(|o| o.agent == "agents/li.na")
        .unwrap();

    center.clock.advance(SignedDuration::from_secs(1));
    let moved = reassign(&order, "agents/wang.wei");
    let moved = center.dispatcher().reassign_work_order(moved).await.unwrap().into_inner();

    assert_eq!((moved.state(), moved.agent.as_str()), (WorkOrderState::Assigned, "agents/wang.wei"));
    assert_eq!(center.assignments(&order).await[0].policy, "named-by-dispatcher");
    assert_eq!(center.get_agent("wang.wei").await.open_orders, 2);
    assert_eq!(center.miscounted().await, []);
}

#[tokio::test]
async fn who_is_of_another_unit_or_signed_out_can_not_be_named() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    center.create_unit("grid-2").await;
    center.create_agent("other.unit", "grid-2", 5).await;
    center.sign_in("other.unit").await;
    center.create_agent("signed.out", "grid-1", 5).await;
    let order = assigned(&center).await;

    for agent in ["agents/other.unit", "agents/signed.out", "agents/nobody"] {
        let refused = center.dispatcher().reassign_work_order(reassign(&order, agent)).await.unwrap_err();

        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert_eq!(reason(&refused), "AGENT_NOT_AVAILABLE");
    }
    assert_eq!(center.get_agent("li.na").await.open_orders, 1);
}

#[tokio::test]
async fn with_nobody_else_it_waits_and_is_not_given_back_but_to_the_next_who_comes() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    let order = assigned(&center).await;

    let queued = center.dispatcher().reassign_work_order(reassign(&order, "")).await.unwrap().into_inner();
    assert_eq!((queued.state(), queued.agent.as_str()), (WorkOrderState::Queued, ""));
    center.create_agent("wang.wei", "grid-1", 5).await;
    center.sign_in("wang.wei").await;

    let get = GetWorkOrderRequest { name: order.name.clone() };
    let taken = center.dispatcher().get_work_order(get).await.unwrap().into_inner();
    assert_eq!((taken.state(), taken.agent.as_str()), (WorkOrderState::Assigned, "agents/wang.wei"));
    assert_eq!(
        center.told_of(&order.name).await[2..],
        ["work_order.assigned", "work_order.routed", "work_order.assigned"]
    );
}

#[tokio::test]
async fn work_under_way_is_not_reassigned() {
    let center = Center::open_with(&[("li.na", 5), ("wang.wei", 5)]).await;
    let order = center.do_work(&assigned(&center).await).await;

    let refused =
        center.dispatcher().reassign_work_order(reassign(&order, "agents/wang.wei")).await.unwrap_err();

    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "STATE_NOT_ALLOWED"));
    assert_eq!(refused.message(), "the work order is FINISHED; this needs QUEUED, ASSIGNED, ACCEPTED");
}

#[tokio::test]
async fn of_two_reassigns_at_once_one_wins() {
    let center = Center::open_with(&[("li.na", 20), ("wang.wei", 5), ("zhang.min", 5)]).await;
    let order = assigned(&center).await;
    let give = |agent| ReassignWorkOrderRequest { etag: order.etag.clone(), ..reassign(&order, agent) };
    let (mut one, mut two) = (center.dispatcher(), center.dispatcher());

    let (first, second) = tokio::join!(
        one.reassign_work_order(give("agents/wang.wei")),
        two.reassign_work_order(give("agents/zhang.min"))
    );

    let refused: Vec<Status> = [first.err(), second.err()].into_iter().flatten().collect();
    assert_eq!(refused.len(), 1);
    assert_eq!((refused[0].code(), reason(&refused[0]).as_str()), (Code::Aborted, "ETAG_MISMATCH"));
    assert_eq!(center.miscounted().await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_stay_true_when_everybody_moves_at_once() {
    let agents = ["li.na", "wang.wei", "zhang.min", "zhao.lei"];
    let center = Center::open_with(&agents.map(|agent| (agent, 4))).await;
    let cases = faults(40);
    let mut moves = tokio::task::JoinSet::new();
    for batch in cases.chunks(8) {
        center.take_in(accepted(batch)).await;
        for order in center.orders(ListWorkOrdersRequest::default()).await {
            let Some(agent) = order.agent.strip_prefix("agents/").map(|agent| center.agent(agent)) else {
                continue;
            };
            let (mut agent, mut dispatcher) = (agent, center.dispatcher());
            moves.spawn(async move {
                let name = order.name.clone();
                // Either may come first or be refused: only the counters matter.
                let accept = agent.accept_work_order(AcceptWorkOrderRequest { name, ..Default::default() });
                let (accepted, reassigned) =
                    tokio::join!(accept, dispatcher.reassign_work_order(reassign(&order, "")));
                [accepted.err(), reassigned.err()]
                    .into_iter()
                    .flatten()
                    .map(|refused| refused.code())
                    .collect()
            });
        }
    }
    let codes: Vec<Vec<Code>> = moves.join_all().await;

    assert!(codes.iter().flatten().all(|code| *code == Code::FailedPrecondition), "{codes:?}");
    assert_eq!(center.miscounted().await, []);
}
