//! Whose a customer is (CU-4), and for how long (CU-5).

use jiff::SignedDuration;
use kexiang_core::Role;
use kexiang_proto::{
    customers_v1::{
        AssignLeadRequest, ListLeadsRequest, ListOwnershipEntriesRequest, ListOwnershipsRequest,
        OwnershipBasis as Basis, OwnershipEntryKind, OwnershipRule, OwnershipState as State,
        RecordReferralRequest, ReferralKind, ReleaseOwnershipRequest, SetOwnershipRuleRequest,
        SetOwnershipTermsRequest, TransferOwnershipRequest,
    },
    intake_v1::ContactFacts,
    type_v1::Channel as Way,
};
use kexiang_rpc::time;

use crate::{
    center::START,
    ownership_desk::{OwnershipDesk, wire},
};

const ALL: [&str; 8] = [
    "ownership.started",
    "ownership.renewed",
    "ownership.ending",
    "ownership.expired",
    "ownership.released",
    "ownership.transferred",
    "pool.claimed",
    "lead.received",
];

/// The end of 30 days from the beginning of the stories, 22 November in Shanghai.
const THIRTY_DAYS: &str = "2026-12-23T00:00:00+08:00";

#[tokio::test]
async fn the_first_receiver_owns_for_thirty_days() {
    let desk = OwnershipDesk::open().await;
    let (li, wang) = (desk.agent("li"), desk.agent("wang"));
    let customer = desk.customer("Chen").await;

    let contact = desk.receive(&customer, &li).await;
    desk.minutes(5);
    desk.receive(&customer, &wang).await;

    let ownership = li.ownership(&customer).await;
    assert_eq!((ownership.state(), ownership.basis()), (State::Owned, Basis::FirstReceiver));
    assert_eq!((ownership.agent.as_str(), ownership.site.as_str()), ("agents/li", "sites/main"));
    assert_eq!((ownership.lease_number, ownership.until_time), (1, wire(THIRTY_DAYS)));
    let facts = desk.facts(&ALL).await;
    assert_eq!(facts.len(), 1, "the second receiver changes nothing");
    let (event_type, told) = &facts[0];
    assert_eq!(event_type, "ownership.started");
    assert_eq!((told.customer.as_str(), told.agent.as_str()), (customer.as_str(), "agents/li"));
    assert_eq!((told.basis(), told.until_time), (Basis::FirstReceiver, wire(THIRTY_DAYS)));
    assert_eq!(told.contact, contact.contact);
}

#[tokio::test]
async fn days_are_counted_in_the_zone_of_the_site() {
    let desk = OwnershipDesk::open().await;
    let li = desk.agent("li");
    let customer = desk.customer("Chen").await;
    desk.open_site("America/New_York").await;

    desk.receive(&customer, &li).await;

    let until = li.ownership(&customer).await.until_time;
    assert_eq!(until, wire("2026-12-23T00:00:00-05:00"));
}

#[tokio::test]
async fn the_first_phone_answerer_owns_even_if_another_completes_the_contact() {
    let desk = OwnershipDesk::open().await;
    let (li, wang) = (desk.agent("li"), desk.agent("wang"));
    let customer = desk.customer("Chen").await;
    let contact = ContactFacts { channel: Way::Hotline.into(), ..desk.contact(&customer, &wang.name) };
    desk.answer(&contact, &wang, START + SignedDuration::from_secs(60)).await;
    desk.answer(&contact, &li, START + SignedDuration::from_secs(5)).await;

    desk.tell(&[contact]).await;

    let ownership = li.ownership(&customer).await;
    assert_eq!((ownership.agent.as_str(), ownership.basis()), ("agents/li", Basis::PhoneAnswerer));
}

#[tokio::test]
async fn ownership_is_announced_to_end_and_ends_once_whatever_the_number_of_replicas() {
    let desk = OwnershipDesk::with_replicas(2).await;
    let li = desk.agent("li");
    let mut contacts = Vec::new();
    for n in 0..50 {
        contacts.push(desk.contact(&desk.customer(&format!("Customer {n}")).await, "agents/li"));
    }
    desk.tell(&contacts).await;

    desk.days(28);
    desk.until_told("ownership.ending", 50).await;
    let before = desk.count("ownership.expired").await;
    desk.days(3);
    desk.until_told("ownership.expired", 50).await;
    desk.until_nothing_is_due().await;

    assert_eq!(before, 0, "28 days are not 30");
    assert_eq!((desk.count("ownership.ending").await, desk.count("ownership.expired").await), (50, 50));
    let (_, expired) = desk.facts(&["ownership.expired"]).await.pop().unwrap();
    assert_eq!((expired.agent.as_str(), expired.state()), ("agents/li", State::Pooled));
    let ownership = li.ownership(&contacts[0].customer).await;
    assert_eq!((ownership.state(), ownership.since_time), (State::Pooled, wire(THIRTY_DAYS)));
    assert_eq!(ownership.previous_agent, "agents/li");
}

#[tokio::test]
async fn after_the_end_the_next_contact_makes_the_customer_new_and_its_receiver_the_owner() {
    let desk = OwnershipDesk::open().await;
    let (li, wang) = (desk.agent("li"), desk.agent("wang"));
    let customer = desk.customer("Chen").await;
    desk.receive(&customer, &li).await;
    // Came on the last day, told after the end.
    desk.days(30);
    let late = desk.contact(&customer, &wang.name);
    desk.days(1);

    desk.tell(&[late]).await;
    let still = wang.ownership(&customer).await;
    desk.receive(&customer, &wang).await;

    assert_eq!(still.state(), State::Pooled, "the customer was owned when the contact came in");
    let ownership = wang.ownership(&customer).await;
    assert_eq!((ownership.agent.as_str(), ownership.lease_number), ("agents/wang", 2));
    let types: Vec<_> = desk.facts(&ALL).await.into_iter().map(|(event_type, _)| event_type).collect();
    assert_eq!(types, ["ownership.started", "ownership.ending", "ownership.expired", "ownership.started"]);
}

#[tokio::test]
async fn a_follow_up_of_the_owner_renews_from_its_day() {
    let desk = OwnershipDesk::open().await;
    let (li, wang) = (desk.agent("li"), desk.agent("wang"));
    let customer = desk.customer("Chen").await;
    desk.receive(&customer, &li).await;
    desk.days(10);

    let others = wang.follow_up(&customer).await.unwrap();
    let own = li.follow_up(&customer).await.unwrap();

    assert_eq!(others.ownership_until_time, None);
    assert_eq!(own.ownership_until_time, wire("2027-01-02T00:00:00+08:00"), "30 days from 2 December");
    let ownership = li.ownership(&customer).await;
    assert_eq!(ownership.until_time, own.ownership_until_time);
    desk.days(21);
    desk.until_nothing_is_due().await;
    assert_eq!(
        li.ownership(&customer).await.state(),
        State::Owned,
        "the old end is over, the new one is not"
    );
    let (_, told) = desk.facts(&["ownership.renewed"]).await.pop().unwrap();
    assert_eq!((told.follow_up, told.until_time), (own.name, own.ownership_until_time));
}

#[tokio::test]
async fn intakes_log_read_again_changes_nothing() {
    let desk = OwnershipDesk::open().await;
    let li = desk.agent("li");
    let customer = desk.customer("Chen").await;
    desk.receive(&customer, &li).await;
    let release = ReleaseOwnershipRequest {
        name: format!("{customer}/ownership"),
        reason: "moved away".into(),
        ..Default::default()
    };
    li.ownerships().release_ownership(release).await.unwrap();

    desk.read_again().await;

    assert_eq!(li.ownership(&customer).await.state(), State::Pooled);
    assert_eq!(desk.count("ownership.started").await, 1);
}

#[tokio::test]
async fn a_web_lead_waits_for_a_supervisor() {
    let desk = OwnershipDesk::open().await;
    let (li, boss) = (desk.agent("li"), desk.supervisor());
    let customer = desk.customer("Chen").await;
    desk.lead(&customer).await;
    let name = format!("{customer}/ownership");
    let leads = ListLeadsRequest { site: "sites/main".into(), ..Default::default() };
    let waiting = boss.ownerships().list_leads(leads).await.unwrap().into_inner().ownerships;

    let assign = AssignLeadRequest { name: name.clone(), agent: li.name.clone(), ..Default::default() };
    let by_agent = li.ownerships().assign_lead(assign.clone()).await.unwrap_err();
    let claimed = li.claim(&customer).await.unwrap_err();
    let ownership = boss.ownerships().assign_lead(assign).await.unwrap().into_inner();

    assert_eq!(waiting.len(), 1);
    assert_eq!((&waiting[0].name, waiting[0].state()), (&name, State::Lead));
    assert_eq!(by_agent.code(), tonic::Code::PermissionDenied);
    assert_eq!(claimed.code(), tonic::Code::FailedPrecondition);
    assert_eq!((ownership.agent.as_str(), ownership.basis()), ("agents/li", Basis::AssignedLead));
    let types: Vec<_> = desk.facts(&ALL).await.into_iter().map(|(event_type, _)| event_type).collect();
    assert_eq!(types, ["lead.received", "ownership.started"]);
}

#[tokio::test]
async fn a_referral_goes_to_the_referrers_agent_unless_another_is_named() {
    let desk = OwnershipDesk::open().await;
    let (li, wang) = (desk.agent("li"), desk.agent("wang"));
    let referrer = desk.customer("Old friend").await;
    desk.receive(&referrer, &li).await;
    let refer = |customer: &str, kind: ReferralKind, named: &str| RecordReferralRequest {
        name: format!("{customer}/ownership"),
        kind: kind.into(),
        referrer: referrer.clone(),
        named_agent: named.to_owned(),
        ..Default::default()
    };
    let mut customers = Vec::new();
    for name in ["referred", "naming", "relative"] {
        let customer = desk.customer(name).await;
        desk.receive(&customer, &wang).await;
        customers.push(customer);
    }

    let mut client = wang.ownerships();
    let referred = client.record_referral(refer(&customers[0], ReferralKind::Referral, "")).await;
    let naming = client.record_referral(refer(&customers[1], ReferralKind::Referral, "agents/zhao")).await;
    let relative = client.record_referral(refer(&customers[2], ReferralKind::FriendOrRelative, "")).await;

    let of = |answer: Result<tonic::Response<kexiang_proto::customers_v1::Ownership>, _>| {
        let ownership = answer.unwrap().into_inner();
        (ownership.agent.clone(), ownership.basis())
    };
    assert_eq!(of(referred), ("agents/li".to_owned(), Basis::Referral));
    assert_eq!(of(naming), ("agents/zhao".to_owned(), Basis::Named));
    assert_eq!(of(relative), ("agents/wang".to_owned(), Basis::FriendOrRelative));
    let again = client.record_referral(refer(&customers[2], ReferralKind::Referral, "agents/zhao")).await;
    assert_eq!(again.unwrap_err().code(), tonic::Code::FailedPrecondition, "it is settled");
}

#[tokio::test]
async fn transfer_and_history() {
    let desk = OwnershipDesk::open().await;
    let (li, boss) = (desk.agent("li"), desk.supervisor());
    let customer = desk.customer("Chen").await;
    desk.receive(&customer, &li).await;
    desk.days(5);
    let transfer = TransferOwnershipRequest {
        name: format!("{customer}/ownership"),
        agent: "agents/wang".into(),
        reason: "li leaves".into(),
        request_id: "6f2b1a34-9c51-4f0e-8a77-0f8f3f0f9a01".into(),
        ..Default::default()
    };

    let first = boss.ownerships().transfer_ownership(transfer.clone()).await.unwrap().into_inner();
    let repeated = boss.ownerships().transfer_ownership(transfer).await.unwrap().into_inner();

    assert_eq!(first, repeated);
    assert_eq!(first.until_time, wire("2026-12-28T00:00:00+08:00"), "a new period begins");
    let list = ListOwnershipEntriesRequest { parent: first.name.clone(), page_size: 1, ..Default::default() };
    let page = li.ownerships().list_ownership_entries(list.clone()).await.unwrap().into_inner();
    let entry = &page.entries[0];
    assert_eq!((entry.kind(), entry.reason.as_str()), (OwnershipEntryKind::Transferred, "li leaves"));
    assert_eq!((entry.previous_agent.as_str(), entry.agent.as_str()), ("agents/li", "agents/wang"));
    assert_eq!(entry.actor, "agents/the.boss");
    let rest = ListOwnershipEntriesRequest { page_token: page.next_page_token, ..list };
    let rest = li.ownerships().list_ownership_entries(rest).await.unwrap().into_inner();
    assert_eq!(rest.entries[0].kind(), OwnershipEntryKind::Started);
    assert!(rest.next_page_token.is_empty());
    for change in [
        "update customer_records.ownership_entries set agent_id = 'zhao'",
        "delete from customer_records.ownership_entries",
        "truncate customer_records.ownership_entries",
    ] {
        assert!(
            sqlx::query(change).execute(&desk.pool).await.is_err(),
            "history is never rewritten: {change}"
        );
    }
    let erase = "update customer_records.ownership_entries set reason = null";
    sqlx::query(erase).execute(&desk.pool).await.unwrap();
}

#[tokio::test]
async fn terms_differ_by_tier_and_an_agreement_protects() {
    let desk = OwnershipDesk::open().await;
    let (li, boss, root) = (desk.agent("li"), desk.supervisor(), desk.administrator());
    let rule = OwnershipRule { tier: "VIP".into(), lease_days: 60, warning_days: 5, ..Default::default() };
    let rule = SetOwnershipRuleRequest { rule: Some(rule), ..Default::default() };
    root.ownerships().set_ownership_rule(rule).await.unwrap();
    let customer = desk.customer("Chen").await;
    let terms = |tier: &str, until: &str| SetOwnershipTermsRequest {
        name: format!("{customer}/ownership"),
        tier: tier.into(),
        protected_until_time: if until.is_empty() { None } else { wire(until) },
        ..Default::default()
    };
    boss.ownerships().set_ownership_terms(terms("VIP", "")).await.unwrap();

    desk.receive(&customer, &li).await;
    let vip = li.ownership(&customer).await;
    let protected = boss.ownerships().set_ownership_terms(terms("VIP", "2027-06-30T00:00:00+08:00")).await;

    assert_eq!(vip.until_time, wire("2027-01-22T00:00:00+08:00"), "60 days");
    assert_eq!(vip.warn_time, wire("2027-01-17T00:00:00+08:00"));
    assert_eq!(protected.unwrap().into_inner().until_time, wire("2027-06-30T00:00:00+08:00"));
    desk.days(90);
    desk.until_nothing_is_due().await;
    assert_eq!(li.ownership(&customer).await.state(), State::Owned);
}

#[tokio::test]
async fn what_an_agent_owns_is_listed_by_its_end_page_by_page() {
    let desk = OwnershipDesk::open().await;
    let li = desk.agent("li");
    let mut customers = Vec::new();
    for n in 0..5 {
        let customer = desk.customer(&format!("Customer {n}")).await;
        desk.receive(&customer, &li).await;
        customers.push(format!("{customer}/ownership"));
        desk.days(1);
    }

    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListOwnershipsRequest {
            agent: li.name.clone(),
            page_size: 2,
            page_token,
            until_before_time: Some(time::to_wire(START + SignedDuration::from_hours(24 * 34))),
        };
        let page = li.ownerships().list_ownerships(request).await.unwrap().into_inner();
        names.extend(page.ownerships.into_iter().map(|ownership| ownership.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }

    assert_eq!(names, customers[..4]);
    let nobody = desk.person("dispatch", &[Role::Service]);
    let request = ListOwnershipsRequest { agent: "agents/nobody".into(), ..Default::default() };
    assert!(nobody.ownerships().list_ownerships(request).await.unwrap().into_inner().ownerships.is_empty());
}
