//! What happened with a customer (CU-16).

use jiff::SignedDuration;
use kexiang_core::{CaseId, ContactId, CustomerId, Timestamp};
use kexiang_proto::{
    customers_v1::{ListTimelineEntriesRequest, contact_point::Kind},
    intake_v1::{CaseFacts, Contact},
};
use kexiang_rpc::refusal;
use tonic::Code;

use crate::{
    center::{Center, START},
    wire::{caller, case, contact, violations},
};

fn minute(n: i64) -> Timestamp {
    START + SignedDuration::from_mins(n)
}

/// Li Na opens a case at minute 0.
fn opens_a_case(center: &Center) -> (String, ContactId) {
    let case_name = CaseId::at(START).name();
    let opening = Contact { case: case_name.clone(), ..contact(caller("Li Na", "+8613800138000"), START) };
    let opener = center.intake.register(vec![opening])[0];
    center.intake.tell_case("case.accepted", START, &case(&case_name, opener, START));
    (case_name, opener)
}

#[tokio::test]
async fn events_of_case_and_work_order_come_newest_first() {
    let center = Center::open().await;
    let (case_name, opener) = opens_a_case(&center);
    center.intake.tell_case("case.resolved", minute(9), &case(&case_name, opener, START));
    center.dispatch.tell_work_order("work_order.created", minute(1), &case_name);
    center.dispatch.tell_work_order("work_order.completed", minute(8), &case_name);
    center.settle().await;

    let entries = center.timeline_of("13800138000").await;

    let types: Vec<_> = entries.iter().map(|entry| entry.r#type.as_str()).collect();
    let newest_first = [
        "case.resolved",
        "work_order.completed",
        "work_order.created",
        "case.accepted",
        "contact.registered",
    ];
    assert_eq!(types, newest_first);
    assert!(entries.iter().all(|entry| entry.case == case_name && entry.site == "sites/main"));
    assert_eq!(entries[0].actor, "agents/wang.fang");
    assert_eq!(entries[4].subject, opener.name());
}

#[tokio::test]
async fn what_dispatch_tells_before_the_customer_is_known_is_there_afterwards() {
    let center = Center::open().await;
    let case_name = CaseId::at(START).name();
    center.dispatch.tell_work_order("work_order.created", minute(1), &case_name);
    center.settle().await;

    let opening = Contact { case: case_name.clone(), ..contact(caller("Li Na", "+8613800138000"), START) };
    // The case is told before its contact.
    let opener = ContactId::at(START);
    center.intake.tell_case("case.accepted", START, &case(&case_name, opener, START));
    center.settle().await;
    center.intake.register_as(opener, opening);
    center.settle().await;

    let types: Vec<_> =
        center.timeline_of("13800138000").await.into_iter().map(|entry| entry.r#type).collect();
    assert_eq!(types, ["work_order.created", "contact.registered", "case.accepted"]);
}

#[tokio::test]
async fn a_case_whose_customer_changes_takes_its_history_along() {
    let center = Center::open().await;
    let wang = center.create("Wang", &[(Kind::Phone, "13900139000")]).await;
    let (case_name, opener) = opens_a_case(&center);
    center.dispatch.tell_work_order("work_order.created", minute(1), &case_name);
    center.settle().await;

    let corrected = CaseFacts { customer: wang.name.clone(), ..case(&case_name, opener, START) };
    center.intake.tell_case("case.identified", minute(2), &corrected);
    center.settle().await;

    let types = |entries: Vec<kexiang_proto::customers_v1::TimelineEntry>| {
        entries.into_iter().map(|entry| entry.r#type).collect::<Vec<_>>()
    };
    let of_wang = types(center.timeline_of("13900139000").await);
    assert_eq!(of_wang, ["case.identified", "work_order.created", "case.accepted"]);
    let of_li_na = types(center.timeline_of("13800138000").await);
    assert_eq!(of_li_na, ["contact.registered"], "it was she who called");
}

#[tokio::test]
async fn events_of_one_moment_keep_the_order_in_which_they_were_told_and_pages_join() {
    let center = Center::open().await;
    let (case_name, opener) = opens_a_case(&center);
    let told = ["case.dispatched", "case.resolved", "case.informed", "case.visited", "case.closed"];
    for event_type in told {
        center.intake.tell_case(event_type, minute(1), &case(&case_name, opener, START));
    }
    center.settle().await;
    let parent = center.customer_of_phone("13800138000").await.name;

    let (mut types, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListTimelineEntriesRequest { parent: parent.clone(), page_size: 2, page_token };
        let page = center.client().list_timeline_entries(request).await.unwrap().into_inner();
        types.extend(page.timeline_entries.into_iter().map(|entry| entry.r#type));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }

    types.reverse();
    assert_eq!(types[2..], told);
    assert_eq!(types[..2], ["contact.registered", "case.accepted"]);
}

#[tokio::test]
async fn the_timeline_of_nobody_and_a_strange_token_are_refused() {
    let center = Center::open().await;
    let list = |parent: String, page_token: &str| ListTimelineEntriesRequest {
        parent,
        page_size: -1,
        page_token: page_token.to_owned(),
    };
    let nobody = CustomerId::at(START).name();

    let missing = center
        .client()
        .list_timeline_entries(ListTimelineEntriesRequest { parent: nobody, ..Default::default() })
        .await
        .unwrap_err();
    let strange =
        center.client().list_timeline_entries(list("customers/li-na".into(), "???")).await.unwrap_err();

    assert_eq!((missing.code(), refusal::reason(&missing).as_str()), (Code::NotFound, "NOT_FOUND"));
    assert_eq!(violations(&strange), ["parent", "page_size", "page_token"]);
}
