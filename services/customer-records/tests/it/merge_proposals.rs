//! Who may be one is proposed (CU-8): by contact points, and by name and address in whatever script.

use std::collections::BTreeSet;

use kexiang_proto::{
    customers_v1::{
        Customer, DismissMergeProposalRequest, LikenessReason, MergeProposalState, UpdateCustomerRequest,
        contact_point::Kind,
    },
    intake_v1::Caller,
};
use tonic::Code;

use crate::{
    center::{Center, START},
    merge_desk::{desk, merge, proposals, unmerge},
    wire::{caller, contact, refused},
};

#[tokio::test]
async fn the_same_name_and_address_in_other_scripts_are_proposed_until_dismissed() {
    let center = Center::open().await;
    let wang = center.create("王小明", &[(Kind::Address, "翠湖路５号")]).await;
    let twin = center.create("Wang Xiaoming", &[(Kind::Address, "翠湖路 5 号")]).await;
    center.create("李娜", &[(Kind::Address, "翠湖路 5 号")]).await;
    center.create("Wang Xiaoming", &[(Kind::Address, "12 Green Road")]).await;

    let found = proposals(&center).await;
    let dismiss = DismissMergeProposalRequest {
        name: found[0].name.clone(),
        etag: found[0].etag.clone(),
        request_id: uuid::Uuid::from_u128(7).to_string(),
    };
    let dismissed = desk(&center).dismiss_merge_proposal(dismiss.clone()).await.unwrap().into_inner();
    let replayed = desk(&center).dismiss_merge_proposal(dismiss.clone()).await.unwrap().into_inner();
    let again = DismissMergeProposalRequest { request_id: String::new(), etag: String::new(), ..dismiss };
    let again = desk(&center).dismiss_merge_proposal(again).await.unwrap_err();
    let changed = UpdateCustomerRequest {
        customer: Some(Customer { display_name: "王小明!".into(), etag: String::new(), ..wang.clone() }),
        ..Default::default()
    };
    center.client().update_customer(changed).await.unwrap();

    assert_eq!((found.len(), found[0].score), (1, 80));
    let pair = BTreeSet::from([&found[0].customer, &found[0].other_customer]);
    assert_eq!(pair, BTreeSet::from([&wang.name, &twin.name]));
    assert_eq!(
        found[0].reasons().collect::<Vec<_>>(),
        [LikenessReason::SameAddress, LikenessReason::SameName]
    );
    assert_eq!((dismissed.state(), &replayed), (MergeProposalState::Dismissed, &dismissed));
    assert_eq!(refused(&again), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".into()));
    let after = proposals(&center).await;
    assert_eq!((after.len(), after[0].state()), (1, MergeProposalState::Dismissed));
}

#[tokio::test]
async fn a_caller_with_contact_points_of_two_has_them_proposed_and_the_proposal_follows_the_merge() {
    let center = Center::open().await;
    let wang = center.create("Wang", &[(Kind::Phone, "13800138000")]).await;
    let li = center.create("Li", &[(Kind::Email, "li@example.com")]).await;
    let both = Caller { email: "li@example.com".into(), ..caller("Wang", "+8613800138000") };

    center.intake.register(vec![contact(both, START)]);
    center.settle().await;

    let found = proposals(&center).await;
    assert_eq!((found.len(), found[0].reasons().next()), (1, Some(LikenessReason::ContactPoints)));
    let merged = merge(&center, &wang.name, &li.name).await;
    assert_eq!(proposals(&center).await[0].state(), MergeProposalState::Merged);
    unmerge(&center, &merged.name).await;
    assert_eq!(proposals(&center).await[0].state(), MergeProposalState::Open);
}
