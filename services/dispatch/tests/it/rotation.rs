//! DI-3, DI-4 over the wire: reception desks, the policies' data, exceptions, crashes and races.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use kexiang_core::Role;
use kexiang_proto::dispatch_v1::{
    Absence, Arrival, EndTurnRequest, GetRankingRequest, GetRotationRequest, JoinQueueRequest,
    LeaveQueueRequest, ListRotationReordersRequest, ListTurnsRequest, Ranking, ReorderRotationRequest,
    Rotation, RotationPolicy, ServeNextRequest, ServeResponse, SetAgentProfileRequest, SetRankingRequest,
    SetRotationRequest, SignOutRequest, StartAbsenceRequest, TakeTurnRequest, Turn, TurnManner,
};
use kexiang_rpc::refusal::reason;
use tonic::{Code, Status};

use crate::center::Center;

const SITE: &str = "sites/main";

fn names(agents: &[&str]) -> Vec<String> {
    agents.iter().map(|agent| format!("agents/{agent}")).collect()
}

/// How a story's rotation is set up.
pub fn rotation(policy: RotationPolicy) -> Rotation {
    Rotation {
        unit: "units/grid-1".to_owned(),
        policy: policy.into(),
        time_zone: "Asia/Shanghai".to_owned(),
        ..Rotation::default()
    }
}

/// Sets it up as a supervisor.
pub async fn set(center: &Center, rotation: Rotation) -> Result<Rotation, Status> {
    let request =
        SetRotationRequest { site: SITE.to_owned(), rotation: Some(rotation), ..Default::default() };
    let mut supervisor = center.rotation("sun.li", &[Role::Supervisor]);
    supervisor.set_rotation(request).await.map(tonic::Response::into_inner)
}

/// Opens with these agents signed in, in this order, and a rotation.
async fn open(agents: &[&str], rotation: Rotation) -> Center {
    let agents: Vec<_> = agents.iter().map(|agent| (*agent, 5)).collect();
    let center = Center::open_with(&agents).await;
    set(&center, rotation).await.unwrap();
    center
}

async fn take(center: &Center, arrival: Arrival) -> Result<ServeResponse, Status> {
    let request = TakeTurnRequest { site: SITE.to_owned(), arrival: Some(arrival), ..Default::default() };
    center.rotation("desk", &[Role::Agent]).take_turn(request).await.map(tonic::Response::into_inner)
}

/// Who serves the next walk-in.
async fn next(center: &Center) -> String {
    take(center, Arrival::default()).await.unwrap().turns.remove(0).agent.replace("agents/", "")
}

async fn serve_next(center: &Center) -> Result<ServeResponse, Status> {
    let request = ServeNextRequest { site: SITE.to_owned(), ..Default::default() };
    center.rotation("desk", &[Role::Agent]).serve_next(request).await.map(tonic::Response::into_inner)
}

async fn join(center: &Center, arrival: Arrival) -> Arrival {
    center.clock.advance(SignedDuration::from_secs(1));
    let request = JoinQueueRequest { site: SITE.to_owned(), arrival: Some(arrival), ..Default::default() };
    center.rotation("desk", &[Role::Agent]).join_queue(request).await.unwrap().into_inner()
}

async fn turns(center: &Center) -> Vec<Turn> {
    let request = ListTurnsRequest { site: SITE.to_owned(), page_size: 1_000, ..Default::default() };
    center.rotation("desk", &[Role::Agent]).list_turns(request).await.unwrap().into_inner().turns
}

async fn absent(center: &Center, agent: &str) {
    let name = format!("agents/{agent}");
    let request = StartAbsenceRequest { name, absence: Absence::Break.into(), ..Default::default() };
    center.presence(agent, &[Role::Agent]).start_absence(request).await.unwrap();
}

#[tokio::test]
async fn the_days_sign_in_order_makes_the_turns_and_a_new_day_a_new_order_di_3() {
    let center = open(&["zhang", "li", "wang"], rotation(RotationPolicy::SignInOrder)).await;
    let today = [next(&center).await, next(&center).await, next(&center).await, next(&center).await];
    for agent in ["zhang", "li", "wang"] {
        let name = format!("agents/{agent}");
        center.dispatcher().sign_out(SignOutRequest { name, ..Default::default() }).await.unwrap();
    }
    center.clock.advance(SignedDuration::from_hours(24));
    for agent in ["wang", "zhang", "li"] {
        center.sign_in(agent).await;
    }

    let tomorrow = [next(&center).await, next(&center).await, next(&center).await];

    assert_eq!(today, ["zhang", "li", "wang", "zhang"]);
    assert_eq!(tomorrow, ["wang", "zhang", "li"]);
    let last = turns(&center).await.remove(0);
    assert_eq!((last.number, last.day.as_str(), last.round), (7, "2026-11-23", 3));
}

#[tokio::test]
async fn numbers_are_carried_over_from_day_to_day_di_3() {
    let members = names(&["wang", "zhang", "li"]);
    let numbered = Rotation { members, ..rotation(RotationPolicy::Numbered) };
    let center = open(&["zhang", "li", "wang"], numbered).await;
    let today = next(&center).await;
    center.clock.advance(SignedDuration::from_hours(24));

    let tomorrow = [next(&center).await, next(&center).await, next(&center).await];

    assert_eq!(today, "wang");
    assert_eq!(tomorrow, ["zhang", "li", "wang"]);
}

#[tokio::test]
async fn rankings_come_by_versions_and_make_the_order_from_the_next_round_on_di_3() {
    let center = open(&["li", "wang"], rotation(RotationPolicy::LastMonth)).await;
    let rank = async |period: &str, agents: &[&str]| {
        let ranking = Ranking {
            period: period.to_owned(),
            agents: names(agents),
            basis: "deals closed".to_owned(),
            ..Ranking::default()
        };
        let request =
            SetRankingRequest { site: SITE.to_owned(), ranking: Some(ranking), ..Default::default() };
        center.rotation("reporting", &[Role::Service]).set_ranking(request).await
    };
    rank("2026-10", &["wang", "li"]).await.unwrap();
    let first = next(&center).await;
    rank("2026-10", &["li", "wang"]).await.unwrap();
    let rest = [next(&center).await, next(&center).await];
    let bad = rank("2026-13", &["li", "li"]).await.unwrap_err();
    let unknown = rank("2026-10", &["nobody"]).await.unwrap_err();

    assert_eq!(first, "wang");
    assert_eq!(rest, ["li", "li"], "the correction counts from the second round on");
    let ranked: Vec<_> = turns(&center).await.iter().map(|turn| turn.ranking_version).collect();
    assert_eq!(ranked, [2, 1, 1]);
    assert_eq!((bad.code(), unknown.code()), (Code::InvalidArgument, Code::NotFound));
    let request = GetRankingRequest { site: SITE.to_owned(), period: "2026-10".to_owned() };
    let ranking = center.rotation("desk", &[Role::Agent]).get_ranking(request).await.unwrap().into_inner();
    assert_eq!((ranking.version, ranking.actor.as_str()), (2, "services/reporting"));
}

#[tokio::test]
async fn every_turn_says_who_was_passed_over_and_why_di_4() {
    let center = open(&["li", "wang"], rotation(RotationPolicy::SignInOrder)).await;
    absent(&center, "li").await;

    let served = take(&center, Arrival::default()).await.unwrap();

    let kept = turns(&center).await.remove(0);
    assert_eq!(served.turns, std::slice::from_ref(&kept));
    assert_eq!(kept.agent, "agents/wang");
    assert_eq!(kept.passed_over[0].agent, "agents/li");
    assert_eq!(kept.passed_over[0].explanation, "is on a break; rejoins in round 2");
    assert_eq!(center.told_of(&kept.name).await, ["turn.served"]);
    let request = GetRotationRequest { site: SITE.to_owned() };
    let state = center.rotation("desk", &[Role::Agent]).get_rotation(request).await.unwrap().into_inner();
    assert_eq!((state.passed, state.pending), (names(&["li"]), Vec::new()));
}

#[tokio::test]
async fn the_owner_and_a_group_di_4() {
    let center = open(&["li", "wang", "zhang"], rotation(RotationPolicy::SignInOrder)).await;
    let owned = Arrival { owner: "agents/wang".to_owned(), ..Arrival::default() };
    let group = Arrival { group_size: 2, ..Arrival::default() };
    let crowd = Arrival { group_size: 4, ..Arrival::default() };

    let owner = take(&center, owned).await.unwrap().turns.remove(0);
    let group = take(&center, group).await.unwrap().turns;
    let crowd = take(&center, crowd).await.unwrap_err();

    assert_eq!((owner.agent.as_str(), owner.manner()), ("agents/wang", TurnManner::Owner));
    let served: Vec<_> = group.iter().map(|turn| turn.agent.as_str()).collect();
    assert_eq!(served, ["agents/li", "agents/wang"], "the owner kept their turn");
    assert_eq!((crowd.code(), reason(&crowd).as_str()), (Code::FailedPrecondition, "NOT_ENOUGH_AGENTS"));
    assert_eq!(next(&center).await, "zhang");
    assert_eq!(turns(&center).await.len(), 4, "what is refused leaves nothing");
}

#[tokio::test]
async fn at_rush_key_customers_come_first_and_trainees_help_di_4() {
    let rush = Rotation { rush_threshold: 2, trainees_help: true, ..rotation(RotationPolicy::SignInOrder) };
    let center = open(&["li", "xu"], Rotation { one_at_a_time: true, ..rush }).await;
    let trainee = SetAgentProfileRequest {
        agent: "agents/xu".to_owned(),
        profile: Some(kexiang_proto::dispatch_v1::AgentProfile { trainee: true, ..Default::default() }),
        ..Default::default()
    };
    center.org().set_agent_profile(trainee).await.unwrap();
    let first = join(&center, Arrival::default()).await;
    let second = join(&center, Arrival::default()).await;
    let key = join(&center, Arrival { key: true, ..Arrival::default() }).await;
    let fourth = join(&center, Arrival::default()).await;

    let jumped = take(&center, Arrival::default()).await.unwrap_err();
    let one = serve_next(&center).await.unwrap();
    let two = serve_next(&center).await.unwrap();
    let none = serve_next(&center).await.unwrap_err();
    let end = EndTurnRequest { name: one.turns[0].name.clone(), ..Default::default() };
    center.rotation("li", &[Role::Agent]).end_turn(end).await.unwrap();
    let three = serve_next(&center).await.unwrap();

    assert_eq!(reason(&jumped), "CUSTOMERS_WAIT");
    let told = |served: &ServeResponse| {
        let (arrival, turn) = (served.arrival.clone().unwrap(), &served.turns[0]);
        (arrival.name, turn.agent.clone(), turn.manner())
    };
    assert_eq!(told(&one), (key.name, "agents/li".to_owned(), TurnManner::Rush));
    assert_eq!(told(&two), (first.name, "agents/xu".to_owned(), TurnManner::Rush));
    assert_eq!(reason(&none), "NOT_ENOUGH_AGENTS");
    assert_eq!(told(&three), (second.name, "agents/li".to_owned(), TurnManner::InTurn));
    let leave = LeaveQueueRequest { name: fourth.name, ..Default::default() };
    center.rotation("desk", &[Role::Agent]).leave_queue(leave.clone()).await.unwrap();
    let gone = center.rotation("desk", &[Role::Agent]).leave_queue(leave).await.unwrap_err();
    assert_eq!(reason(&gone), "STATE_NOT_ALLOWED");
    assert_eq!(reason(&serve_next(&center).await.unwrap_err()), "NOBODY_WAITS");
}

#[tokio::test]
async fn a_supervisor_reorders_with_a_reason_that_is_kept_di_4() {
    let center = open(&["li", "wang", "zhang"], rotation(RotationPolicy::SignInOrder)).await;
    assert_eq!(next(&center).await, "li");
    let reorder = |agents: &[&str], etag: &str| ReorderRotationRequest {
        site: SITE.to_owned(),
        agents: names(agents),
        reason: "wang meets a customer".to_owned(),
        etag: etag.to_owned(),
        ..Default::default()
    };
    let mut supervisor = center.rotation("sun.li", &[Role::Supervisor]);

    let stale = supervisor.reorder_rotation(reorder(&["zhang", "wang"], "1")).await.unwrap_err();
    let over = supervisor.reorder_rotation(reorder(&["li", "zhang", "wang"], "")).await.unwrap_err();
    let desk = center.rotation("desk", &[Role::Agent]).reorder_rotation(reorder(&["wang"], "")).await;
    let done = supervisor.reorder_rotation(reorder(&["zhang", "wang"], "2")).await.unwrap().into_inner();

    assert_eq!(reason(&stale), "ETAG_MISMATCH");
    assert_eq!(reason(&over), "NOT_THIS_ROUND");
    assert_eq!(desk.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(done.pending, names(&["zhang", "wang"]));
    assert_eq!([next(&center).await, next(&center).await, next(&center).await], ["zhang", "wang", "li"]);
    let request = ListRotationReordersRequest { site: SITE.to_owned(), ..Default::default() };
    let kept = supervisor.list_rotation_reorders(request).await.unwrap().into_inner().reorders;
    assert_eq!((kept.len(), kept[0].reason.as_str()), (1, "wang meets a customer"));
    assert_eq!((kept[0].before.clone(), kept[0].after.clone()), (names(&["wang", "zhang"]), done.pending));
}

#[tokio::test]
async fn one_arrival_is_one_turn_however_often_it_is_sent_di_4() {
    let center = open(&["li", "wang"], rotation(RotationPolicy::SignInOrder)).await;
    let request_id = "0199a000-0000-7000-8000-000000000001".to_owned();
    let request = TakeTurnRequest { site: SITE.to_owned(), request_id, ..Default::default() };
    let mut desk = center.rotation("desk", &[Role::Agent]);

    let first = desk.take_turn(request.clone()).await.unwrap().into_inner();
    let again = desk.take_turn(request).await.unwrap().into_inner();

    assert_eq!(first, again);
    assert_eq!(turns(&center).await.len(), 1);
    assert_eq!(next(&center).await, "wang");
}

#[tokio::test]
async fn desks_of_one_site_never_serve_one_turn_twice_di_4() {
    let center = open(&["a", "b", "c", "d", "e"], rotation(RotationPolicy::SignInOrder)).await;
    let desks = (0..20).map(|_| {
        let mut desk = center.rotation("desk", &[Role::Agent]);
        let request = TakeTurnRequest { site: SITE.to_owned(), ..Default::default() };
        tokio::spawn(async move { desk.take_turn(request).await.unwrap().into_inner() })
    });
    for desk in desks.collect::<Vec<_>>() {
        desk.await.unwrap();
    }

    let turns = turns(&center).await;

    let numbers: BTreeSet<_> = turns.iter().map(|turn| turn.number).collect();
    assert_eq!(numbers, (1..=20).collect());
    let of_a_round: BTreeSet<_> = turns.iter().map(|turn| (turn.round, turn.agent.clone())).collect();
    assert_eq!(of_a_round.len(), 20, "nobody had two turns of one round");
    assert_eq!(of_a_round.last().map(|(round, _)| *round), Some(4));
}

#[tokio::test]
async fn another_process_goes_on_where_the_first_one_stood_di_4() {
    let center = open(&["li", "wang", "zhang"], rotation(RotationPolicy::SignInOrder)).await;
    absent(&center, "wang").await;
    let before = [next(&center).await, next(&center).await];

    let center = center.reopen().await;

    assert_eq!(before, ["li", "zhang"]);
    assert_eq!(next(&center).await, "li", "wang was passed in the first round");
    let numbers: Vec<_> = turns(&center).await.iter().map(|turn| turn.number).collect();
    assert_eq!(numbers, [3, 2, 1]);
}

#[tokio::test]
async fn a_bad_rotation_is_refused_with_all_that_is_wrong() {
    let center = Center::open_with(&[("li", 5)]).await;
    center.create_unit("grid-2").await;
    center.create_agent("stranger", "grid-2", 5).await;
    let bad = Rotation {
        unit: "grid-1".to_owned(),
        time_zone: "Mars/Olympus".to_owned(),
        rush_threshold: -1,
        members: vec!["agents/li".to_owned(), "agents/li".to_owned()],
        ..Rotation::default()
    };
    let strangers = Rotation { members: names(&["stranger"]), ..rotation(RotationPolicy::Numbered) };

    let refused = set(&center, bad).await.unwrap_err();
    let not_of_unit = set(&center, strangers).await.unwrap_err();
    let none = take(&center, Arrival::default()).await.unwrap_err();

    let detail: kexiang_proto::rpc::BadRequest = kexiang_rpc::refusal::detail(&refused).unwrap();
    let fields: Vec<_> = detail.field_violations.iter().map(|violation| violation.field.as_str()).collect();
    let expected = ["unit", "policy", "time_zone", "members[1]", "rush_threshold"];
    assert_eq!(fields, expected.map(|field| format!("rotation.{field}")));
    assert_eq!(reason(&not_of_unit), "NOT_OF_UNIT");
    assert_eq!(none.code(), Code::NotFound);
}
