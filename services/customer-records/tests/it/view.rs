//! Everything about a customer in one call (CU-16).

use jiff::SignedDuration;
use kexiang_core::{CaseId, CustomerId, PromiseId, TaskId, Timestamp, WorkOrderId};
use kexiang_proto::{
    customers_v1::{
        AddRelationshipRequest, CustomerView, GetCustomerViewRequest, OwnershipState, Relationship,
        RelationshipKind, contact_point::Kind,
    },
    dispatch_v1::{TaskFacts, TaskKind, TaskState, WorkOrderFacts, WorkOrderState},
    intake_v1::{Contact, PromiseFacts, PromiseKind, PromiseState},
    type_v1::Satisfaction,
};
use kexiang_rpc::time;
use tonic::Code;

use crate::{
    center::{Center, START},
    wire::{caller, case, contact, refused, violations},
};

fn minute(n: i64) -> Timestamp {
    START + SignedDuration::from_mins(n)
}

async fn view(center: &Center, name: &str) -> CustomerView {
    let request = GetCustomerViewRequest { name: name.to_owned() };
    center.client().get_customer_view(request).await.unwrap().into_inner()
}

/// Li Na opens a case; its order, visit and promise are told.
fn opens_a_case(center: &Center) -> String {
    let case_name = CaseId::at(START).name();
    let opening = Contact { case: case_name.clone(), ..contact(caller("Li Na", "+8613800138000"), START) };
    let opener = center.intake.register(vec![opening])[0];
    center.intake.tell_case("case.accepted", START, &case(&case_name, opener, START));
    case_name
}

#[tokio::test]
async fn the_view_tells_profile_relationships_cases_orders_visits_promises_and_timeline() {
    let center = Center::open().await;
    let case_name = opens_a_case(&center);
    let order = WorkOrderFacts {
        work_order: WorkOrderId::at(START).name(),
        case: case_name.clone(),
        attempt: 1,
        site: "sites/main".into(),
        state: WorkOrderState::Assigned.into(),
        unit: "units/north".into(),
        create_time: Some(time::to_wire(minute(1))),
        ..Default::default()
    };
    let completed = WorkOrderFacts {
        state: WorkOrderState::Completed.into(),
        complete_time: Some(time::to_wire(minute(5))),
        ..order.clone()
    };
    let visit = TaskFacts {
        task: TaskId::at(START).name(),
        kind: TaskKind::ReturnVisit.into(),
        case: case_name.clone(),
        site: "sites/main".into(),
        state: TaskState::Done.into(),
        satisfaction: Satisfaction::Satisfied.into(),
        ..Default::default()
    };
    let promise = PromiseFacts {
        promise: PromiseId::at(START).name(),
        case: case_name.clone(),
        kind: PromiseKind::Callback.into(),
        state: PromiseState::Open.into(),
        owner: "agents/li.ming".into(),
        due_time: Some(time::to_wire(minute(60))),
        ..Default::default()
    };
    center.dispatch.tell(vec![
        center.dispatch.event("work_order.assigned", &order.work_order, minute(1), &order),
        center.dispatch.event("work_order.completed", &order.work_order, minute(5), &completed),
        center.dispatch.event("task.done", &visit.task, minute(6), &visit),
    ]);
    let made = center.intake.event("promise.made", &promise.promise, minute(2), &promise);
    center.intake.tell(vec![made]);
    center.settle().await;
    let li_na = center.customer_of_phone("13800138000").await;
    let wang = center.create("Wang", &[(Kind::Phone, "13900139000")]).await;
    let relationship = Relationship {
        customer: li_na.name.clone(),
        kind: RelationshipKind::Spouse.into(),
        related_customer: wang.name.clone(),
        ..Default::default()
    };
    let request = AddRelationshipRequest { relationship: Some(relationship), request_id: String::new() };
    center.relationships().add_relationship(request).await.unwrap();

    let seen = view(&center, &li_na.name).await;

    assert_eq!(seen.customer.as_ref(), Some(&li_na));
    assert_eq!(seen.relationships.len(), 1);
    assert_eq!(seen.same_customer.unwrap().customers.len(), 2);
    assert_eq!((seen.open_cases.len(), seen.case_count, seen.recent_contacts), (1, 1, 1));
    assert_eq!(seen.orders.len(), 1);
    assert_eq!((seen.orders[0].state.as_str(), seen.orders[0].unit.as_str()), ("COMPLETED", "units/north"));
    assert_eq!(seen.orders[0].complete_time, Some(time::to_wire(minute(5))));
    assert_eq!(
        (seen.visits[0].kind.as_str(), seen.visits[0].satisfaction.as_str()),
        ("RETURN_VISIT", "SATISFIED")
    );
    assert_eq!(
        (seen.promises[0].state.as_str(), seen.promises[0].owner.as_str()),
        ("OPEN", "agents/li.ming")
    );
    assert_eq!(seen.timeline_entries.len(), 5);
    assert_eq!(view(&center, &wang.name).await.case_count, 0);
}

#[tokio::test]
async fn what_is_told_twice_is_seen_once() {
    let center = Center::open().await;
    opens_a_case(&center);
    center.settle().await;
    let li_na = center.customer_of_phone("13800138000").await.name;
    let before = view(&center, &li_na).await;

    center.forget_cursors().await;
    center.settle().await;

    assert_eq!(view(&center, &li_na).await, before);
}

#[tokio::test]
async fn the_view_of_nobody_is_refused() {
    let center = Center::open().await;
    let get = |name: String| GetCustomerViewRequest { name };

    let nobody = center.client().get_customer_view(get(CustomerId::at(START).name())).await.unwrap_err();
    let strange = center.client().get_customer_view(get("li-na".into())).await.unwrap_err();

    assert_eq!(refused(&nobody), (Code::NotFound, "NOT_FOUND".into()));
    assert_eq!(violations(&strange), ["name"]);
}

#[tokio::test]
async fn the_view_tells_whose_the_customer_is_and_what_is_agreed() {
    let center = Center::open().await;
    let agreement = center.open_loan().await;
    let stranger = center.create("Wang", &[]).await;

    let seen = view(&center, &agreement.customer).await;
    let other = view(&center, &stranger.name).await;

    let ownership = seen.ownership.unwrap();
    assert_eq!(
        (ownership.name, ownership.state),
        (format!("{}/ownership", agreement.customer), OwnershipState::Pooled.into())
    );
    assert_eq!(seen.agreements, [agreement]);
    assert!(other.agreements.is_empty() && other.ownership.is_some());
}

/// CU-16 asks for 20 ms; run it with `--release -- --ignored`.
#[tokio::test]
#[ignore = "measures"]
async fn the_view_with_a_thousand_entries_is_there_in_20_milliseconds() {
    let center = Center::open().await;
    let case_name = opens_a_case(&center);
    for n in 0..1_000 {
        center.dispatch.tell_work_order("work_order.created", minute(n), &case_name);
    }
    center.settle().await;
    let name = center.customer_of_phone("13800138000").await.name;
    let mut times = Vec::new();
    for _ in 0..300 {
        let begun = std::time::Instant::now();
        let seen = view(&center, &name).await;
        times.push(begun.elapsed());
        assert_eq!((seen.orders.len(), seen.timeline_entries.len()), (20, 20));
    }

    times.sort();
    println!("view: p50 {:?}, p99 {:?}", times[150], times[297]);
    assert!(times[297] < std::time::Duration::from_millis(20), "{:?}", times[297]);
}
