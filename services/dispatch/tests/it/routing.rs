//! DI-7: which unit works on what.

use kexiang_proto::{
    dispatch_v1::{CreateRouteRequest, ListRoutesRequest, ListWorkOrdersRequest, Route, WorkOrderState},
    intake_v1::{CaseFacts, Handling},
    type_v1::{Channel, Kind},
};
use kexiang_rpc::refusal::reason;
use tonic::Code;

use crate::{
    case_facts::{accepted, event, fault},
    center::Center,
};

fn of_kind(kind: Kind) -> Route {
    Route { kind: kind.into(), ..Route::default() }
}

#[tokio::test]
async fn the_most_specific_line_wins_and_says_why_di_7() {
    let center = Center::open_with(&[]).await;
    for unit in ["faults", "wuhua", "slow"] {
        center.create_unit(unit).await;
    }
    center.create_route(of_kind(Kind::Fault), "faults").await;
    let slow = Route { category_prefix: "broadband/slow".to_owned(), ..Route::default() };
    center.create_route(slow, "slow").await;
    let wuhua = Route { district: "Wuhua".to_owned(), channel: Channel::Hotline.into(), ..Route::default() };
    let wuhua = center.create_route(wuhua, "wuhua").await;
    let elsewhere = CaseFacts { district: "Panlong".to_owned(), ..fault(2) };
    let cases = [fault(1), elsewhere];

    center.take_in(accepted(&cases)).await;

    let order = center.order_of(&cases[0]).await;
    assert_eq!((order.unit.as_str(), order.route.as_str()), ("units/wuhua", wuhua.name.as_str()));
    assert_eq!(
        center.assignments(&order).await[0].route_explanation,
        "channel is HOTLINE and district is \"Wuhua\"; the most specific of 4 lines that fit"
    );
    assert_eq!(center.order_of(&cases[1]).await.unit, "units/faults");
}

#[tokio::test]
async fn unrouted_work_waits_in_sight_and_is_routed_by_the_first_line_that_fits_di_7() {
    let center = Center::open().await;
    center.create_unit("faults").await;
    center.create_agent("wang.wei", "faults", 5).await;
    center.sign_in("wang.wei").await;
    let complaint = CaseFacts { kind: Kind::Complaint.into(), ..fault(2) };
    let cases = [fault(1), complaint];
    center.take_in(accepted(&cases)).await;
    let unrouted = ListWorkOrdersRequest { state: WorkOrderState::Unrouted.into(), ..Default::default() };
    assert_eq!(center.orders(unrouted.clone()).await.len(), 2);

    center.create_route(of_kind(Kind::Fault), "faults").await;

    let order = center.order_of(&cases[0]).await;
    assert_eq!((order.state(), order.agent.as_str()), (WorkOrderState::Assigned, "agents/wang.wei"));
    assert_eq!(
        center.told_of(&order.name).await,
        ["work_order.created", "work_order.routed", "work_order.assigned"]
    );
    assert_eq!(center.orders(unrouted).await.len(), 1, "no line fits the complaint");
}

#[tokio::test]
async fn a_line_with_equal_conditions_is_refused_by_the_name_of_the_other() {
    let center = Center::open_with(&[]).await;
    let first = center.create_route(of_kind(Kind::Fault), "grid-1").await;
    let same =
        Route { site: "sites/main".to_owned(), unit: "units/grid-1".to_owned(), ..of_kind(Kind::Fault) };

    let request = CreateRouteRequest { route: Some(same), ..Default::default() };
    let refused = center.administrator().create_route(request).await.unwrap_err();

    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "ALREADY_EXISTS"));
    assert!(refused.message().contains(&first.name), "{}", refused.message());
}

#[tokio::test]
async fn the_table_of_a_site_is_listed_oldest_line_first_by_pages() {
    let center = Center::open_with(&[]).await;
    for category in ["a", "b"] {
        center.clock.advance(jiff::SignedDuration::from_secs(1));
        let line = Route { category_prefix: category.to_owned(), ..Route::default() };
        center.create_route(line, "grid-1").await;
    }
    let first = ListRoutesRequest { site: "sites/main".to_owned(), page_size: 2, ..Default::default() };

    let page = center.dispatcher().list_routes(first.clone()).await.unwrap().into_inner();
    let next = ListRoutesRequest { page_token: page.next_page_token, ..first };
    let rest = center.dispatcher().list_routes(next).await.unwrap().into_inner();

    let categories: Vec<_> =
        page.routes.iter().chain(&rest.routes).map(|line| line.category_prefix.as_str()).collect();
    assert_eq!(categories, ["", "a", "b"]);
    assert_eq!(rest.next_page_token, "");
}

#[tokio::test]
async fn a_case_at_the_desk_becomes_work_when_the_desk_passes_it_on() {
    let center = Center::open_with(&[]).await;
    let desk = CaseFacts { handling: Handling::Desk.into(), ..fault(1) };
    center.take_in(vec![event("accepted", &desk)]).await;
    assert!(center.orders(ListWorkOrdersRequest::default()).await.is_empty());

    center.take_in(vec![event("dispatch_requested", &desk)]).await;

    assert_eq!(center.order_of(&desk).await.state(), WorkOrderState::Queued);
}
