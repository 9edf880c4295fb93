//! The verbs of stories about merging.

use std::time::Duration;

use kexiang_core::Role;
use kexiang_proto::customers_v1::{
    FieldChoice, FieldSource, GetMergeRequest, ListMergeProposalsRequest, Merge, MergeCustomersRequest,
    MergeProposal, UnmergeCustomersRequest, merge_service_client::MergeServiceClient,
};
use tonic::{Status, service::interceptor::InterceptedService, transport::Channel};

use crate::center::{Bearer, Center};

pub type Desk = MergeServiceClient<InterceptedService<Channel, Bearer>>;

/// How often to look, at 10 ms each.
pub const PATIENCE: usize = 2_000;

/// The desk of somebody with these roles.
pub fn desk_of(center: &Center, roles: &[Role]) -> Desk {
    let (channel, bearer) = center.as_role("zhao.min", roles);
    MergeServiceClient::with_interceptor(channel, bearer)
}

/// The desk of a supervisor.
pub fn desk(center: &Center) -> Desk {
    desk_of(center, &[Role::Supervisor])
}

/// A request to merge without choices.
pub fn merging(survivor: &str, loser: &str) -> MergeCustomersRequest {
    MergeCustomersRequest { survivor: survivor.to_owned(), loser: loser.to_owned(), ..Default::default() }
}

/// A choice of a field.
pub fn choice(field: &str, source: FieldSource) -> FieldChoice {
    FieldChoice { field: field.to_owned(), source: source.into() }
}

/// Merges without choices.
pub async fn merge(center: &Center, survivor: &str, loser: &str) -> Merge {
    desk(center).merge_customers(merging(survivor, loser)).await.unwrap().into_inner()
}

/// Takes a merge back, or tells why not.
pub async fn try_unmerge(center: &Center, name: &str) -> Result<Merge, Status> {
    let request = UnmergeCustomersRequest { name: name.to_owned(), ..Default::default() };
    desk(center).unmerge_customers(request).await.map(tonic::Response::into_inner)
}

/// Takes a merge back.
pub async fn unmerge(center: &Center, name: &str) -> Merge {
    try_unmerge(center, name).await.unwrap()
}

/// Waits until nothing of the merge is on its way any more.
pub async fn moved(center: &Center, name: &str) -> Merge {
    for _ in 0..PATIENCE {
        let request = GetMergeRequest { name: name.to_owned() };
        let merge = desk(center).get_merge(request).await.unwrap().into_inner();
        if !merge.moving {
            return merge;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("still moving");
}

/// Waits until everybody has been compared, and lists the proposals.
pub async fn proposals(center: &Center) -> Vec<MergeProposal> {
    for _ in 0..PATIENCE {
        let waiting = "select exists (select from customer_records.likeness_checks)";
        if !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&center.pool).await.unwrap() {
            let request = ListMergeProposalsRequest::default();
            return desk(center).list_merge_proposals(request).await.unwrap().into_inner().merge_proposals;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not all compared");
}

/// How many contacts a customer has.
pub async fn contacts_of(center: &Center, name: &str) -> i64 {
    let id: uuid::Uuid = name.strip_prefix("customers/").unwrap().parse().unwrap();
    sqlx::query_scalar("select count(*) from customer_records.contact_links where customer_id = $1")
        .bind(id)
        .fetch_one(&center.pool)
        .await
        .unwrap()
}
