//! Cases that follow another one are worked with it, and get work of their own when they go their own way (IN-15, IN-16).

use kexiang_core::{CaseId, IncidentId};
use kexiang_proto::{
    dispatch_v1::{ListWorkOrdersRequest, VerifyWorkOrderRequest, WorkOrder, WorkOrderState},
    event_v1::Event,
    intake_v1::{CaseFacts, CaseState, Handling},
};

use crate::{
    case_facts::{accepted, event, fault, faults, opening, reopened},
    center::Center,
};

/// The case follows another one, in an incident.
fn following(case: &CaseFacts, lead: &CaseFacts) -> CaseFacts {
    let incident = IncidentId::at(opening()).name();
    CaseFacts { lead_case: lead.case.clone(), incident, state: CaseState::Dispatched.into(), ..case.clone() }
}

/// The case goes its own way for the `round`th time.
fn left(case: &CaseFacts, round: i32) -> Event {
    let state = CaseState::Dispatched.into();
    event("left", &CaseFacts { work_round: round, state, ..case.clone() })
}

impl Center {
    async fn orders_of(&self, case: &CaseFacts) -> Vec<WorkOrder> {
        self.orders(ListWorkOrdersRequest { case: case.case.clone(), ..Default::default() }).await
    }

    /// The states of its orders, the cancelled ones first.
    async fn states_of(&self, case: &CaseFacts) -> Vec<WorkOrderState> {
        let mut states: Vec<_> = self.orders_of(case).await.iter().map(WorkOrder::state).collect();
        states.sort_by_key(|state| *state != WorkOrderState::Cancelled);
        states
    }
}

#[tokio::test]
async fn a_case_that_follows_another_loses_its_order_and_the_lead_keeps_its_own() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    let cases = faults(2);
    center.take_in(accepted(&cases)).await;

    let lead = event("joined", &CaseFacts { incident: IncidentId::at(opening()).name(), ..cases[0].clone() });
    center.take_in(vec![lead, event("joined", &following(&cases[1], &cases[0]))]).await;

    assert_eq!(center.states_of(&cases[0]).await, [WorkOrderState::Assigned]);
    let cancelled = center.orders_of(&cases[1]).await.pop().unwrap();
    assert_eq!(cancelled.state(), WorkOrderState::Cancelled);
    assert!(cancelled.reason.contains(&cases[0].case), "{}", cancelled.reason);
    assert_eq!(center.told_of(&cancelled.name).await.last().unwrap(), "work_order.cancelled");
    assert_eq!(center.get_agent("li.na").await.open_orders, 1);
    assert_eq!(center.miscounted().await, []);
}

#[tokio::test]
async fn a_case_that_goes_its_own_way_gets_a_new_order_once() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    let cases = faults(2);
    let joined = event("joined", &following(&cases[1], &cases[0]));
    center.take_in([accepted(&cases), vec![joined.clone()]].concat()).await;

    center.take_in(vec![left(&cases[1], 1)]).await;
    center.take_in(vec![left(&cases[1], 1), joined, accepted(&cases).pop().unwrap()]).await;
    let once = center.states_of(&cases[1]).await;
    let again = CaseFacts { work_round: 1, ..following(&cases[1], &cases[0]) };
    center.take_in(vec![event("joined", &again), left(&cases[1], 2)]).await;

    assert_eq!(once, [WorkOrderState::Cancelled, WorkOrderState::Assigned]);
    let states = center.states_of(&cases[1]).await;
    assert_eq!(states, [WorkOrderState::Cancelled, WorkOrderState::Cancelled, WorkOrderState::Assigned]);
    assert_eq!(center.miscounted().await, []);
}

#[tokio::test]
async fn the_next_lead_gets_work_of_its_own() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    let cases = faults(2);
    center
        .take_in([accepted(&cases), vec![event("joined", &following(&cases[1], &cases[0]))]].concat())
        .await;

    let leads = CaseFacts { lead_case: String::new(), work_round: 1, ..following(&cases[1], &cases[0]) };
    center.take_in(vec![event("lead_changed", &leads)]).await;

    assert_eq!(center.states_of(&cases[1]).await, [WorkOrderState::Cancelled, WorkOrderState::Assigned]);
}

#[tokio::test]
async fn work_that_was_done_meanwhile_is_not_done_again() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    let (case, lead) = (fault(1), fault(2));
    center.take_in(accepted(std::slice::from_ref(&case))).await;
    let order = center.order_of(&case).await;
    center.do_work(&order).await;
    let verify = VerifyWorkOrderRequest { name: order.name.clone(), ..Default::default() };
    center.client("zhao.liu", &[kexiang_core::Role::Supervisor]).verify_work_order(verify).await.unwrap();

    center.take_in(vec![event("joined", &following(&case, &lead)), left(&case, 1)]).await;

    assert_eq!(center.states_of(&case).await, [WorkOrderState::Completed]);
}

#[tokio::test]
async fn a_case_of_the_desk_asks_nothing_when_it_goes_its_own_way() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    let at_desk = CaseFacts { handling: Handling::Desk.into(), ..fault(1) };
    let closed = CaseFacts { state: CaseState::Closed.into(), ..fault(2) };

    center.take_in(vec![event("left", &at_desk), event("left", &closed)]).await;

    assert_eq!(center.orders(ListWorkOrdersRequest::default()).await, []);
}

#[tokio::test]
async fn a_case_resolved_without_its_order_loses_it_and_a_reopened_one_gets_another() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    let case = fault(1);
    let other = CaseFacts { case: CaseId::at(opening()).name(), ..fault(2) };
    center.take_in(accepted(&[case.clone(), other.clone()])).await;

    let recalled = CaseFacts { state: CaseState::Resolved.into(), ..case.clone() };
    center.take_in(vec![event("recalled", &recalled)]).await;
    let after = center.states_of(&case).await;
    center.take_in(vec![reopened(&case, 1)]).await;

    assert_eq!(after, [WorkOrderState::Cancelled]);
    assert_eq!(center.states_of(&case).await, [WorkOrderState::Cancelled, WorkOrderState::Assigned]);
    assert_eq!(center.states_of(&other).await, [WorkOrderState::Assigned]);
    assert_eq!(center.get_agent("li.na").await.open_orders, 2);
}
