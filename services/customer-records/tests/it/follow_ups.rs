//! Follow-up records: one record for the personal and the public register (CU-7).

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use kexiang_core::{ContactId, FollowUpId, Role};
use kexiang_proto::customers_v1::{
    FollowUp, FollowUpFacts, FollowUpWay, GetFollowUpRequest, ListFollowUpsRequest, RecordFollowUpRequest,
};
use tonic::Code;

use crate::{
    center::START,
    ownership_desk::{OwnershipDesk, Person, wire},
    wire::{refused, violations},
};

fn called(customer: &str, content: &str) -> FollowUp {
    FollowUp {
        customer: customer.to_owned(),
        site: "sites/main".to_owned(),
        way: FollowUpWay::Phone.into(),
        content: content.to_owned(),
        ..FollowUp::default()
    }
}

/// A register, page by page.
async fn register(person: &Person, filter: ListFollowUpsRequest) -> Vec<FollowUp> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListFollowUpsRequest { page_size: 7, page_token, ..filter.clone() };
        let page = person.follow_ups().list_follow_ups(request).await.unwrap().into_inner();
        all.extend(page.follow_ups);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

#[tokio::test]
async fn personal_and_public_registers_agree_in_content_order_and_number() {
    let desk = OwnershipDesk::with_replicas(2).await;
    let agents: Vec<_> = ["li", "wang", "zhou", "chen"].map(|name| desk.agent(name)).into();
    let customer = desk.customer("Chen").await;
    let writes = (0..40_usize).map(|n| (agents[n % 4].clone(), called(&customer, &format!("call {n}"))));

    let written: Vec<_> = stream::iter(writes)
        .map(|(agent, new)| async move { agent.record(new).await.unwrap() })
        .buffer_unordered(8)
        .collect()
        .await;

    let public =
        register(&agents[0], ListFollowUpsRequest { site: "sites/main".into(), ..Default::default() }).await;
    let numbers: Vec<_> = public.iter().map(|follow_up| follow_up.follow_up_number).collect();
    assert_eq!(numbers, (1..=40).rev().collect::<Vec<_>>(), "without gaps, newest first");
    for agent in &agents {
        let personal = ListFollowUpsRequest { agent: agent.name.clone(), ..Default::default() };
        let personal = register(agent, personal).await;
        let of_agent: Vec<_> =
            public.iter().filter(|follow_up| follow_up.agent == agent.name).cloned().collect();
        assert_eq!((personal.len(), &personal), (10, &of_agent), "the same records in the same order");
    }
    let by_name: BTreeMap<_, _> =
        public.into_iter().map(|follow_up| (follow_up.name.clone(), follow_up)).collect();
    assert!(written.iter().all(|follow_up| by_name.get(&follow_up.name) == Some(follow_up)), "as answered");
}

#[tokio::test]
async fn a_follow_up_carries_contact_and_next_step_and_tells_no_words() {
    let desk = OwnershipDesk::open().await;
    let li = desk.agent("li");
    let customer = desk.customer("Chen").await;
    let contact = desk.receive(&customer, &li).await;
    let new = FollowUp {
        site: String::new(),
        contact: contact.contact.clone(),
        next_step: "send the plan".into(),
        next_step_time: wire("2026-11-30T09:00:00+08:00"),
        ..called(&customer, "wants two rooms")
    };
    let request = RecordFollowUpRequest {
        follow_up: Some(new),
        request_id: "6f2b1a34-9c51-4f0e-8a77-0f8f3f0f9a02".into(),
    };

    let first = li.follow_ups().record_follow_up(request.clone()).await.unwrap().into_inner();
    let again = li.follow_ups().record_follow_up(request).await.unwrap().into_inner();

    assert_eq!(first, again, "asked twice, written once");
    assert_eq!((first.site.as_str(), first.contact_register_number), ("sites/main", 1));
    let get = GetFollowUpRequest { name: first.name.clone() };
    assert_eq!(li.follow_ups().get_follow_up(get).await.unwrap().into_inner(), first);
    let told = desk.told(&["follow_up.recorded"]).await;
    let facts: FollowUpFacts = told[0].data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!((told.len(), &facts.follow_up, facts.next_step_time), (1, &first.name, first.next_step_time));
    let words = "select count(*) from customer_records.event_log
                 where data::text like '%two rooms%' or data::text like '%the plan%'";
    let words: i64 = sqlx::query_scalar(words).fetch_one(&desk.pool).await.unwrap();
    assert_eq!(words, 0);
    for change in [
        "update customer_records.follow_ups set content = 'never called'",
        "update customer_records.follow_ups set follow_up_number = 9",
        "delete from customer_records.follow_ups",
        "truncate customer_records.follow_ups",
    ] {
        assert!(sqlx::query(change).execute(&desk.pool).await.is_err(), "never rewritten: {change}");
    }
}

#[tokio::test]
async fn all_that_is_wrong_with_a_follow_up_is_named_at_once() {
    let desk = OwnershipDesk::open().await;
    let (li, machine) = (desk.agent("li"), desk.person("import", &[Role::Service]));
    let (customer, other) = (desk.customer("Chen").await, desk.customer("Zhou").await);
    let contact = desk.receive(&other, &li).await;

    let wrong = FollowUp {
        customer: "chen".into(),
        site: "main".into(),
        way: 99,
        next_step: "x".repeat(1_001),
        follow_up_time: wire("2026-12-22T00:00:00Z"),
        contact: "contacts/1".into(),
        ..FollowUp::default()
    };
    let wrong = li.record(wrong).await.unwrap_err();
    let early = FollowUp { next_step_time: wire("2026-11-01T00:00:00Z"), ..called(&customer, "x") };
    let early = li.record(early).await.unwrap_err();
    let strange = li.record(FollowUp { contact: contact.contact.clone(), ..called(&customer, "x") }).await;
    let elsewhere = FollowUp { contact: contact.contact, site: "sites/east".into(), ..called(&other, "x") };
    let elsewhere = li.record(elsewhere).await.unwrap_err();
    let unknown = FollowUp { contact: ContactId::at(START).name(), ..called(&customer, "x") };
    let unknown = li.record(unknown).await.unwrap_err();
    let nowhere = li.record(FollowUp { site: String::new(), ..called(&customer, "x") }).await.unwrap_err();
    let nobody = machine.record(called(&customer, "x")).await.unwrap_err();
    let list = li.follow_ups().list_follow_ups(ListFollowUpsRequest::default()).await.unwrap_err();
    let missing = GetFollowUpRequest { name: FollowUpId::at(START).name() };
    let missing = li.follow_ups().get_follow_up(missing).await.unwrap_err();

    let mut named = violations(&wrong);
    named.sort();
    let fields = ["contact", "content", "customer", "follow_up_time", "next_step", "site", "way"];
    assert_eq!(named, fields.map(|field| format!("follow_up.{field}")));
    assert_eq!(violations(&early), ["follow_up.next_step_time"]);
    assert_eq!(violations(&strange.unwrap_err()), ["follow_up.contact"]);
    assert_eq!(violations(&elsewhere), ["follow_up.site"]);
    assert_eq!(violations(&unknown), ["follow_up.contact"]);
    assert_eq!(violations(&nowhere), ["follow_up.site"]);
    assert_eq!(refused(&nobody), (Code::FailedPrecondition, "NOT_AN_AGENT".to_owned()));
    assert_eq!(list.code(), Code::InvalidArgument);
    assert_eq!(missing.code(), Code::NotFound);
    let left: i64 = sqlx::query_scalar("select count(*) from customer_records.follow_up_registers")
        .fetch_one(&desk.pool)
        .await
        .unwrap();
    assert_eq!(left, 0, "what was refused took no number");
}
