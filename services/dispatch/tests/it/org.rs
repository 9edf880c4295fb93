//! DI-1: the tree of units with its moves, roles with deputies, and what agents can do.

use kexiang_proto::dispatch_v1::{
    AgentProfile, CreateUnitRequest, GetAgentProfileRequest, ListUnitMovesRequest, ListUnitRolesRequest,
    MoveUnitRequest, SetAgentProfileRequest, SetUnitRoleRequest, Skill, Unit, UnitLevel,
};
use kexiang_rpc::refusal::reason;
use tonic::Code;

use crate::center::Center;

fn step(unit: &str, parent: &str) -> MoveUnitRequest {
    MoveUnitRequest {
        name: format!("units/{unit}"),
        parent: if parent.is_empty() { String::new() } else { format!("units/{parent}") },
        reason: "reorganised".to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_unit_moves_with_its_history_and_never_below_itself_di_1() {
    let center = Center::open().await;
    for unit in ["a", "b", "c"] {
        center.create_unit(unit).await;
    }
    let moved = center.org().move_unit(step("b", "a")).await.unwrap().into_inner();
    center.org().move_unit(step("c", "b")).await.unwrap();

    let cycle = center.org().move_unit(step("a", "c")).await.unwrap_err();
    let itself = center.org().move_unit(step("a", "a")).await.unwrap_err();
    let stale = MoveUnitRequest { etag: "1".to_owned(), ..step("b", "") };
    let stale = center.org().move_unit(stale).await.unwrap_err();
    let nowhere = center.org().move_unit(step("a", "nowhere")).await.unwrap_err();

    assert_eq!((moved.parent.as_str(), moved.etag.as_str()), ("units/a", "2"));
    assert_eq!((cycle.code(), reason(&cycle).as_str()), (Code::FailedPrecondition, "UNIT_CYCLE"));
    assert_eq!(reason(&itself), "UNIT_CYCLE");
    assert_eq!(reason(&stale), "ETAG_MISMATCH");
    assert_eq!(nowhere.code(), Code::NotFound);
    center.clock.advance(jiff::SignedDuration::from_secs(1));
    center.org().move_unit(step("b", "")).await.unwrap();
    let request = ListUnitMovesRequest { parent: "units/b".to_owned(), ..Default::default() };
    let moves = center.org().list_unit_moves(request).await.unwrap().into_inner().moves;
    let told: Vec<_> = moves.iter().map(|m| (m.from_parent.as_str(), m.to_parent.as_str())).collect();
    assert_eq!(told, [("units/a", ""), ("", "units/a")]);
    assert_eq!(center.told_of("units/b").await, ["unit.moved", "unit.moved"]);
}

#[tokio::test]
async fn of_two_moves_at_once_that_make_a_cycle_one_is_refused_di_1() {
    let center = Center::open().await;
    for turn in 0..5 {
        let (left, right) = (format!("left-{turn}"), format!("right-{turn}"));
        center.create_unit(&left).await;
        center.create_unit(&right).await;
        let (mut one, mut other) = (center.org(), center.org());

        let moves = tokio::join!(one.move_unit(step(&left, &right)), other.move_unit(step(&right, &left)));

        assert_eq!(usize::from(moves.0.is_ok()) + usize::from(moves.1.is_ok()), 1);
    }
}

#[tokio::test]
async fn a_unit_stands_below_a_higher_tier_only_di_1() {
    let center = Center::open().await;
    let unit = |id: &str, level: UnitLevel, parent: &str| CreateUnitRequest {
        unit_id: id.to_owned(),
        unit: Some(Unit {
            display_name: id.to_owned(),
            level: level.into(),
            parent: parent.to_owned(),
            ..Unit::default()
        }),
        ..Default::default()
    };
    let mut root = center.administrator();
    root.create_unit(unit("city", UnitLevel::City, "")).await.unwrap();
    root.create_unit(unit("grid", UnitLevel::Grid, "units/city")).await.unwrap();
    root.create_unit(unit("finance", UnitLevel::Department, "units/grid")).await.unwrap();

    let below_grid = root.create_unit(unit("c2", UnitLevel::City, "units/grid")).await.unwrap_err();
    let below_department = root.create_unit(unit("g2", UnitLevel::Grid, "units/finance")).await.unwrap_err();
    let moved = center.org().move_unit(step("city", "grid")).await.unwrap_err();

    assert_eq!(reason(&below_grid), "UNIT_LEVEL");
    assert_eq!(reason(&below_department), "UNIT_LEVEL");
    assert_eq!(reason(&moved), "UNIT_CYCLE");
}

#[tokio::test]
async fn a_deputy_acts_while_the_holder_is_not_there_di_1() {
    let center = Center::open_with(&[("wang.wei", 5)]).await;
    center.create_agent("li.na", "grid-1", 5).await;
    let role = SetUnitRoleRequest {
        unit: "units/grid-1".to_owned(),
        role: "team-leader".to_owned(),
        agent: "agents/li.na".to_owned(),
        deputies: vec!["agents/wang.wei".to_owned()],
        ..Default::default()
    };
    let twice =
        SetUnitRoleRequest { role: String::new(), deputies: vec!["agents/li.na".to_owned()], ..role.clone() };

    let set = center.org().set_unit_role(role.clone()).await.unwrap().into_inner();
    let refused = center.org().set_unit_role(twice).await.unwrap_err();
    center.sign_in("li.na").await;

    assert_eq!((set.acting_agent.as_str(), set.etag.as_str()), ("agents/wang.wei", "1"));
    assert_eq!(refused.code(), Code::InvalidArgument);
    let request = ListUnitRolesRequest { unit: "units/grid-1".to_owned(), ..Default::default() };
    let roles = center.org().list_unit_roles(request).await.unwrap().into_inner().roles;
    assert_eq!((roles.len(), roles[0].acting_agent.as_str()), (1, "agents/li.na"));
}

#[tokio::test]
async fn a_profile_keeps_skills_with_grades_languages_and_territory_di_1() {
    let center = Center::open_with(&[("li.na", 5)]).await;
    let profile = AgentProfile {
        skills: vec![Skill { code: "fiber".to_owned(), grade: 4 }],
        languages: vec!["zh".to_owned(), "en".to_owned()],
        territory: vec!["grid-7".to_owned()],
        capacity: 9,
        ..AgentProfile::default()
    };
    let request = SetAgentProfileRequest {
        agent: "agents/li.na".to_owned(),
        profile: Some(profile.clone()),
        ..Default::default()
    };
    let bad = AgentProfile { skills: vec![Skill { code: String::new(), grade: 6 }], ..profile.clone() };
    let bad = SetAgentProfileRequest { profile: Some(bad), ..request.clone() };

    let set = center.org().set_agent_profile(request).await.unwrap().into_inner();
    let refused = center.org().set_agent_profile(bad).await.unwrap_err();

    let request = GetAgentProfileRequest { agent: "agents/li.na".to_owned() };
    assert_eq!(center.org().get_agent_profile(request).await.unwrap().into_inner(), set);
    assert_eq!((set.skills, set.capacity, set.etag.as_str()), (profile.skills, 9, "1"));
    assert_eq!(center.get_agent("li.na").await.capacity, 9);
    assert_eq!(refused.code(), Code::InvalidArgument);
}
