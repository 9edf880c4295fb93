//! What waits in a unit's queue, and who gets it when (DI-2).

use kexiang_proto::dispatch_v1::{ListWorkOrdersRequest, SignInRequest, SignOutRequest, WorkOrderState};
use kexiang_rpc::refusal::reason;
use tonic::Code;

use crate::{
    case_facts::{accepted, fault, faults, withdrawn},
    center::Center,
};

fn queued() -> ListWorkOrdersRequest {
    ListWorkOrdersRequest { state: WorkOrderState::Queued.into(), ..Default::default() }
}

#[tokio::test]
async fn what_nobody_can_take_waits_until_somebody_signs_in_di_2() {
    let center = Center::open_with(&[]).await;
    center.create_agent("li.na", "grid-1", 5).await;
    let case = fault(1);
    center.take_in(accepted(std::slice::from_ref(&case))).await;
    assert_eq!(center.order_of(&case).await.state(), WorkOrderState::Queued);

    let agent = center.sign_in("li.na").await;

    assert_eq!(agent.open_orders, 1, "the answer counts what sign-in brought");
    let order = center.order_of(&case).await;
    assert_eq!((order.state(), order.agent.as_str()), (WorkOrderState::Assigned, "agents/li.na"));
    assert_eq!(center.told_of("agents/li.na").await, ["agent.signed_in"]);
}

#[tokio::test]
async fn signing_in_twice_changes_nothing_and_who_signed_out_gets_nothing_more_di_2() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    center.sign_in("li.na").await;
    let name = "agents/li.na".to_owned();
    center.agent("li.na").sign_out(SignOutRequest { name, ..Default::default() }).await.unwrap();

    center.take_in(accepted(&faults(1))).await;

    assert_eq!(center.orders(queued()).await.len(), 1);
    assert_eq!(center.told_of("agents/li.na").await, ["agent.signed_in", "agent.signed_out"]);
}

#[tokio::test]
async fn agents_sign_only_themselves_in_and_dispatchers_anybody() {
    let center = Center::open_with(&[]).await;
    center.create_agent("li.na", "grid-1", 5).await;
    let li_na = SignInRequest { name: "agents/li.na".to_owned(), ..Default::default() };

    let refused = center.agent("wang.wei").sign_in(li_na.clone()).await.unwrap_err();
    let taken = center.dispatcher().sign_in(li_na).await;

    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "NOT_YOURSELF"));
    assert!(taken.is_ok());
}

#[tokio::test]
async fn beyond_capacity_orders_wait_and_a_finished_one_makes_room_for_the_oldest() {
    let center = Center::open_with(&[("li.na", 1)]).await;
    let cases = faults(3);
    for case in &cases {
        center.clock.advance(jiff::SignedDuration::from_secs(1));
        center.take_in(accepted(std::slice::from_ref(case))).await;
    }
    assert_eq!(center.orders(queued()).await.len(), 2);

    center.do_work(&center.order_of(&cases[0]).await).await;

    assert_eq!(center.order_of(&cases[1]).await.state(), WorkOrderState::Assigned);
    assert_eq!(center.order_of(&cases[2]).await.state(), WorkOrderState::Queued);
    assert_eq!(center.miscounted().await, []);
}

#[tokio::test]
async fn a_withdrawn_case_makes_room_too() {
    let center = Center::open_with(&[("li.na", 1)]).await;
    let cases = [fault(1), fault(2)];
    for case in &cases {
        center.clock.advance(jiff::SignedDuration::from_secs(1));
        center.take_in(accepted(std::slice::from_ref(case))).await;
    }

    center.take_in(vec![withdrawn(&cases[0])]).await;

    assert_eq!(center.order_of(&cases[0]).await.state(), WorkOrderState::Cancelled);
    assert_eq!(center.order_of(&cases[1]).await.state(), WorkOrderState::Assigned);
    assert_eq!(center.miscounted().await, []);
}
