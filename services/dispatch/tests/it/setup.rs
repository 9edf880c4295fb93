//! Setting a center up: units and agents (DI-1).

use kexiang_proto::dispatch_v1::{
    Agent, CreateAgentRequest, CreateUnitRequest, ListAgentsRequest, ListUnitsRequest, Presence, Unit,
};
use kexiang_rpc::refusal::reason;
use tonic::Code;

use crate::center::Center;

#[tokio::test]
async fn units_form_a_tree_and_are_listed_by_id_di_1() {
    let center = Center::open().await;
    center.create_unit("province").await;
    let child = |parent: &str| CreateUnitRequest {
        unit_id: "city".to_owned(),
        unit: Some(Unit { display_name: "昆明".to_owned(), parent: parent.to_owned(), ..Unit::default() }),
        ..Default::default()
    };

    let missing = center.administrator().create_unit(child("units/nowhere")).await.unwrap_err();
    let city = center.administrator().create_unit(child("units/province")).await.unwrap().into_inner();
    let twice = center.administrator().create_unit(child("")).await.unwrap_err();

    assert_eq!((missing.code(), reason(&missing).as_str()), (Code::NotFound, "NOT_FOUND"));
    assert_eq!((city.name.as_str(), city.parent.as_str()), ("units/city", "units/province"));
    assert_eq!((twice.code(), reason(&twice).as_str()), (Code::AlreadyExists, "ALREADY_EXISTS"));
    let listed = center.dispatcher().list_units(ListUnitsRequest::default()).await.unwrap().into_inner();
    let names: Vec<_> = listed.units.into_iter().map(|unit| unit.name).collect();
    assert_eq!(names, ["units/city", "units/province"]);
}

#[tokio::test]
async fn a_new_agent_is_signed_out_with_room_for_twenty_orders_di_2() {
    let center = Center::open_with(&[]).await;
    let agent = center.create_agent("li.na", "grid-1", 0).await;

    assert_eq!((agent.presence(), agent.capacity, agent.open_orders), (Presence::SignedOut, 20, 0));
}

#[tokio::test]
async fn agents_are_listed_by_unit_and_need_one() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    center.create_unit("grid-2").await;
    center.create_agent("wang.wei", "grid-2", 5).await;
    let (display_name, unit) = ("Zhang Min".to_owned(), "units/nowhere".to_owned());
    let agent = Some(Agent { display_name, unit, ..Agent::default() });

    let request = CreateAgentRequest { agent_id: "zhang.min".to_owned(), agent, ..Default::default() };
    let refused = center.administrator().create_agent(request).await.unwrap_err();
    let request = ListAgentsRequest { unit: "units/grid-2".to_owned(), ..Default::default() };
    let listed = center.dispatcher().list_agents(request).await.unwrap().into_inner();

    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "NOT_FOUND"));
    let names: Vec<_> = listed.agents.into_iter().map(|agent| agent.name).collect();
    assert_eq!(names, ["agents/wang.wei"]);
}
