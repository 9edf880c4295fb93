//! DI-3, DI-4: names and turns written out, and random days against a plain model of the rules.

use std::collections::BTreeMap;

use jiff::civil::date;
use kexiang_core::{AgentId, SiteId, UnitId};
use proptest::prelude::{Strategy, prop, prop_assert, prop_assert_eq, proptest};

use super::{
    Bar, Line, Ranking, Rotation, RotationPolicy, RotationRules, Standing, TurnManner, reception::Visitor,
    round::Standings,
};
use crate::domain::unit::Absence;

fn agent(id: &str) -> AgentId {
    AgentId::parse(id).unwrap()
}

fn agents(ids: &[&str]) -> Vec<AgentId> {
    ids.iter().map(|id| agent(id)).collect()
}

fn rules(policy: RotationPolicy) -> RotationRules {
    RotationRules {
        unit: UnitId::parse("sales").unwrap(),
        policy,
        time_zone: "Asia/Shanghai".to_owned(),
        members: Vec::new(),
        rush_threshold: 2,
        trainees_help: true,
        one_at_a_time: false,
        assigns_orders: false,
    }
}

fn rotation(policy: RotationPolicy) -> Rotation {
    Rotation::new(SiteId::parse("main").unwrap(), rules(policy))
}

fn line_on(day: i8, ids: &[&str]) -> Line {
    Line { day: date(2026, 11, day), agents: agents(ids), ranking_version: None }
}

/// All receive but `out`; `xu` is a trainee.
fn standings(ids: &[&str], out: &[&str]) -> Standings {
    let standing = |id: &&str| {
        let bar = out.contains(id).then_some(Bar::Absent(Absence::Break));
        (agent(id), Standing { bar, trainee: *id == "xu" })
    };
    ids.iter().map(standing).collect()
}

fn walk_in() -> Visitor {
    Visitor { customer: None, owner: None, key: false, group_size: 1 }
}

/// Who serves the next customer.
fn serve(rotation: &mut Rotation, line: &Line, standings: &Standings) -> String {
    let served = rotation.receive(&walk_in(), line, standings, 0).unwrap();
    served[0].agent.to_string()
}

const THREE: &[&str] = &["li", "wang", "zhang"];

#[test]
fn turns_go_round_in_order_di_3() {
    let (mut rotation, line) = (rotation(RotationPolicy::Numbered), line_on(24, THREE));
    let all = standings(THREE, &[]);

    let turns: Vec<_> = (0..7).map(|_| serve(&mut rotation, &line, &all)).collect();

    assert_eq!(turns, ["li", "wang", "zhang", "li", "wang", "zhang", "li"]);
    assert_eq!(rotation.round.number, 3);
}

#[test]
fn by_number_the_round_goes_on_the_next_day_and_by_sign_in_a_new_one_begins_di_3() {
    for (policy, expected) in [(RotationPolicy::Numbered, "wang"), (RotationPolicy::SignInOrder, "li")] {
        let mut rotation = rotation(policy);
        serve(&mut rotation, &line_on(24, THREE), &standings(THREE, &[]));

        let next_day = serve(&mut rotation, &line_on(25, THREE), &standings(THREE, &[]));

        assert_eq!(next_day, expected, "{policy}");
    }
}

#[test]
fn rankings_make_the_order_and_who_is_not_ranked_follows_by_number_di_3() {
    let ranking = Ranking {
        site: SiteId::parse("main").unwrap(),
        period: "2026-10".to_owned(),
        version: 3,
        agents: agents(&["zhang", "gone", "li"]),
        basis: "deals".to_owned(),
        actor: "services/reporting".to_owned(),
        created_at: jiff::Timestamp::UNIX_EPOCH,
    };
    let by_month = rules(RotationPolicy::LastMonth);

    let line = by_month.line(date(2026, 11, 24), &agents(&["chen", "li", "zhang"]), &[], Some(&ranking));

    assert_eq!(line.agents, agents(&["zhang", "li", "chen"]));
    assert_eq!(line.ranking_version, Some(3));
    assert_eq!(by_month.ranking_period(date(2026, 1, 1)).as_deref(), Some("2025-12"));
    let by_day = rules(RotationPolicy::Yesterday);
    assert_eq!(by_day.ranking_period(date(2026, 3, 1)).as_deref(), Some("2026-02-28"));
}

#[test]
fn absent_at_ones_turn_the_next_is_served_and_one_rejoins_in_the_next_round_di_4() {
    let (mut rotation, line) = (rotation(RotationPolicy::SignInOrder), line_on(24, THREE));

    let first = rotation.receive(&walk_in(), &line, &standings(THREE, &["li"]), 0).unwrap().remove(0);
    let rest: Vec<_> = (0..3).map(|_| serve(&mut rotation, &line, &standings(THREE, &[]))).collect();

    assert_eq!(first.agent, agent("wang"));
    assert_eq!(first.passed_over[0].agent, agent("li"));
    assert_eq!(first.passed_over[0].explanation, "is on a break; rejoins in round 2");
    assert_eq!(first.explanation, "turn 2 of round 1, by the day's sign-in order; 1 before them passed over");
    assert_eq!(rest, ["zhang", "li", "wang"]);
}

#[test]
fn back_before_being_passed_one_keeps_the_turn_of_this_round_di_4() {
    let (mut rotation, line) = (rotation(RotationPolicy::SignInOrder), line_on(24, THREE));

    let first = serve(&mut rotation, &line, &standings(THREE, &["wang"]));
    let second = serve(&mut rotation, &line, &standings(THREE, &[]));

    assert_eq!((first.as_str(), second.as_str()), ("li", "wang"));
}

#[test]
fn where_nobody_receives_nobody_loses_a_turn_di_4() {
    let (mut rotation, line) = (rotation(RotationPolicy::SignInOrder), line_on(24, THREE));
    serve(&mut rotation, &line, &standings(THREE, &[]));
    let before = rotation.clone();

    let refused = rotation.receive(&walk_in(), &line, &standings(THREE, THREE), 0).unwrap_err();

    assert_eq!((refused.needed, refused.available), (1, 0));
    assert_eq!(rotation, before);
}

#[test]
fn who_signs_in_late_stands_at_the_end_of_this_round_di_4() {
    let mut rotation = rotation(RotationPolicy::SignInOrder);
    serve(&mut rotation, &line_on(24, &["li", "wang"]), &standings(THREE, &[]));

    let line = line_on(24, THREE);
    let turns: Vec<_> = (0..3).map(|_| serve(&mut rotation, &line, &standings(THREE, &[]))).collect();

    assert_eq!(turns, ["wang", "zhang", "li"]);
}

#[test]
fn the_owner_serves_out_of_turn_without_losing_theirs_di_4() {
    let (mut rotation, line) = (rotation(RotationPolicy::Numbered), line_on(24, THREE));
    let returning = Visitor { owner: Some(agent("wang")), ..walk_in() };

    let owner = rotation.receive(&returning, &line, &standings(THREE, &[]), 0).unwrap().remove(0);
    let turns: Vec<_> = (0..3).map(|_| serve(&mut rotation, &line, &standings(THREE, &[]))).collect();

    assert_eq!((owner.agent, owner.manner), (agent("wang"), TurnManner::Owner));
    assert_eq!(turns, ["li", "wang", "zhang"]);
}

#[test]
fn an_absent_owner_is_told_and_whose_turn_it_is_serves_di_4() {
    let (mut rotation, line) = (rotation(RotationPolicy::Numbered), line_on(24, THREE));
    let returning = Visitor { owner: Some(agent("wang")), ..walk_in() };

    let served = rotation.receive(&returning, &line, &standings(THREE, &["wang"]), 0).unwrap().remove(0);

    assert_eq!((served.agent, served.manner), (agent("li"), TurnManner::InTurn));
    let words = "the customer is theirs, but the owner is on a break";
    assert_eq!((served.passed_over.len(), served.passed_over[0].explanation.as_str()), (1, words));
}

#[test]
fn a_group_takes_several_in_order_over_the_end_of_a_round_di_4() {
    let (mut rotation, line) = (rotation(RotationPolicy::Numbered), line_on(24, THREE));
    serve(&mut rotation, &line, &standings(THREE, &[]));
    serve(&mut rotation, &line, &standings(THREE, &[]));
    let group = Visitor { group_size: 3, ..walk_in() };

    let served = rotation.receive(&group, &line, &standings(THREE, &[]), 0).unwrap();
    let too_large = Visitor { group_size: 4, ..walk_in() };
    let refused = rotation.receive(&too_large, &line, &standings(THREE, &[]), 0).unwrap_err();

    let names: Vec<_> = served.iter().map(|served| served.agent.as_str()).collect();
    assert_eq!(names, ["zhang", "li", "wang"]);
    assert_eq!((refused.needed, refused.available), (4, 3));
    assert_eq!(serve(&mut rotation, &line, &standings(THREE, &[])), "zhang");
}

#[test]
fn at_rush_order_gives_way_to_who_served_least_and_a_trainee_helps_where_nobody_else_can_di_4() {
    let (mut rotation, line) = (rotation(RotationPolicy::Numbered), line_on(24, THREE));
    let with_trainee = &["li", "wang", "zhang", "xu"];
    let all = standings(with_trainee, &[]);
    let busy = standings(with_trainee, THREE);
    serve(&mut rotation, &line, &all);

    let mut rush = |standings: &Standings| {
        let served = rotation.receive(&walk_in(), &line, standings, 3).unwrap().remove(0);
        assert_eq!((served.manner, served.passed_over.len()), (TurnManner::Rush, 0));
        served.agent.to_string()
    };
    let turns = [rush(&standings(with_trainee, &["wang"])), rush(&busy), rush(&all)];
    let no_rush = rotation.receive(&walk_in(), &line, &busy, 2).is_err();

    assert_eq!(turns, ["zhang", "xu", "wang"]);
    assert!(no_rush, "a trainee helps at rush only");
    assert_eq!(serve(&mut rotation, &line, &all), "li", "all had their turn of the first round");
}

#[test]
fn a_supervisor_reorders_what_is_left_and_only_that_di_4() {
    let (mut rotation, line) = (rotation(RotationPolicy::Numbered), line_on(24, THREE));
    serve(&mut rotation, &line, &standings(THREE, &[]));

    let all_three = rotation.clone().reorder(&line, agents(&["zhang", "wang", "li"]));
    rotation.reorder(&line, agents(&["zhang", "wang"])).unwrap();

    assert!(all_three.is_err(), "li had their turn");
    let turns: Vec<_> = (0..3).map(|_| serve(&mut rotation, &line, &standings(THREE, &[]))).collect();
    assert_eq!(turns, ["zhang", "wang", "li"]);
}

/// The rules once more, as plainly as they can be said: a queue of people, the head served.
#[derive(Default)]
struct Model {
    queue: Vec<usize>,
    began: bool,
}

impl Model {
    /// Serves by walking down the queue of this round, then of the next one.
    fn serve(&mut self, count: usize, away: &[bool], taken: &[usize]) -> Option<usize> {
        if !self.began {
            (self.began, self.queue) = (true, (0..count).collect());
        }
        let receives = |one: &usize| !away[*one] && !taken.contains(one);
        if let Some(at) = self.queue.iter().position(receives) {
            let one = self.queue[at];
            let kept = self.queue[..at].iter().filter(|one| taken.contains(one)).copied();
            self.queue = kept.chain(self.queue[at + 1..].iter().copied()).collect();
            return Some(one);
        }
        let one = (0..count).find(|one| receives(one))?;
        let kept = self.queue.iter().filter(|one| taken.contains(one)).copied();
        let kept_again = (0..one).filter(|one| taken.contains(one));
        self.queue = kept.chain(kept_again).chain(one + 1..count).collect();
        Some(one)
    }
}

/// What happens on a random day.
#[derive(Debug, Clone)]
enum Step {
    /// Customers come, as a group of so many.
    Arrival(usize),
    /// An agent goes away or comes back.
    Toggle(usize),
}

fn day() -> impl Strategy<Value = (usize, Vec<Step>)> {
    let step = (0..10_usize, 0..6_usize).prop_map(|(kind, number)| match kind {
        0..=5 => Step::Arrival(1),
        6 => Step::Arrival(2 + number % 3),
        _ => Step::Toggle(number),
    });
    (1..6_usize, prop::collection::vec(step, 0..80))
}

proptest! {
    #[test]
    fn a_random_day_goes_as_the_plain_model_says((count, steps) in day(), carried in prop::bool::ANY) {
        let policy = if carried { RotationPolicy::Numbered } else { RotationPolicy::SignInOrder };
        let ids: Vec<AgentId> = (0..count).map(|at| agent(&format!("a{at}"))).collect();
        let line = Line { day: date(2026, 11, 24), agents: ids.clone(), ranking_version: None };
        let (mut rotation, mut model, mut away) = (rotation(policy), Model::default(), vec![false; count]);
        for step in steps {
            match step {
                Step::Toggle(at) => away[at % count] ^= true,
                Step::Arrival(size) => {
                    let standing = |at: usize| {
                        let bar = away[at].then_some(Bar::SignedOut);
                        (ids[at].clone(), Standing { bar, trainee: false })
                    };
                    let standings: BTreeMap<_, _> = (0..count).map(standing).collect();
                    let group = Visitor { group_size: i32::try_from(size).unwrap(), ..walk_in() };

                    let served = rotation.receive(&group, &line, &standings, 0);

                    if away.iter().filter(|away| !**away).count() < size {
                        prop_assert!(served.is_err());
                        continue;
                    }
                    let mut taken = Vec::new();
                    for served in served.unwrap() {
                        let expected = model.serve(count, &away, &taken).unwrap();
                        prop_assert_eq!(&served.agent, &ids[expected]);
                        taken.push(expected);
                    }
                }
            }
        }
    }

    #[test]
    fn where_nobody_is_absent_shares_differ_by_one_turn_at_most(
        count in 1..8_usize,
        groups in prop::collection::vec(1..4_usize, 0..60),
        policy in prop::sample::select(RotationPolicy::ALL.to_vec()),
    ) {
        let ids: Vec<AgentId> = (0..count).map(|at| agent(&format!("a{at}"))).collect();
        let line = Line { day: date(2026, 11, 24), agents: ids.clone(), ranking_version: None };
        let standings: Standings = ids.iter().map(|id| (id.clone(), Standing::default())).collect();
        let mut rotation = rotation(policy);
        let mut shares: BTreeMap<AgentId, u32> = ids.iter().map(|id| (id.clone(), 0)).collect();
        for size in groups {
            let group = Visitor { group_size: i32::try_from(size.min(count)).unwrap(), ..walk_in() };
            for served in rotation.receive(&group, &line, &standings, 0).unwrap() {
                prop_assert!(served.passed_over.is_empty());
                *shares.get_mut(&served.agent).unwrap() += 1;
            }
            let (least, most) = (shares.values().min().unwrap(), shares.values().max().unwrap());
            prop_assert!(most - least <= 1, "{shares:?}");
        }
    }
}
