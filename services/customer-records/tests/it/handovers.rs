//! Handover of an agent's customers to others (CU-10): divided, confirmed, declined, dropped.

use kexiang_proto::customers_v1::{
    AddHandoverReceiverRequest, CustomerHandoverFacts, CustomerHandoverItem,
    CustomerHandoverItemState as ItemState, CustomerHandoverState as State, FollowUp, FollowUpWay,
    HandoverDropReason as Dropped, MergeCustomersRequest, OwnershipBasis,
};
use tonic::Code;

use crate::{
    handover_desk::{
        confirm, customers_of, decline, items, many, of_li, offered_to, owned, planned, receiver, release,
        start, transfer, until,
    },
    ownership_desk::OwnershipDesk,
    wire::refused,
};

#[tokio::test]
async fn all_customers_of_who_leaves_are_divided_by_load_and_ability_and_pass_when_confirmed() {
    let desk = OwnershipDesk::with_replicas(2).await;
    let (boss, li, wang, zhou) =
        (desk.supervisor(), desk.agent("li"), desk.agent("wang"), desk.agent("zhou"));
    many(&desk, "li", 2_300).await;
    many(&desk, "wang", 31).await;

    let plan = planned(&boss, of_li(&[("wang", 2), ("zhou", 1)], &[])).await;
    let before = owned(&desk).await;
    let early = confirm(&wang, &plan.name, &[]).await.unwrap_err();
    let running = start(&li, &plan.name).await;
    confirm(&wang, &plan.name, &[]).await.unwrap();
    confirm(&zhou, &plan.name, &[]).await.unwrap();
    let done = until(&boss, &plan.name, |handover| handover.state() == State::Done).await;

    let (to_wang, to_zhou) = (&plan.receivers[0], &plan.receivers[1]);
    assert_eq!((plan.total, to_wang.offered + to_zhou.offered, plan.pending), (2_300, 2_300, 0));
    assert_eq!((to_wang.load, to_zhou.load), (31, 0));
    let difference = to_wang.load + to_wang.offered - 2 * to_zhou.offered;
    assert!(difference.abs() <= 2, "at most one for the weight: {plan:?}");
    assert_eq!(before, [("li".to_owned(), 2_300), ("wang".to_owned(), 31)].into(), "a plan moves nobody");
    assert_eq!(refused(&early), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    assert_eq!((running.starter.as_str(), running.planner.as_str()), ("agents/li", "agents/the.boss"));
    assert_eq!(done.receivers[0].confirmed, to_wang.offered);
    let wanted = [("wang".to_owned(), 31 + to_wang.offered), ("zhou".to_owned(), to_zhou.offered)];
    assert_eq!(owned(&desk).await, wanted.into());
    assert_eq!(desk.count("ownership.transferred").await, 2_300, "each once");
    assert_eq!(
        (desk.count("customer_handover.planned").await, desk.count("customer_handover.done").await),
        (1, 1)
    );
    let one = items(&boss, &plan.name).await.into_iter().find(|item| item.receiver == wang.name).unwrap();
    let listed = sqlx::query_as::<_, (String, String, String)>(
        "select actor, basis, reason from customer_records.ownership_entries
         where kind = 'TRANSFERRED' and customer_id = $1",
    )
    .bind(one.customer.trim_start_matches("customers/").parse::<uuid::Uuid>().unwrap())
    .fetch_one(&desk.pool)
    .await
    .unwrap();
    assert_eq!(listed, (wang.name.clone(), "TRANSFER".to_owned(), plan.name.clone()));
}

#[tokio::test]
async fn what_one_declines_goes_to_the_others_and_what_all_decline_to_one_who_is_added() {
    let desk = OwnershipDesk::open().await;
    let (boss, li, wang, zhou, chen) =
        (desk.supervisor(), desk.agent("li"), desk.agent("wang"), desk.agent("zhou"), desk.agent("chen"));
    let customers = customers_of(&desk, &li, 6).await;
    let plan = planned(&li, of_li(&[("wang", 1), ("zhou", 1)], &[])).await;
    start(&boss, &plan.name).await;
    let (to_wang, to_zhou) = (offered_to(&wang, &plan.name).await, offered_to(&zhou, &plan.name).await);

    let some = confirm(&wang, &plan.name, &to_wang[..1]).await.unwrap();
    let others = confirm(&wang, &plan.name, &to_zhou[..1]).await.unwrap_err();
    decline(&wang, &plan.name, &to_wang[1..2]).await.unwrap();
    let replanned =
        until(&boss, &plan.name, |handover| handover.pending == 0 && handover.receivers[1].offered == 4)
            .await;
    let again = offered_to(&zhou, &plan.name).await;
    decline(&zhou, &plan.name, &[]).await.unwrap();
    let stranded = until(&boss, &plan.name, |handover| handover.unplaced == 1 && handover.pending == 0).await;
    let add = AddHandoverReceiverRequest {
        name: plan.name.clone(),
        receiver: Some(receiver("chen", 1)),
        ..Default::default()
    };
    boss.handovers().add_handover_receiver(add.clone()).await.unwrap();
    let twice = boss.handovers().add_handover_receiver(add).await.unwrap_err();
    until(&boss, &plan.name, |handover| handover.unplaced == 0).await;
    confirm(&wang, &plan.name, &[]).await.unwrap();
    confirm(&chen, &plan.name, &[]).await.unwrap();
    let done = until(&boss, &plan.name, |handover| handover.state() == State::Done).await;

    assert_eq!((to_wang.len(), to_zhou.len()), (3, 3));
    assert_eq!((some.receivers[0].confirmed, some.receivers[0].offered), (1, 2));
    let first = wang.ownership(&to_wang[0]).await;
    assert_eq!((first.agent.as_str(), first.basis()), ("agents/wang", OwnershipBasis::Transfer));
    assert_eq!(refused(&others), (Code::FailedPrecondition, "NOT_OFFERED".to_owned()));
    assert_eq!((replanned.receivers[0].offered, again.contains(&to_wang[1])), (1, true));
    assert_eq!(stranded.receivers[1].offered, 0, "zhou gets none any more");
    assert_eq!(stranded.state(), State::Running, "nobody falls between two owners");
    assert_eq!(refused(&twice), (Code::FailedPrecondition, "ALREADY_A_RECEIVER".to_owned()));
    assert_eq!(done.receivers.iter().map(|receiver| receiver.confirmed).sum::<i64>(), 6);
    let declined =
        items(&boss, &plan.name).await.into_iter().find(|item| item.customer == to_wang[1]).unwrap();
    assert_eq!(declined.declined_by, ["agents/wang", "agents/zhou"]);
    assert_eq!(
        (declined.receiver.as_str(), declined.decline_reason.as_str()),
        ("agents/chen", "too far away")
    );
    for customer in &customers {
        assert_ne!(boss.ownership(customer).await.agent, "agents/li");
    }
    let told = desk.told(&["customer_handover.declined", "customer_handover.unplaced"]).await;
    let facts: Vec<CustomerHandoverFacts> =
        told.into_iter().map(|event| event.data.unwrap().to_msg().unwrap()).collect();
    assert_eq!((facts[0].receiver.as_str(), facts[0].customers), ("agents/wang", 1));
    assert_eq!((facts.len(), facts[2].customers), (3, 1));
}

#[tokio::test]
async fn whose_ownership_ends_or_changes_meanwhile_is_dropped_with_the_reason() {
    let desk = OwnershipDesk::open().await;
    let (boss, li, wang, zhou) =
        (desk.supervisor(), desk.agent("li"), desk.agent("wang"), desk.agent("zhou"));
    let customers = customers_of(&desk, &li, 6).await;
    let strange = desk.customer("Somebody").await;
    let named: Vec<_> = customers.iter().chain([&strange]).cloned().collect();
    let plan = planned(&boss, of_li(&[("wang", 1)], &named)).await;
    let second = planned(&boss, of_li(&[("zhou", 1)], &customers[..1])).await;
    start(&boss, &plan.name).await;

    release(&li, &customers[1]).await.unwrap();
    transfer(&boss, &customers[2], &zhou.name).await;
    let merge = MergeCustomersRequest {
        survivor: customers[0].clone(),
        loser: customers[3].clone(),
        ..Default::default()
    };
    boss.merges().merge_customers(merge).await.unwrap();
    let of_zhou = zhou.ownership(&customers[2]).await.agent;
    let merged = confirm(&wang, &plan.name, &[customers[0].clone(), customers[3].clone()]).await.unwrap_err();
    confirm(&wang, &plan.name, &customers[..1]).await.unwrap();
    li.follow_up(&customers[4]).await.unwrap();
    desk.days(25);
    li.follow_up(&customers[4]).await.unwrap();
    desk.days(10);
    desk.until_told("ownership.expired", 1).await;
    confirm(&wang, &plan.name, &customers[4..5]).await.unwrap();
    let done = until(&boss, &plan.name, |handover| handover.state() == State::Done).await;

    let found = items(&boss, &plan.name).await;
    let of = |customer: &String| {
        let item = found.iter().find(|item| item.customer == *customer).unwrap();
        (item.state(), item.drop_reason())
    };
    assert_eq!(of(&customers[0]), (ItemState::Confirmed, Dropped::Unspecified));
    assert_eq!(of(&customers[1]), (ItemState::Dropped, Dropped::OwnershipEnded));
    assert_eq!(of(&customers[2]), (ItemState::Dropped, Dropped::OwnerChanged));
    assert_eq!(of(&customers[3]), (ItemState::Dropped, Dropped::Merged));
    assert_eq!(of(&customers[4]), (ItemState::Confirmed, Dropped::Unspecified));
    assert_eq!(of(&customers[5]), (ItemState::Dropped, Dropped::OwnershipEnded), "it expired");
    assert_eq!(of(&strange), (ItemState::Dropped, Dropped::NotOwned));
    assert_eq!((done.total, done.dropped), (7, 5));
    let in_another = items(&boss, &second.name).await;
    assert_eq!(in_another[0].drop_reason(), Dropped::InAnotherHandover);
    assert_eq!(of_zhou, zhou.name);
    assert_eq!(refused(&merged), (Code::FailedPrecondition, "NOT_OFFERED".to_owned()), "all or nothing");
}

#[tokio::test]
async fn a_customer_brings_open_promises_cases_follow_ups_and_agreements_along() {
    let desk = OwnershipDesk::open().await;
    let (boss, li) = (desk.supervisor(), desk.agent("li"));
    let customers = customers_of(&desk, &li, 2).await;
    let id: uuid::Uuid = customers[0].trim_start_matches("customers/").parse().unwrap();
    let next = |step: &str| FollowUp {
        customer: customers[0].clone(),
        way: FollowUpWay::Phone.into(),
        content: "called".into(),
        next_step: step.into(),
        ..Default::default()
    };
    li.record(next("send the plan")).await.unwrap();
    let waiting = li.record(next("call again")).await.unwrap();
    for write in [
        "insert into customer_records.case_links (case_id, customer_id, contact_id, number, category, accepted_at, open)
         select case when n = 1 then '0193a000-0000-7000-8000-00000000000a'::uuid else gen_random_uuid() end, $1,
                gen_random_uuid(), 'C-' || n, 'water', now(), n = 1 from generate_series(1, 3) n",
        "insert into customer_records.viewed_promises (promise_id, case_id, kind, state, owner)
         select gen_random_uuid(), l.case_id, 'CALLBACK', s.state, 'agents/li' from customer_records.case_links l,
                (values ('OPEN'), ('MISSED'), ('KEPT')) s (state) where l.customer_id = $1 and l.open",
        "with kind as (insert into customer_records.agreement_kinds (kind, definition, updated_at, version)
                       select 'loan', '{}', now(), 1 where $1::uuid is not null returning kind)
         select 1 from kind",
        "insert into customer_records.agreements
             (agreement_id, customer_id, kind, state, units, currency, updated_at, version, body)
         select gen_random_uuid(), $1, 'loan', s.state, 1, 'CNY', now(), 1, '{}'
         from (values ('SIGNED'), ('CLOSED')) s (state)",
    ] {
        sqlx::query(write).bind(id).execute(&desk.pool).await.unwrap();
    }

    let plan = planned(&boss, of_li(&[("wang", 1)], &[])).await;

    let found = items(&boss, &plan.name).await;
    let open = |item: &CustomerHandoverItem| {
        [&item.promises, &item.cases, &item.follow_ups, &item.agreements]
            .map(|things| things.clone().unwrap().count)
    };
    assert_eq!(open(&found[0]), [2, 1, 1, 1]);
    assert_eq!(open(&found[1]), [0, 0, 0, 0]);
    assert_eq!(found[0].cases.as_ref().unwrap().names, ["cases/0193a000-0000-7000-8000-00000000000a"]);
    assert_eq!(found[0].follow_ups.as_ref().unwrap().names, [waiting.name]);
    assert!(found[0].promises.as_ref().unwrap().names.iter().all(|name| name.starts_with("promises/")));
}
