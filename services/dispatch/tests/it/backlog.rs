//! More work that waits than one transaction settles (DI-7, DI-2): it is settled to its end, in bounded transactions.

use kexiang_proto::{
    dispatch_v1::{ListWorkOrdersRequest, Route, WorkOrder, WorkOrderState},
    intake_v1::CaseFacts,
};

use crate::{
    case_facts::{accepted, event, fault, faults},
    center::Center,
};

fn in_state(state: WorkOrderState) -> ListWorkOrdersRequest {
    ListWorkOrdersRequest { state: state.into(), ..Default::default() }
}

/// With nothing that fits them, so many faults; a unit `faults` with two agents who could take them all.
async fn unrouted(count: u32) -> Center {
    let center = Center::open().await;
    center.create_unit("faults").await;
    for agent in ["li.na", "wang.wei"] {
        center.create_agent(agent, "faults", 1_000).await;
        center.sign_in(agent).await;
    }
    center.take_in(accepted(&faults(count))).await;
    assert_eq!(
        center.orders(in_state(WorkOrderState::Unrouted)).await.len(),
        usize::try_from(count).unwrap()
    );
    center
}

async fn until_all_are_assigned(center: &Center) -> Vec<WorkOrder> {
    let unrouted = async || center.orders(in_state(WorkOrderState::Unrouted)).await.is_empty();
    center.eventually("all orders are routed", unrouted).await;
    let queued = async || center.orders(in_state(WorkOrderState::Queued)).await.is_empty();
    center.eventually("all orders are assigned", queued).await;
    assert_eq!(center.miscounted().await, []);
    center.orders(in_state(WorkOrderState::Assigned)).await
}

/// How many orders were routed by one transaction at most, and by all.
async fn most_and_all_routed(center: &Center) -> (i64, i64) {
    let largest = "select max(count), sum(count)::bigint
         from (select count(*) from dispatch.event_log where event_type = 'work_order.routed' group by transaction_id) c";
    sqlx::query_as(largest).fetch_one(&center.pool).await.unwrap()
}

#[tokio::test]
async fn a_new_line_routes_a_long_backlog_to_its_end_in_bounded_transactions_di_7() {
    let center = unrouted(1_100).await;

    center.create_route(Route::default(), "faults").await;

    let orders = until_all_are_assigned(&center).await;
    assert_eq!(orders.len(), 1_100);
    assert_eq!(most_and_all_routed(&center).await, (500, 1_100));
    let first = &center.assignments(&orders[0]).await[0];
    assert_eq!(first.route_explanation, "anything fits; the only line that fits");
}

/// What stands in the database when a process was killed after a line was added, and before its backlog was routed.
#[tokio::test]
async fn a_backlog_that_a_killed_process_left_is_routed_by_the_whole_table_di_7() {
    let center = unrouted(3).await;
    center.create_unit("slow").await;
    center.take_in(accepted(&[CaseFacts { category: "television".to_owned(), ..fault(4) }])).await;

    let left =
        "insert into dispatch.routes (route_id, site_id, category_prefix, unit_id, backlog, created_at)
         values (gen_random_uuid(), 'main', '', 'faults', true, now()),
                (gen_random_uuid(), 'main', 'television', 'slow', true, now())";
    sqlx::query(left).execute(&center.pool).await.unwrap();

    center
        .eventually("all are routed", async || {
            center.orders(in_state(WorkOrderState::Unrouted)).await.is_empty()
        })
        .await;
    assert_eq!(center.orders(in_state(WorkOrderState::Assigned)).await.len(), 3);
    let queued = center.orders(in_state(WorkOrderState::Queued)).await;
    assert_eq!(queued.iter().map(|order| order.unit.as_str()).collect::<Vec<_>>(), ["units/slow"]);
}

#[tokio::test]
async fn a_queue_longer_than_one_transaction_takes_is_assigned_to_its_end_di_2() {
    let center = Center::open_with(&[]).await;
    center.create_agent("li.na", "grid-1", 1_500).await;
    center.create_agent("wang.wei", "grid-1", 1_500).await;
    let imported = faults(1_200).iter().map(|case| event("imported", case)).collect();
    center.take_in(imported).await;
    assert_eq!(center.orders(in_state(WorkOrderState::Queued)).await.len(), 1_200);

    center.sign_in("li.na").await;
    center.sign_in("wang.wei").await;

    assert_eq!(until_all_are_assigned(&center).await.len(), 1_200);
}

/// Somebody is free while 600 orders wait: as when a transaction stopped at its limit, and the worker is on its way.
#[tokio::test]
async fn who_joins_behind_older_orders_waits_for_their_turn_and_it_is_kept_why_di_6() {
    let center = Center::open_with(&[]).await;
    center.create_agent("li.na", "grid-1", 1_000).await;
    center.take_in(accepted(&faults(600))).await;
    let mut stopped = center.pool.begin().await.unwrap();
    let signed_in = "update dispatch.agents set presence = 'SIGNED_IN'";
    sqlx::query("select 1 from dispatch.units for no key update").execute(&mut *stopped).await.unwrap();
    sqlx::query(signed_in).execute(&mut *stopped).await.unwrap();
    center.clock.advance(jiff::SignedDuration::from_secs(1));
    let newcomer = fault(601);
    center.intake.tell(accepted(std::slice::from_ref(&newcomer)));
    center.eventually("the newcomer is at the desk", async || waits_for_a_lock(&center).await).await;

    stopped.commit().await.unwrap();

    assert_eq!(until_all_are_assigned(&center).await.len(), 601);
    let mut decisions = center.assignments(&center.order_of(&newcomer).await).await;
    decisions.sort_by_key(|decision| decision.agent.clone());
    let told: Vec<_> = decisions.iter().map(|d| (d.policy.as_str(), d.agent.as_str())).collect();
    assert_eq!(told, [("oldest-first", ""), ("least-load", "agents/li.na")]);
    assert!(decisions[0].candidates.is_empty(), "nobody was weighed");
}

async fn waits_for_a_lock(center: &Center) -> bool {
    let waits = "select exists (select from pg_stat_activity
         where datname = current_database() and application_name = 'kexiang-dispatch' and wait_event_type = 'Lock')";
    sqlx::query_scalar(waits).fetch_one(&center.pool).await.unwrap()
}
