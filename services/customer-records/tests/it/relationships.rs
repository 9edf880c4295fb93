//! Relationships, rulings, and who is one customer (CU-3).

use kexiang_core::{CustomerId, RelationshipId};
use kexiang_proto::customers_v1::{
    AddRelationshipRequest, EndRelationshipRequest, GetSameCustomerRequest, ListRelationshipsRequest,
    ListSameCustomerRulingsRequest, MakeSameCustomerRulingRequest, Relationship, RelationshipFacts,
    RelationshipKind::{self, Child, Friend, OtherRelative, Shareholder, Spouse},
    SameCustomerDecision::{self, Join, KeepApart},
    SameCustomerRuling, WithdrawSameCustomerRulingRequest,
};
use tonic::{Code, Status};

use crate::{
    center::{Center, START},
    wire::{refused, violations},
};

const REQUEST_ID: &str = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

fn relationship(one: &str, kind: RelationshipKind, other: &str) -> AddRelationshipRequest {
    let relationship = Relationship {
        customer: one.into(),
        kind: kind.into(),
        related_customer: other.into(),
        ..Default::default()
    };
    AddRelationshipRequest { relationship: Some(relationship), request_id: String::new() }
}

async fn add(center: &Center, one: &str, kind: RelationshipKind, other: &str) -> Relationship {
    center.relationships().add_relationship(relationship(one, kind, other)).await.unwrap().into_inner()
}

async fn end(center: &Center, relationship: &Relationship) -> Result<Relationship, Status> {
    let Relationship { name, etag, .. } = relationship.clone();
    let request = EndRelationshipRequest { name, etag, request_id: String::new() };
    center.relationships().end_relationship(request).await.map(tonic::Response::into_inner)
}

fn ruling(one: &str, decision: SameCustomerDecision, other: &str) -> MakeSameCustomerRulingRequest {
    let ruling = SameCustomerRuling {
        customer: one.into(),
        other_customer: other.into(),
        decision: decision.into(),
        reason: "agreed with both".into(),
        ..Default::default()
    };
    MakeSameCustomerRulingRequest { same_customer_ruling: Some(ruling), request_id: String::new() }
}

async fn rule(center: &Center, one: &str, decision: SameCustomerDecision, other: &str) -> SameCustomerRuling {
    center.supervisor().make_same_customer_ruling(ruling(one, decision, other)).await.unwrap().into_inner()
}

async fn group(center: &Center, customer: &str) -> Vec<String> {
    let request = GetSameCustomerRequest { customer: customer.into() };
    let same = center.relationships().get_same_customer(request).await.unwrap().into_inner();
    assert_eq!(same.representative, same.customers[0]);
    same.customers
}

async fn customers<const N: usize>(center: &Center) -> [String; N] {
    let mut names = Vec::new();
    for n in 0..N {
        names.push(center.create(&format!("Customer {n}"), &[]).await.name);
        center.hand.advance(jiff::SignedDuration::from_millis(1));
    }
    names.try_into().unwrap()
}

#[tokio::test]
async fn spouses_children_and_shareholders_are_one_customer_and_other_relatives_are_not() {
    let center = Center::open().await;
    let [a, b, c, company, cousin, friend] = customers(&center).await;

    add(&center, &b, Spouse, &a).await;
    let child = add(&center, &c, Child, &b).await;
    add(&center, &a, Shareholder, &company).await;
    add(&center, &a, OtherRelative, &cousin).await;
    add(&center, &a, Friend, &friend).await;

    assert_eq!((child.customer, child.related_customer), (b.clone(), c.clone()), "kept as the parent's");
    assert_eq!(child.kind, i32::from(RelationshipKind::Parent));
    assert_eq!(group(&center, &c).await, [a.clone(), b, c, company]);
    assert_eq!(group(&center, &cousin).await, [cousin]);
    assert_eq!(group(&center, &friend).await, [friend]);
    let told = center.told().await;
    let facts: RelationshipFacts = told[7].data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!(told[7].r#type, "relationship.added");
    assert_eq!((&facts.representative, &facts.related_representative), (&a, &a));
}

#[tokio::test]
async fn an_ended_relationship_divides_and_stays_in_the_history() {
    let center = Center::open().await;
    let [a, b, c] = customers(&center).await;
    let spouses = add(&center, &a, Spouse, &b).await;
    add(&center, &b, RelationshipKind::Parent, &c).await;

    let ended = end(&center, &spouses).await.unwrap();

    assert_eq!(group(&center, &a).await, std::slice::from_ref(&a));
    assert_eq!(group(&center, &c).await, [b, c]);
    let again = end(&center, &ended).await.unwrap_err();
    let stale = end(&center, &spouses).await.unwrap_err();
    assert_eq!(refused(&again), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".into()));
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".into()));
    let list = |show_ended| ListRelationshipsRequest { parent: a.clone(), show_ended, ..Default::default() };
    let holding = center.relationships().list_relationships(list(false)).await.unwrap().into_inner();
    let all = center.relationships().list_relationships(list(true)).await.unwrap().into_inner();
    assert!(holding.relationships.is_empty());
    assert_eq!(all.relationships, [ended]);
    assert_eq!(all.relationships[0].ender, "agents/li.ming");
}

#[tokio::test]
async fn a_supervisor_joins_and_keeps_apart_with_a_reason() {
    let center = Center::open().await;
    let [a, b, cousin] = customers(&center).await;
    add(&center, &a, Spouse, &b).await;

    let joined = rule(&center, &cousin, Join, &b).await;
    let after_joining = group(&center, &a).await;
    let apart = rule(&center, &b, KeepApart, &a).await;
    let after_keeping_apart = group(&center, &a).await;
    let withdraw = |ruling: SameCustomerRuling| WithdrawSameCustomerRulingRequest {
        name: ruling.name,
        etag: ruling.etag,
        request_id: String::new(),
    };
    for ruling in [joined, apart] {
        center.supervisor().withdraw_same_customer_ruling(withdraw(ruling)).await.unwrap();
    }

    assert_eq!(after_joining, [a.clone(), b.clone(), cousin.clone()]);
    assert_eq!(after_keeping_apart, std::slice::from_ref(&a));
    assert_eq!(group(&center, &b).await, [a.clone(), b.clone()]);
    let list = ListSameCustomerRulingsRequest { parent: b, ..Default::default() };
    let rulings = center.relationships().list_same_customer_rulings(list).await.unwrap().into_inner();
    let rulings = rulings.same_customer_rulings;
    assert_eq!(rulings.len(), 2, "history is kept");
    assert!(rulings.iter().all(|ruling| ruling.ender == "agents/chen.jie" && !ruling.reason.is_empty()));
}

#[tokio::test]
async fn an_agent_does_not_rule_and_two_rulings_do_not_hold_at_once() {
    let center = Center::open().await;
    let [a, b] = customers(&center).await;

    let by_agent = center.relationships().make_same_customer_ruling(ruling(&a, Join, &b)).await.unwrap_err();
    rule(&center, &a, Join, &b).await;
    let second = center.supervisor().make_same_customer_ruling(ruling(&b, KeepApart, &a)).await.unwrap_err();

    assert_eq!(refused(&by_agent), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
    assert_eq!(refused(&second), (Code::AlreadyExists, "ALREADY_EXISTS".into()));
}

#[tokio::test]
async fn a_repeated_request_adds_one_relationship_and_the_same_one_again_is_refused() {
    let center = Center::open().await;
    let [a, b] = customers(&center).await;
    let request = AddRelationshipRequest { request_id: REQUEST_ID.into(), ..relationship(&a, Spouse, &b) };

    let first = center.relationships().add_relationship(request.clone()).await.unwrap().into_inner();
    let again = center.relationships().add_relationship(request).await.unwrap().into_inner();
    let reversed = center.relationships().add_relationship(relationship(&b, Spouse, &a)).await.unwrap_err();

    assert_eq!(first, again);
    assert_eq!(refused(&reversed), (Code::AlreadyExists, "ALREADY_EXISTS".into()));
}

#[tokio::test]
async fn wrong_fields_are_reported_at_once_and_nobody_is_not_found() {
    let center = Center::open().await;
    let [a] = customers(&center).await;
    let nobody = CustomerId::at(START).name();
    let bad = [
        relationship("customers/li-na", RelationshipKind::Unspecified, "b"),
        relationship(&a, Spouse, &a),
        AddRelationshipRequest::default(),
    ];

    let mut fields = Vec::new();
    for request in bad {
        fields.push(violations(&center.relationships().add_relationship(request).await.unwrap_err()));
    }
    let missing =
        center.relationships().add_relationship(relationship(&a, Spouse, &nobody)).await.unwrap_err();
    let unruly = SameCustomerRuling { customer: a.clone(), other_customer: nobody, ..Default::default() };
    let unruly = MakeSameCustomerRulingRequest { same_customer_ruling: Some(unruly), request_id: "x".into() };
    let unruly = center.supervisor().make_same_customer_ruling(unruly).await.unwrap_err();
    let strange = Relationship { name: RelationshipId::at(START).name(), ..Default::default() };

    assert_eq!(
        fields,
        [
            vec!["relationship.customer", "relationship.related_customer", "relationship.kind"],
            vec!["relationship.related_customer"],
            vec!["relationship"]
        ]
    );
    assert_eq!(missing.code(), Code::NotFound);
    assert_eq!(
        violations(&unruly),
        ["request_id", "same_customer_ruling.decision", "same_customer_ruling.reason"]
    );
    assert_eq!(end(&center, &strange).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn relationships_added_and_ended_at_once_leave_the_groups_of_what_holds() {
    let center = Center::open().await;
    let all: [String; 8] = customers(&center).await;
    let mut chain = Vec::new();
    for pair in all.windows(2) {
        let (center, one, other) = (&center, pair[0].clone(), pair[1].clone());
        chain.push(async move { add(center, &one, Spouse, &other).await });
    }

    let added = futures::future::join_all(chain).await;
    let whole = group(&center, &all[7]).await;
    let ends = added.iter().step_by(2).map(|relationship| end(&center, relationship));
    for ended in futures::future::join_all(ends).await {
        ended.unwrap();
    }

    assert_eq!(whole, all);
    assert_eq!(group(&center, &all[0]).await, [all[0].clone()]);
    assert_eq!(group(&center, &all[2]).await, all[1..=2]);
    assert_eq!(group(&center, &all[6]).await, all[5..=6]);
    assert_eq!(group(&center, &all[7]).await, [all[7].clone()]);
}
