//! Events that come again make nothing twice.

use kexiang_proto::dispatch_v1::ListWorkOrdersRequest;

use crate::{
    case_facts::{accepted, event, faults, informed, opening, reopened, withdrawn},
    center::Center,
};

#[tokio::test]
async fn a_feed_replayed_from_its_start_makes_nothing_twice() {
    let center = Center::open_with(&[("li.na", 3), ("wang.wei", 3)]).await;
    let cases = faults(10);
    center.take_in(accepted(&cases)).await;
    center.take_in(vec![informed(&cases[0], opening()), reopened(&cases[0], 1), withdrawn(&cases[1])]).await;
    let before = center.orders(ListWorkOrdersRequest::default()).await;
    let (tasks, told) = (center.tasks().await, center.told().await);

    sqlx::query("update dispatch.consumer_cursors set position = ''").execute(&center.pool).await.unwrap();
    center.take_in(vec![event("accepted", &cases[0])]).await;

    assert_eq!(center.orders(ListWorkOrdersRequest::default()).await, before);
    assert_eq!(center.tasks().await, tasks);
    assert_eq!(center.told().await, told);
    assert_eq!(center.miscounted().await, []);
}
