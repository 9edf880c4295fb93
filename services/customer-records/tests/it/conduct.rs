//! What is found wrong with follow-up records (CU-7, DI-20): once, after its time is over.

use jiff::SignedDuration;
use kexiang_proto::customers_v1::{
    ConductFacts, ConductFinding, ConductRule, ListConductFindingsRequest, ReleaseOwnershipRequest,
};
use tonic::Code;

use crate::ownership_desk::{OwnershipDesk, Person, wire};

async fn findings(desk: &OwnershipDesk, of: &Person, rule: ConductRule) -> Vec<ConductFinding> {
    let request = ListConductFindingsRequest { agent: of.name.clone(), ..Default::default() };
    let mut client = desk.supervisor().follow_ups();
    let found = client.list_conduct_findings(request).await.unwrap().into_inner().findings;
    found.into_iter().filter(|finding| finding.rule() == rule).collect()
}

#[tokio::test]
async fn who_received_customers_and_wrote_nothing_that_day_is_found_once() {
    let desk = OwnershipDesk::with_replicas(2).await;
    let (li, wang) = (desk.agent("li"), desk.agent("wang"));
    let (one, two, three) = (desk.customer("A").await, desk.customer("B").await, desk.customer("C").await);
    desk.receive(&one, &li).await;
    desk.receive(&two, &li).await;
    desk.receive(&three, &wang).await;
    wang.follow_up(&three).await.unwrap();
    let too_early = findings(&desk, &li, ConductRule::NothingWritten).await;

    desk.hand.advance(SignedDuration::from_hours(9));
    desk.until_told("conduct.nothing_written", 1).await;
    desk.until_nothing_is_due().await;

    assert!(too_early.is_empty(), "the day is not over");
    let found = findings(&desk, &li, ConductRule::NothingWritten).await;
    assert_eq!(found.len(), 1, "one for the day, whatever the number of customers and replicas");
    assert_eq!((found[0].wanted, found[0].written, found[0].site.as_str()), (1, 0, "sites/main"));
    assert_eq!(found[0].start_time, wire("2026-11-22T00:00:00+08:00"));
    assert_eq!(found[0].end_time, wire("2026-11-23T00:00:00+08:00"));
    assert!(findings(&desk, &wang, ConductRule::NothingWritten).await.is_empty());
    assert_eq!(desk.count("conduct.nothing_written").await, 1);
    let told = desk.told(&["conduct.nothing_written"]).await;
    let facts: ConductFacts = told[0].data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!(facts.finding.as_ref(), Some(&found[0]));
}

#[tokio::test]
async fn a_new_customer_with_too_few_follow_ups_is_found_and_one_given_back_is_not() {
    let desk = OwnershipDesk::with_replicas(2).await;
    let (li, wang, zhou) = (desk.agent("li"), desk.agent("wang"), desk.agent("zhou"));
    let (one, two, three) = (desk.customer("A").await, desk.customer("B").await, desk.customer("C").await);
    for (customer, agent) in [(&one, &li), (&two, &wang), (&three, &zhou)] {
        desk.receive(customer, agent).await;
    }
    desk.days(2);
    li.follow_up(&one).await.unwrap();
    wang.follow_up(&two).await.unwrap();
    wang.follow_up(&two).await.unwrap();
    let release = ReleaseOwnershipRequest {
        name: format!("{three}/ownership"),
        reason: "moved away".into(),
        ..Default::default()
    };
    zhou.ownerships().release_ownership(release).await.unwrap();

    desk.days(29);
    desk.until_told("conduct.follow_ups_missed", 1).await;
    desk.until_nothing_is_due().await;

    let found = findings(&desk, &li, ConductRule::TooFewFollowUps).await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].customer.as_str(), found[0].wanted, found[0].written), (one.as_str(), 2, 1));
    assert!(findings(&desk, &wang, ConductRule::TooFewFollowUps).await.is_empty(), "two are enough");
    assert!(findings(&desk, &zhou, ConductRule::TooFewFollowUps).await.is_empty(), "was given back");
    assert_eq!(desk.count("conduct.follow_ups_missed").await, 1);
}

#[tokio::test]
async fn findings_are_for_who_leads() {
    let desk = OwnershipDesk::open().await;

    let request = ListConductFindingsRequest::default();
    let by_agent = desk.agent("li").follow_ups().list_conduct_findings(request).await.unwrap_err();

    assert_eq!(by_agent.code(), Code::PermissionDenied);
}
