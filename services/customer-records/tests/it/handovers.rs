//! Handover of an agent's customers to others (CU-10).

use std::{collections::BTreeMap, time::Duration};

use futures::{StreamExt, stream};
use kexiang_core::{CustomerHandoverId, Role};
use kexiang_proto::customers_v1::{
    AddHandoverReceiverRequest, CancelHandoverRequest, ConfirmHandoverItemsRequest, CustomerHandover,
    CustomerHandoverFacts, CustomerHandoverItem, CustomerHandoverItemState as ItemState,
    CustomerHandoverState as State, DeclineHandoverItemsRequest, FollowUp, FollowUpWay, GetHandoverRequest,
    HandoverDropReason as Dropped, HandoverReason, HandoverReceiver, ListHandoverItemsRequest,
    ListHandoversRequest, ListOwnershipEntriesRequest, MergeCustomersRequest, OwnershipBasis,
    PlanHandoverRequest, ReleaseOwnershipRequest, StartHandoverRequest, TransferOwnershipRequest,
};
use tonic::{Code, Response, Status};

use crate::{
    center::START,
    ownership_desk::{OwnershipDesk, Person},
    wire::{refused, violations},
};

/// How often it is looked, every 10 ms.
const PATIENCE: u32 = 6_000;

fn receiver(agent: &str, weight: i32) -> HandoverReceiver {
    HandoverReceiver { agent: format!("agents/{agent}"), weight, ..Default::default() }
}

fn of_li(receivers: &[(&str, i32)], customers: &[String]) -> PlanHandoverRequest {
    let handover = CustomerHandover {
        agent: "agents/li".into(),
        reason: HandoverReason::Leaving.into(),
        receivers: receivers.iter().map(|(agent, weight)| receiver(agent, *weight)).collect(),
        customers: customers.to_vec(),
        ..Default::default()
    };
    PlanHandoverRequest { handover: Some(handover), ..Default::default() }
}

async fn get(person: &Person, name: &str) -> CustomerHandover {
    let request = GetHandoverRequest { name: name.to_owned() };
    person.handovers().get_handover(request).await.unwrap().into_inner()
}

/// Waits until a handover is as wanted.
async fn until(person: &Person, name: &str, wanted: impl Fn(&CustomerHandover) -> bool) -> CustomerHandover {
    for _ in 0..PATIENCE {
        let handover = get(person, name).await;
        if wanted(&handover) {
            return handover;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {:?}", get(person, name).await);
}

/// Plans a handover and waits for the preview.
async fn planned(person: &Person, request: PlanHandoverRequest) -> CustomerHandover {
    let handover = person.handovers().plan_handover(request).await.unwrap().into_inner();
    assert_eq!(handover.state(), State::Planning);
    until(person, &handover.name, |handover| handover.state() == State::Planned).await
}

async fn start(person: &Person, name: &str) -> CustomerHandover {
    let request = StartHandoverRequest { name: name.to_owned(), ..Default::default() };
    person.handovers().start_handover(request).await.unwrap().into_inner()
}

async fn confirm(person: &Person, name: &str, customers: &[String]) -> Result<CustomerHandover, Status> {
    let request = ConfirmHandoverItemsRequest {
        name: name.to_owned(),
        all: customers.is_empty(),
        customers: customers.to_vec(),
        ..Default::default()
    };
    person.handovers().confirm_handover_items(request).await.map(Response::into_inner)
}

async fn decline(person: &Person, name: &str, customers: &[String]) -> Result<CustomerHandover, Status> {
    let request = DeclineHandoverItemsRequest {
        name: name.to_owned(),
        all: customers.is_empty(),
        customers: customers.to_vec(),
        reason: "too far away".into(),
        ..Default::default()
    };
    person.handovers().decline_handover_items(request).await.map(Response::into_inner)
}

/// The customers of a handover, page by page.
async fn items(person: &Person, name: &str) -> Vec<CustomerHandoverItem> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListHandoverItemsRequest {
            parent: name.to_owned(),
            page_size: 1_000,
            page_token,
            ..Default::default()
        };
        let page = person.handovers().list_handover_items(request).await.unwrap().into_inner();
        all.extend(page.items);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

/// The customers of whom this is offered.
async fn offered_to(person: &Person, name: &str) -> Vec<String> {
    let request = ListHandoverItemsRequest {
        parent: name.to_owned(),
        receiver: person.name.clone(),
        state: ItemState::Offered.into(),
        ..Default::default()
    };
    let items = person.handovers().list_handover_items(request).await.unwrap().into_inner().items;
    items.into_iter().map(|item| item.customer).collect()
}

async fn transfer(boss: &Person, customer: &str, agent: &str) {
    let request = TransferOwnershipRequest {
        name: format!("{customer}/ownership"),
        agent: agent.to_owned(),
        reason: "asked for".into(),
        ..Default::default()
    };
    boss.ownerships().transfer_ownership(request).await.unwrap();
}

async fn release(person: &Person, customer: &str) -> Result<(), Status> {
    let request = ReleaseOwnershipRequest {
        name: format!("{customer}/ownership"),
        reason: "moved away".into(),
        ..Default::default()
    };
    person.ownerships().release_ownership(request).await.map(|_| ())
}

/// Customers whom Li received.
async fn customers_of(desk: &OwnershipDesk, agent: &Person, count: usize) -> Vec<String> {
    let (mut customers, mut contacts) = (Vec::new(), Vec::new());
    for n in 0..count {
        let customer = desk.customer(&format!("Customer {n}")).await;
        contacts.push(desk.contact(&customer, &agent.name));
        customers.push(customer);
    }
    desk.tell(&contacts).await;
    customers.sort();
    customers
}

/// Many customers who are an agent's, as if received long ago.
async fn many(desk: &OwnershipDesk, agent: &str, count: i64) {
    sqlx::query(
        "insert into customer_records.ownerships
             (customer_id, state, agent_id, basis, lease_number, started_at, renewed_at, until_at, warns_at, fires_at,
              since_at, updated_at)
         select gen_random_uuid(), 'OWNED', $1, 'FIRST_RECEIVER', 1, t.now, t.now, t.later, t.later, t.later, t.now, t.now
         from generate_series(1, $2), (values ('2026-11-01T00:00:00Z'::timestamptz, '2027-06-01T00:00:00Z'::timestamptz))
              as t (now, later)",
    )
    .bind(agent)
    .bind(count)
    .execute(&desk.pool)
    .await
    .unwrap();
}

async fn owned(desk: &OwnershipDesk) -> BTreeMap<String, i64> {
    let counts =
        "select agent_id, count(*) from customer_records.ownerships where state = 'OWNED' group by agent_id";
    let counts: Vec<(String, i64)> = sqlx::query_as(counts).fetch_all(&desk.pool).await.unwrap();
    counts.into_iter().collect()
}

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
    let list =
        ListOwnershipEntriesRequest { parent: format!("{}/ownership", one.customer), ..Default::default() };
    let listed = sqlx::query_as::<_, (String, String, String)>(
        "select actor, basis, reason from customer_records.ownership_entries
         where kind = 'TRANSFERRED' and customer_id = $1",
    )
    .bind(one.customer.trim_start_matches("customers/").parse::<uuid::Uuid>().unwrap())
    .fetch_one(&desk.pool)
    .await
    .unwrap();
    assert_eq!(listed, (wang.name.clone(), "TRANSFER".to_owned(), plan.name.clone()));
    assert!(
        li.ownerships().list_ownership_entries(list).await.is_err(),
        "of customers that the story made up"
    );
}

#[tokio::test]
async fn a_handover_goes_on_whatever_is_killed() {
    let desk = OwnershipDesk::with_replicas(2).await;
    let (boss, wang, zhou) = (desk.supervisor(), desk.agent("wang"), desk.agent("zhou"));
    many(&desk, "li", 3_000).await;
    let kill = async || {
        let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                    where datname = current_database() and application_name = 'kexiang-customer-records'
                      and (query ilike '%handover%' or query ilike '%ownership%')";
        let killed: i64 = sqlx::query_scalar(kill).fetch_one(&desk.pool).await.unwrap();
        killed
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
}

async fn get_once(person: &Person, name: &str) -> Result<CustomerHandover, Status> {
    person
        .handovers()
        .get_handover(GetHandoverRequest { name: name.to_owned() })
        .await
        .map(Response::into_inner)
}

/// Asks again while connections are being killed.
async fn again<T, F: Future<Output = Result<T, Status>>>(ask: impl Fn() -> F) -> T {
    for _ in 0..PATIENCE {
        if let Ok(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never answered");
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
    confirm(&wang, &plan.name, &[customers[0].clone(), customers[3].clone()]).await.unwrap();
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
    assert_eq!(zhou.ownership(&customers[2]).await.agent, zhou.name);
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
    let late = confirm(&wang, &plan.name, &customers[1..2]).await.unwrap_err();
    let twice = boss.handovers().cancel_handover(cancel).await.unwrap_err();
    let cancelled = until(&boss, &plan.name, |handover| handover.dropped == 2).await;

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
