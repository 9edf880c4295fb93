//! The verbs of stories about handovers.

use std::{collections::BTreeMap, time::Duration};

use kexiang_proto::customers_v1::{
    ConfirmHandoverItemsRequest, CustomerHandover, CustomerHandoverItem,
    CustomerHandoverItemState as ItemState, CustomerHandoverState as State, DeclineHandoverItemsRequest,
    GetHandoverRequest, HandoverReason, HandoverReceiver, ListHandoverItemsRequest, PlanHandoverRequest,
    ReleaseOwnershipRequest, StartHandoverRequest, TransferOwnershipRequest,
};
use tonic::{Response, Status};

use crate::ownership_desk::{OwnershipDesk, Person};

/// How often it is looked, every 10 ms.
pub const PATIENCE: u32 = 6_000;

pub fn receiver(agent: &str, weight: i32) -> HandoverReceiver {
    HandoverReceiver { agent: format!("agents/{agent}"), weight, ..Default::default() }
}

pub fn of_li(receivers: &[(&str, i32)], customers: &[String]) -> PlanHandoverRequest {
    let handover = CustomerHandover {
        agent: "agents/li".into(),
        reason: HandoverReason::Leaving.into(),
        receivers: receivers.iter().map(|(agent, weight)| receiver(agent, *weight)).collect(),
        customers: customers.to_vec(),
        ..Default::default()
    };
    PlanHandoverRequest { handover: Some(handover), ..Default::default() }
}

pub async fn get(person: &Person, name: &str) -> CustomerHandover {
    let request = GetHandoverRequest { name: name.to_owned() };
    person.handovers().get_handover(request).await.unwrap().into_inner()
}

/// Waits until a handover is as wanted.
pub async fn until(
    person: &Person,
    name: &str,
    wanted: impl Fn(&CustomerHandover) -> bool,
) -> CustomerHandover {
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
pub async fn planned(person: &Person, request: PlanHandoverRequest) -> CustomerHandover {
    let handover = person.handovers().plan_handover(request).await.unwrap().into_inner();
    assert_eq!(handover.state(), State::Planning);
    until(person, &handover.name, |handover| handover.state() == State::Planned).await
}

pub async fn start(person: &Person, name: &str) -> CustomerHandover {
    let request = StartHandoverRequest { name: name.to_owned(), ..Default::default() };
    person.handovers().start_handover(request).await.unwrap().into_inner()
}

pub async fn confirm(person: &Person, name: &str, customers: &[String]) -> Result<CustomerHandover, Status> {
    let request = ConfirmHandoverItemsRequest {
        name: name.to_owned(),
        all: customers.is_empty(),
        customers: customers.to_vec(),
        ..Default::default()
    };
    person.handovers().confirm_handover_items(request).await.map(Response::into_inner)
}

pub async fn decline(person: &Person, name: &str, customers: &[String]) -> Result<CustomerHandover, Status> {
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
pub async fn items(person: &Person, name: &str) -> Vec<CustomerHandoverItem> {
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
pub async fn offered_to(person: &Person, name: &str) -> Vec<String> {
    let request = ListHandoverItemsRequest {
        parent: name.to_owned(),
        receiver: person.name.clone(),
        state: ItemState::Offered.into(),
        ..Default::default()
    };
    let items = person.handovers().list_handover_items(request).await.unwrap().into_inner().items;
    items.into_iter().map(|item| item.customer).collect()
}

pub async fn transfer(boss: &Person, customer: &str, agent: &str) {
    let request = TransferOwnershipRequest {
        name: format!("{customer}/ownership"),
        agent: agent.to_owned(),
        reason: "asked for".into(),
        ..Default::default()
    };
    boss.ownerships().transfer_ownership(request).await.unwrap();
}

pub async fn release(person: &Person, customer: &str) -> Result<(), Status> {
    let request = ReleaseOwnershipRequest {
        name: format!("{customer}/ownership"),
        reason: "moved away".into(),
        ..Default::default()
    };
    person.ownerships().release_ownership(request).await.map(|_| ())
}

/// Customers whom Li received.
pub async fn customers_of(desk: &OwnershipDesk, agent: &Person, count: usize) -> Vec<String> {
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
pub async fn many(desk: &OwnershipDesk, agent: &str, count: i64) {
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

pub async fn owned(desk: &OwnershipDesk) -> BTreeMap<String, i64> {
    let counts =
        "select agent_id, count(*) from customer_records.ownerships where state = 'OWNED' group by agent_id";
    let counts: Vec<(String, i64)> = sqlx::query_as(counts).fetch_all(&desk.pool).await.unwrap();
    counts.into_iter().collect()
}

pub async fn get_once(person: &Person, name: &str) -> Result<CustomerHandover, Status> {
    person
        .handovers()
        .get_handover(GetHandoverRequest { name: name.to_owned() })
        .await
        .map(Response::into_inner)
}

/// Asks again while connections are being killed.
pub async fn again<T, F: Future<Output = Result<T, Status>>>(ask: impl Fn() -> F) -> T {
    for _ in 0..PATIENCE {
        if let Ok(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never answered");
}
