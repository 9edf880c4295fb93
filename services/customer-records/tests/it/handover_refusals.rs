//! Handover of customers (CU-10) under kills and races, cancelled, and refused.

use std::time::Duration;

use futures::{StreamExt, stream};
use kexiang_core::{CustomerHandoverId, Role};
use kexiang_proto::customers_v1::{
    CancelHandoverRequest, ConfirmHandoverItemsRequest, CustomerHandover, CustomerHandoverState as State,
    GetHandoverRequest, ListHandoversRequest, PlanHandoverRequest, StartHandoverRequest,
};
use tonic::Code;

use crate::{
    center::START,
    handover_desk::{
        PATIENCE, again, confirm, customers_of, get_once, many, of_li, owned, planned, receiver, release,
        start, until,
    },
    ownership_desk::OwnershipDesk,
    wire::{refused, violations},
};

#[tokio::test]
async fn a_handover_goes_on_whatever_is_killed() {
    let desk = OwnershipDesk::with_replicas(2).await;
    let (boss, wang, zhou) = (desk.supervisor(), desk.agent("wang"), desk.agent("zhou"));
    many(&desk, "li", 3_000).await;
    let kills = std::cell::Cell::new(0);
    let kill = async || {
        let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                    where datname = current_database() and application_name = 'kexiang-customer-records'
                      and (query ilike '%handover%' or query ilike '%ownership%')";
        let killed: i64 = sqlx::query_scalar(kill).fetch_one(&desk.pool).await.unwrap();
        kills.set(kills.get() + killed);
    };
    let state = async || {
        let state = "select state from customer_records.customer_handovers";
        sqlx::query_scalar::<_, String>(state).fetch_one(&desk.pool).await.unwrap()
    };
    let killing_until = async |wanted: &str| {
        for n in 0..PATIENCE {
            if state().await == wanted {
                return;
            }
            if n % 7 == 0 && n < 210 {
                kill().await;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never {wanted}");
    };

    let plan =
        boss.handovers().plan_handover(of_li(&[("wang", 1), ("zhou", 1)], &[])).await.unwrap().into_inner();
    killing_until("PLANNED").await;
    let preview = again(|| async { get_once(&boss, &plan.name).await }).await;
    let request = StartHandoverRequest { name: plan.name.clone(), ..Default::default() };
    again(|| async { boss.handovers().start_handover(request.clone()).await }).await;
    again(|| async { confirm(&wang, &plan.name, &[]).await }).await;
    again(|| async { confirm(&zhou, &plan.name, &[]).await }).await;
    killing_until("DONE").await;

    assert_eq!(
        (preview.total, preview.receivers[0].offered, preview.receivers[1].offered),
        (3_000, 1_500, 1_500)
    );
    assert_eq!(owned(&desk).await, [("wang".to_owned(), 1_500), ("zhou".to_owned(), 1_500)].into());
    assert_eq!(desk.count("ownership.transferred").await, 3_000, "each once");
    assert_eq!(desk.count("customer_handover.done").await, 1);
    assert!(kills.get() > 0, "something was killed");
}

#[tokio::test]
async fn of_a_release_and_a_confirmation_at_once_one_counts() {
    let desk = OwnershipDesk::with_replicas(2).await;
    let (boss, li, wang) = (desk.supervisor(), desk.agent("li"), desk.agent("wang"));
    let customers = customers_of(&desk, &li, 20).await;
    let plan = planned(&boss, of_li(&[("wang", 1)], &[])).await;
    start(&boss, &plan.name).await;

    let pairs = stream::iter(&customers).map(|customer| {
        let (name, one) = (&plan.name, [customer.clone()]);
        let (li, wang) = (&li, &wang);
        async move { (release(li, customer).await, confirm(wang, name, &one).await) }
    });
    let one_after_another: Vec<_> = pairs.buffer_unordered(6).collect().await;
    let both = stream::iter(&customers).map(|customer| {
        let (name, one) = (&plan.name, [customer.clone()]);
        let wang = &wang;
        async move { confirm(wang, name, &one).await }
    });
    let _: Vec<_> = both.buffer_unordered(10).collect().await;
    let done = until(&boss, &plan.name, |handover| handover.state() == State::Done).await;

    for (released, confirmed) in one_after_another {
        for status in [released.err(), confirmed.err()].into_iter().flatten() {
            let reason = refused(&status).1;
            assert!(
                ["NOT_THE_OWNER", "NOT_OFFERED", "STATE_NOT_ALLOWED"].contains(&reason.as_str()),
                "{status:?}"
            );
        }
    }
    let of_wang = owned(&desk).await.get("wang").copied().unwrap_or_default();
    assert_eq!(done.receivers[0].confirmed, of_wang);
    assert_eq!(done.dropped + of_wang, 20);
}

#[tokio::test]
async fn a_cancelled_handover_leaves_the_old_owner_what_nobody_confirmed() {
    let desk = OwnershipDesk::open().await;
    let (boss, li, wang) = (desk.supervisor(), desk.agent("li"), desk.agent("wang"));
    let customers = customers_of(&desk, &li, 3).await;
    let plan = planned(&boss, of_li(&[("wang", 1)], &[])).await;
    start(&boss, &plan.name).await;
    confirm(&wang, &plan.name, &customers[..1]).await.unwrap();

    let cancel = CancelHandoverRequest { name: plan.name.clone(), ..Default::default() };
    boss.handovers().cancel_handover(cancel.clone()).await.unwrap();
    let stale = ConfirmHandoverItemsRequest {
        name: plan.name.clone(),
        all: true,
        etag: plan.etag.clone(),
        ..Default::default()
    };
    let stale = wang.handovers().confirm_handover_items(stale).await.unwrap_err();
    let late = confirm(&wang, &plan.name, &customers[1..2]).await.unwrap_err();
    let twice = boss.handovers().cancel_handover(cancel).await.unwrap_err();
    let cancelled = until(&boss, &plan.name, |handover| handover.dropped == 2).await;

    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(refused(&late), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    assert_eq!(refused(&twice), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    assert_eq!(cancelled.state(), State::Cancelled);
    assert_eq!(owned(&desk).await, [("li".to_owned(), 2), ("wang".to_owned(), 1)].into());
    let again = planned(&boss, of_li(&[("wang", 1)], &[])).await;
    assert_eq!(again.total, 2, "they can be handed over again");
}

#[tokio::test]
async fn all_that_is_wrong_is_named_and_who_may_not_is_refused() {
    let desk = OwnershipDesk::open().await;
    let (boss, li, wang, zhou) =
        (desk.supervisor(), desk.agent("li"), desk.agent("wang"), desk.agent("zhou"));
    let customers = customers_of(&desk, &li, 1).await;
    let wrong = CustomerHandover {
        agent: "li".into(),
        receivers: vec![receiver("wang", 101), receiver("zhou", 1), receiver("zhou", 1)],
        customers: vec!["chen".into()],
        ..Default::default()
    };
    let wrong = PlanHandoverRequest { handover: Some(wrong), request_id: "1".into() };
    let wrong = boss.handovers().plan_handover(wrong).await.unwrap_err();
    let neither = ConfirmHandoverItemsRequest {
        name: CustomerHandoverId::at(START).name(),
        all: true,
        customers: customers.clone(),
        ..Default::default()
    };
    let neither = wang.handovers().confirm_handover_items(neither).await.unwrap_err();
    let request_id = "6f2b1a34-9c51-4f0e-8a77-0f8f3f0f9a03".to_owned();
    let request = PlanHandoverRequest { request_id, ..of_li(&[("wang", 1)], &[]) };

    let by_another = wang.handovers().plan_handover(request.clone()).await.unwrap_err();
    let first = li.handovers().plan_handover(request.clone()).await.unwrap().into_inner();
    let again = li.handovers().plan_handover(request).await.unwrap().into_inner();
    let too_early = StartHandoverRequest { name: first.name.clone(), etag: "7".into(), ..Default::default() };
    let stale = boss.handovers().start_handover(too_early).await.unwrap_err();
    let by_receiver = StartHandoverRequest { name: first.name.clone(), ..Default::default() };
    let by_receiver = wang.handovers().start_handover(by_receiver).await.unwrap_err();
    let stranger = confirm(&zhou, &first.name, &[]).await.unwrap_err();
    let missing = GetHandoverRequest { name: CustomerHandoverId::at(START).name() };
    let missing = boss.handovers().get_handover(missing).await.unwrap_err();
    let technician = desk.person("tech", &[Role::Technician]);
    let listed = ListHandoversRequest { receiver: wang.name.clone(), ..Default::default() };
    let by_technician = technician.handovers().list_handovers(listed.clone()).await.unwrap_err();
    let listed = wang.handovers().list_handovers(listed).await.unwrap().into_inner().handovers;

    assert_eq!(
        violations(&wrong),
        [
            "request_id",
            "handover.agent",
            "handover.reason",
            "handover.receivers[0].weight",
            "handover.receivers[2].agent",
            "handover.customers[0]"
        ]
    );
    assert_eq!(violations(&neither), ["customers"]);
    assert_eq!(refused(&by_another), (Code::PermissionDenied, "NOT_THE_OLD_OWNER".to_owned()));
    assert_eq!(first, again, "asked twice, planned once");
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(refused(&by_receiver), (Code::PermissionDenied, "NOT_THE_OLD_OWNER".to_owned()));
    assert_eq!(refused(&stranger), (Code::PermissionDenied, "NOT_A_RECEIVER".to_owned()));
    assert_eq!(missing.code(), Code::NotFound);
    assert_eq!(refused(&by_technician), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".to_owned()));
    assert_eq!((listed.len(), &listed[0].name), (1, &first.name));
    assert_eq!(desk.count("customer_handover.planned").await, 1);
}
