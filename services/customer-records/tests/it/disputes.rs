//! Disputes whose a customer is, settled by the public register (CU-6).

use futures::future::join;
use kexiang_proto::{
    customers_v1::{
        ConfirmRulingRequest, GetDisputeRequest, ListDisputesRequest, ListOwnershipEntriesRequest,
        OpenDisputeRequest, OwnershipBasis, OwnershipDispute, OwnershipDisputeFacts,
        OwnershipDisputeState as State, WithdrawDisputeRequest,
        ruling_entry::{Effect, Kind},
    },
    intake_v1::ContactFacts,
};
use tonic::{Code, Response, Status};

use crate::{
    ownership_desk::{OwnershipDesk, Person, wire},
    wire::{refused, violations},
};

fn claim(customer: &str, claimant: &str) -> OpenDisputeRequest {
    let dispute = OwnershipDispute {
        customer: customer.to_owned(),
        claimant: claimant.to_owned(),
        grounds: "came to me first".to_owned(),
        ..OwnershipDispute::default()
    };
    OpenDisputeRequest { dispute: Some(dispute), ..Default::default() }
}

async fn open(person: &Person, customer: &str) -> Result<OwnershipDispute, Status> {
    person.ownerships().open_dispute(claim(customer, "")).await.map(Response::into_inner)
}

async fn get(person: &Person, name: &str) -> OwnershipDispute {
    let request = GetDisputeRequest { name: name.to_owned() };
    person.ownerships().get_dispute(request).await.unwrap().into_inner()
}

async fn confirm(
    person: &Person,
    dispute: &OwnershipDispute,
    owner: &str,
) -> Result<OwnershipDispute, Status> {
    let request = ConfirmRulingRequest {
        name: dispute.name.clone(),
        owner: owner.to_owned(),
        etag: dispute.etag.clone(),
        ..Default::default()
    };
    person.ownerships().confirm_ruling(request).await.map(Response::into_inner)
}

async fn withdraw(person: &Person, dispute: &OwnershipDispute) -> Result<OwnershipDispute, Status> {
    let request = WithdrawDisputeRequest { name: dispute.name.clone(), ..Default::default() };
    person.ownerships().withdraw_dispute(request).await.map(Response::into_inner)
}

/// Li received the customer first; what Wang received became known earlier.
async fn told_in_the_wrong_order(desk: &OwnershipDesk, customer: &str) -> (ContactFacts, ContactFacts) {
    let first = desk.contact(customer, "agents/li");
    desk.minutes(5);
    let second = desk.contact(customer, "agents/wang");
    desk.tell(std::slice::from_ref(&second)).await;
    desk.tell(std::slice::from_ref(&first)).await;
    (first, second)
}

#[tokio::test]
async fn the_ruling_lists_the_entries_it_rests_on_and_the_customer_goes_where_it_says() {
    let desk = OwnershipDesk::open().await;
    let (li, boss) = (desk.agent("li"), desk.supervisor());
    let customer = desk.customer("Chen").await;
    let (first, _) = told_in_the_wrong_order(&desk, &customer).await;
    let before = li.ownership(&customer).await;

    let dispute = open(&li, &customer).await.unwrap();
    let ruled = confirm(&boss, &dispute, "agents/li").await.unwrap();

    assert_eq!(before.agent, "agents/wang");
    assert_eq!((dispute.claimant.as_str(), dispute.respondent.as_str()), ("agents/li", "agents/wang"));
    let ruling = ruled.ruling.clone().unwrap();
    assert_eq!((ruled.state(), ruled.ended_by.as_str()), (State::Ruled, "agents/the.boss"));
    assert_eq!((ruling.owner.as_str(), ruling.entries.len()), ("agents/li", 1));
    let entry = &ruling.entries[0];
    assert_eq!((entry.kind(), entry.effect(), entry.register_number), (Kind::Contact, Effect::Begins, 1));
    assert_eq!(
        (entry.entry.as_str(), entry.until_time),
        (first.contact.as_str(), wire("2026-12-23T00:00:00+08:00"))
    );
    let ownership = li.ownership(&customer).await;
    assert_eq!((ownership.agent.as_str(), ownership.basis()), ("agents/li", OwnershipBasis::Ruling));
    assert_eq!(get(&li, &dispute.name).await, ruled, "kept as it was confirmed");
    let list = ListOwnershipEntriesRequest { parent: ownership.name, ..Default::default() };
    let history = li.ownerships().list_ownership_entries(list).await.unwrap().into_inner().entries;
    assert_eq!(history[0].dispute, dispute.name);
    assert_eq!((history.len(), history[1].agent.as_str()), (2, "agents/wang"), "nothing is rewritten");
    let told = desk.told(&["dispute.opened", "dispute.ruled"]).await;
    let facts: Vec<OwnershipDisputeFacts> =
        told.into_iter().map(|event| event.data.unwrap().to_msg().unwrap()).collect();
    assert_eq!((facts[0].owner.as_str(), facts[1].owner.as_str()), ("", "agents/li"));
}

#[tokio::test]
async fn follow_ups_renew_in_the_ruling_and_who_owns_rightly_keeps_the_period() {
    let desk = OwnershipDesk::open().await;
    let (li, wang, boss) = (desk.agent("li"), desk.agent("wang"), desk.supervisor());
    let customer = desk.customer("Chen").await;
    desk.receive(&customer, &li).await;
    desk.days(10);
    let follow_up = li.follow_up(&customer).await.unwrap();
    let before = li.ownership(&customer).await;

    let dispute = open(&wang, &customer).await.unwrap();
    let otherwise = confirm(&boss, &dispute, "agents/wang").await.unwrap_err();
    let nobody = confirm(&boss, &dispute, "").await.unwrap_err();
    let ruled = confirm(&boss, &dispute, "agents/li").await.unwrap();

    assert_eq!(refused(&otherwise), (Code::FailedPrecondition, "RULING_CHANGED".to_owned()));
    assert_eq!(refused(&nobody), (Code::FailedPrecondition, "RULING_CHANGED".to_owned()));
    let entries = ruled.ruling.unwrap().entries;
    let effects: Vec<_> = entries.iter().map(|entry| (entry.kind(), entry.effect())).collect();
    assert_eq!(effects, [(Kind::Contact, Effect::Begins), (Kind::FollowUp, Effect::Renews)]);
    assert_eq!((&entries[1].entry, entries[1].until_time), (&follow_up.name, follow_up.ownership_until_time));
    assert_eq!(li.ownership(&customer).await, before, "nothing changes");
}

#[tokio::test]
async fn a_dispute_about_what_is_over_is_ruled_to_nobody() {
    let desk = OwnershipDesk::open().await;
    let (li, boss) = (desk.agent("li"), desk.supervisor());
    let customer = desk.customer("Chen").await;
    desk.receive(&customer, &li).await;
    desk.days(31);
    desk.until_told("ownership.expired", 1).await;

    let dispute = open(&li, &customer).await.unwrap();
    let ruled = confirm(&boss, &dispute, "").await.unwrap();

    assert_eq!(dispute.respondent, "");
    let ruling = ruled.ruling.unwrap();
    assert_eq!((ruling.owner.as_str(), ruling.until_time, ruling.entries.len()), ("", None, 0));
    assert_eq!(li.ownership(&customer).await.agent, "");
}

#[tokio::test]
async fn who_may_open_rule_and_withdraw() {
    let desk = OwnershipDesk::open().await;
    let (li, wang, boss) = (desk.agent("li"), desk.agent("wang"), desk.supervisor());
    let customer = desk.customer("Chen").await;
    desk.receive(&customer, &li).await;

    let own = open(&li, &customer).await.unwrap_err();
    let for_another = wang.ownerships().open_dispute(claim(&customer, "agents/zhao")).await.unwrap_err();
    let dispute = open(&boss, &customer).await.unwrap();
    let second = open(&wang, &customer).await.unwrap_err();
    let by_agent = confirm(&wang, &dispute, "agents/li").await.unwrap_err();
    let by_party = confirm(&boss, &dispute, "agents/li").await.unwrap_err();
    let by_another = withdraw(&wang, &dispute).await.unwrap_err();
    let stale = OwnershipDispute { etag: "7".to_owned(), ..dispute.clone() };
    let other = desk.person("second.boss", &[kexiang_core::Role::Supervisor]);
    let stale = confirm(&other, &stale, "agents/li").await.unwrap_err();
    let withdrawn = withdraw(&boss, &dispute).await.unwrap();
    let twice = withdraw(&boss, &dispute).await.unwrap_err();
    open(&wang, &customer).await.unwrap();

    assert_eq!(refused(&own), (Code::FailedPrecondition, "SAME_OWNER".to_owned()));
    assert_eq!(refused(&for_another), (Code::PermissionDenied, "NOT_THE_CLAIMANT".to_owned()));
    assert_eq!(refused(&second), (Code::AlreadyExists, "ALREADY_EXISTS".to_owned()));
    assert_eq!(refused(&by_agent), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".to_owned()));
    assert_eq!(refused(&by_party), (Code::PermissionDenied, "PARTY_TO_DISPUTE".to_owned()));
    assert_eq!(refused(&by_another), (Code::PermissionDenied, "NOT_THE_CLAIMANT".to_owned()));
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!((withdrawn.state(), withdrawn.ruling), (State::Withdrawn, None));
    assert_eq!(refused(&twice), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    let open =
        ListDisputesRequest { customer: customer.clone(), state: State::Open.into(), ..Default::default() };
    let open = li.ownerships().list_disputes(open).await.unwrap().into_inner().disputes;
    let all = ListDisputesRequest { customer, page_size: 1, ..Default::default() };
    let page = li.ownerships().list_disputes(all).await.unwrap().into_inner();
    assert_eq!((open.len(), open[0].claimant.as_str()), (1, "agents/wang"));
    assert!(!page.next_page_token.is_empty());
}

#[tokio::test]
async fn all_that_is_wrong_with_a_dispute_is_named_at_once() {
    let desk = OwnershipDesk::open().await;
    let li = desk.agent("li");

    let dispute = OwnershipDispute { customer: "x".into(), claimant: "li".into(), ..Default::default() };
    let request = OpenDisputeRequest { dispute: Some(dispute), request_id: "1".into() };
    let wrong = li.ownerships().open_dispute(request).await.unwrap_err();
    let empty = li.ownerships().open_dispute(OpenDisputeRequest::default()).await.unwrap_err();

    assert_eq!(violations(&wrong), ["request_id", "dispute.customer", "dispute.claimant", "dispute.grounds"]);
    assert_eq!(violations(&empty), ["dispute"]);
}

#[tokio::test]
async fn of_two_supervisors_who_confirm_at_once_one_does() {
    let desk = OwnershipDesk::with_replicas(2).await;
    let li = desk.agent("li");
    let customer = desk.customer("Chen").await;
    told_in_the_wrong_order(&desk, &customer).await;
    let dispute = open(&li, &customer).await.unwrap();
    let (one, two) = (desk.supervisor(), desk.person("boss2", &[kexiang_core::Role::Supervisor]));

    let (first, second) =
        join(confirm(&one, &dispute, "agents/li"), confirm(&two, &dispute, "agents/li")).await;

    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let reason = refused(&first.err().or(second.err()).unwrap()).1;
    assert!(["ETAG_MISMATCH", "STATE_NOT_ALLOWED"].contains(&reason.as_str()), "{reason}");
    assert_eq!((desk.count("dispute.ruled").await, desk.count("ownership.transferred").await), (1, 1));
    for change in
        ["delete from customer_records.ownership_disputes", "delete from customer_records.ruling_entries"]
    {
        assert!(sqlx::query(change).execute(&desk.pool).await.is_err(), "never rewritten: {change}");
    }
}
