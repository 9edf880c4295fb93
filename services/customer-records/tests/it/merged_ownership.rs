//! Ownership and follow-ups of customers who were merged (CU-5, CU-7, CU-8): the survivor's count, and no record is rewritten.

use kexiang_proto::customers_v1::{
    ListFollowUpsRequest, ListPoolRequest, MergeCustomersRequest, UnmergeCustomersRequest,
};
use tonic::Code;

use crate::{ownership_desk::OwnershipDesk, wire::refused};

#[tokio::test]
async fn who_was_merged_is_neither_listed_nor_claimed_and_the_follow_ups_are_the_survivors_too() {
    let desk = OwnershipDesk::open().await;
    let (li, wang, boss) = (desk.agent("li"), desk.agent("wang"), desk.supervisor());
    let (one, two, three) = (desk.customer("A").await, desk.customer("B").await, desk.customer("C").await);
    for customer in [&one, &two, &three] {
        let new = kexiang_proto::customers_v1::FollowUp {
            customer: customer.clone(),
            site: "sites/main".into(),
            way: kexiang_proto::customers_v1::FollowUpWay::Phone.into(),
            content: format!("of {customer}"),
            ..Default::default()
        };
        li.record(new).await.unwrap();
    }
    let merge = |survivor: &str, loser: &str| MergeCustomersRequest {
        survivor: survivor.to_owned(),
        loser: loser.to_owned(),
        ..Default::default()
    };

    boss.merges().merge_customers(merge(&two, &three)).await.unwrap();
    let last = boss.merges().merge_customers(merge(&one, &two)).await.unwrap().into_inner();

    let pool = || async {
        let page = li.ownerships().list_pool(ListPoolRequest::default()).await.unwrap().into_inner();
        page.ownerships.into_iter().map(|ownership| ownership.name).collect::<Vec<_>>()
    };
    let list = |customer: &str| ListFollowUpsRequest { customer: customer.to_owned(), ..Default::default() };
    let of = |customer: String| {
        let mut client = li.follow_ups();
        async move { client.list_follow_ups(list(&customer)).await.unwrap().into_inner().follow_ups }
    };
    assert_eq!(pool().await, [format!("{one}/ownership")]);
    let claimed = wang.claim(&three).await.unwrap_err();
    assert_eq!(refused(&claimed), (Code::NotFound, "CUSTOMER_MERGED".to_owned()));
    let followed = li.follow_up(&two).await.unwrap_err();
    assert_eq!(refused(&followed), (Code::NotFound, "CUSTOMER_MERGED".to_owned()));
    let all: Vec<_> = of(one.clone()).await.into_iter().map(|follow_up| follow_up.customer).collect();
    assert_eq!(all, [three.clone(), two.clone(), one.clone()], "each still names its own customer");
    assert_eq!(of(two.clone()).await.len(), 2);

    let unmerge = UnmergeCustomersRequest { name: last.name, ..Default::default() };
    boss.merges().unmerge_customers(unmerge).await.unwrap();

    assert_eq!(pool().await.len(), 2, "two came back, three is still two's");
    assert_eq!(of(one).await.len(), 1);
    wang.claim(&two).await.unwrap();
}
