//! The way of a work order: accepted, started, finished with proof, verified by another person (DI-12).

use kexiang_proto::{
    dispatch_v1::{
        FinishWorkOrderRequest, ListWorkOrdersRequest, Proof, ReturnWorkOrderRequest, VerifyWorkOrderRequest,
        WorkOrder, WorkOrderFacts, WorkOrderState,
    },
    event_v1::Event,
};

use crate::{
    case_facts::{accepted, event, fault, reopened, withdrawn},
    center::{Center, proof},
};

async fn verify(center: &Center, order: &WorkOrder) -> WorkOrder {
    let request = VerifyWorkOrderRequest { name: order.name.clone(), ..Default::default() };
    center.dispatcher().verify_work_order(request).await.unwrap().into_inner()
}

fn facts(event: &Event) -> WorkOrderFacts {
    event.data.as_ref().unwrap().to_msg().unwrap()
}

#[tokio::test]
async fn an_order_is_worked_proven_and_verified_by_another_person_di_12() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    let case = fault(1);
    let told = event("accepted", &case);
    center.take_in(vec![told.clone()]).await;

    let finished = center.do_work(&center.order_of(&case).await).await;
    let completed = verify(&center, &finished).await;

    assert_eq!((finished.state(), completed.state()), (WorkOrderState::Finished, WorkOrderState::Completed));
    assert_eq!((completed.agent.as_str(), completed.verifier.as_str()), ("agents/li.na", "agents/chen.jie"));
    assert_eq!(completed.proof, Some(proof()));
    let events: Vec<Event> =
        center.told().await.into_iter().filter(|event| event.subject == completed.name).collect();
    let types: Vec<&str> = events.iter().map(|event| event.r#type.as_str()).collect();
    assert_eq!(
        types,
        ["created", "routed", "assigned", "accepted", "started", "finished", "completed"]
            .map(|what| format!("work_order.{what}"))
    );
    assert!(events[..3].iter().all(|event| event.cause == told.id && event.actor == "services/dispatch"));
    assert_eq!(events[3].actor, "agents/li.na");
    assert_eq!(facts(&events[6]).case, case.case);
    assert_eq!(center.get_agent("li.na").await.open_orders, 0);
}

/// The log is never deleted: what people write stays out of it.
#[tokio::test]
async fn nothing_that_people_write_is_in_the_log() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    let case = fault(1);
    center.take_in(accepted(std::slice::from_ref(&case))).await;
    let (name, reason) = (center.order_of(&case).await.name, "the photo shows another box".to_owned());

    let finished = center.do_work(&center.order_of(&case).await).await;
    let request = ReturnWorkOrderRequest { name: name.clone(), reason: reason.clone(), ..Default::default() };
    center.dispatcher().return_work_order(request).await.unwrap();
    let request = FinishWorkOrderRequest { name, proof: Some(proof()), ..Default::default() };
    center.agent("li.na").finish_work_order(request).await.unwrap();
    verify(&center, &finished).await;

    let rows = sqlx::query_scalar("select to_jsonb(event_log)::text from dispatch.event_log");
    let rows: Vec<String> = rows.fetch_all(&center.pool).await.unwrap();
    assert!(rows.iter().any(|row| row.contains("work_order.completed")));
    let Proof { report, evidence } = proof();
    for words in evidence.into_iter().chain([report, reason]) {
        assert!(!rows.iter().any(|row| row.contains(&words)), "{words:?} is in the log");
    }
}

#[tokio::test]
async fn returned_work_goes_back_to_its_doer_and_is_counted_di_12() {
    let center = Center::open_with(&[("li.na", 1)]).await;
    let case = fault(1);
    center.take_in(accepted(std::slice::from_ref(&case))).await;
    let finished = center.do_work(&center.order_of(&case).await).await;

    let (name, reason) = (finished.name.clone(), "the photo shows another box".to_owned());
    let request = ReturnWorkOrderRequest { name, reason: reason.clone(), ..Default::default() };
    let returned = center.dispatcher().return_work_order(request).await.unwrap().into_inner();

    assert_eq!((returned.state(), returned.rework_count), (WorkOrderState::InProgress, 1));
    assert_eq!((returned.agent.as_str(), returned.reason), ("agents/li.na", reason));
    assert_eq!(center.get_agent("li.na").await.open_orders, 1);
    assert_eq!(center.miscounted().await, []);
}

#[tokio::test]
async fn a_reopened_case_gets_a_second_order() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    let case = fault(1);
    center.take_in(accepted(std::slice::from_ref(&case))).await;
    verify(&center, &center.do_work(&center.order_of(&case).await).await).await;

    center.take_in(vec![reopened(&case, 1)]).await;

    let second = center.order_of(&case).await;
    assert_eq!((second.attempt, second.state()), (2, WorkOrderState::Assigned));
    assert_eq!(center.orders(ListWorkOrdersRequest::default()).await.len(), 2);
}

#[tokio::test]
async fn a_case_accepted_and_withdrawn_in_one_batch_leaves_a_cancelled_order() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    let case = fault(1);

    center.take_in(vec![event("accepted", &case), withdrawn(&case)]).await;

    let order = center.order_of(&case).await;
    assert_eq!((order.state(), order.agent.as_str()), (WorkOrderState::Cancelled, ""));
    assert_eq!(order.reason, "the case was withdrawn");
    assert_eq!(
        center.told_of(&order.name).await,
        ["work_order.created", "work_order.routed", "work_order.cancelled"]
    );
}
