//! Rotations, rankings, arrivals and turns between the wire and the domain.

use jiff::{civil::Date, tz::TimeZone};
use kexiang_core::{AgentId, SiteId, id::TypedId};
use kexiang_proto::dispatch_v1 as pb;
use kexiang_rpc::{Violations, field, time};

use super::super::org::agents;
use crate::{
    app::{NewRanking, Reception},
    domain::rotation::{
        Ranking, Reorder, Rotation, RotationPolicy, RotationRules, TurnManner,
        reception::{Arrival, ArrivalState, Turn, Visitor},
    },
};

const MAX_AGENTS: usize = 1_000;
const MAX_REASON: usize = 1_000;
const MAX_BASIS: usize = 200;
const MAX_GROUP: i32 = 20;

/// Whose rotation, at which etag, and how it shall be.
type Rules = (SiteId, Option<i64>, RotationRules);

pub(super) fn rules(it: &pb::SetRotationRequest, all: &mut Violations) -> Option<Rules> {
    let site = all.check("site", field::slug_name(&it.site));
    let etag = all.check("etag", field::etag(&it.etag));
    let rotation = all.required("rotation", it.rotation.as_ref())?;
    let unit = all.check("rotation.unit", field::slug_name(&rotation.unit));
    let policy = field::word::<_, RotationPolicy>(
        rotation.policy,
        "ROTATION_POLICY_",
        pb::RotationPolicy::as_str_name,
    );
    let policy = all.check("rotation.policy", policy);
    let zone = all.check("rotation.time_zone", TimeZone::get(&rotation.time_zone));
    let members = agents("rotation.members", &rotation.members, MAX_AGENTS, all);
    if rotation.rush_threshold < 0 {
        all.add("rotation.rush_threshold", "INVALID_VALUE", "must not be negative");
    }
    let rules = RotationRules {
        unit: unit?,
        policy: policy?,
        time_zone: zone.map(|_| rotation.time_zone.clone())?,
        members: members?,
        rush_threshold: rotation.rush_threshold,
        trainees_help: rotation.trainees_help,
        one_at_a_time: rotation.one_at_a_time,
        assigns_orders: rotation.assigns_orders,
    };
    Some((site?, etag?, rules))
}

/// Whose rotation, at which etag, in which order, and why.
type NewOrder = (SiteId, Option<i64>, Vec<AgentId>, String);

pub(super) fn reorder(it: &pb::ReorderRotationRequest, all: &mut Violations) -> Option<NewOrder> {
    let site = all.check("site", field::slug_name(&it.site));
    let etag = all.check("etag", field::etag(&it.etag));
    let agents = agents("agents", &it.agents, MAX_AGENTS, all);
    if it.agents.is_empty() {
        all.add("agents", "REQUIRED", "is required");
    }
    let reason = all.check("reason", field::text(&it.reason, MAX_REASON));
    Some((site?, etag?, agents?, reason?))
}

pub(super) fn ranking(it: &pb::SetRankingRequest, all: &mut Violations) -> Option<(SiteId, NewRanking)> {
    let site = all.check("site", field::slug_name(&it.site));
    let ranking = all.required("ranking", it.ranking.as_ref())?;
    let period = all.check("ranking.period", period(&ranking.period));
    let agents = agents("ranking.agents", &ranking.agents, MAX_AGENTS, all);
    if ranking.agents.is_empty() {
        all.add("ranking.agents", "REQUIRED", "is required");
    }
    let basis = all.check("ranking.basis", field::text(&ranking.basis, MAX_BASIS));
    Some((site?, NewRanking { period: period?, agents: agents?, basis: basis? }))
}

/// A month or a day, as `2026-11` or `2026-11-24`.
pub(super) fn period(text: &str) -> Result<String, &'static str> {
    let is_day = text.len() == 10 && text.parse::<Date>().is_ok();
    let is_month = text.len() == 7 && format!("{text}-01").parse::<Date>().is_ok();
    if is_day || is_month {
        Ok(text.to_owned())
    } else {
        Err("must be a month as 2026-11 or a day as 2026-11-24")
    }
}

pub(super) fn visitor(arrival: Option<&pb::Arrival>, all: &mut Violations) -> Option<Visitor> {
    let unknown = pb::Arrival::default();
    let arrival = arrival.unwrap_or(&unknown);
    let customer = all.check("arrival.customer", field::optional(&arrival.customer, field::name));
    let owner = all.check("arrival.owner", field::optional(&arrival.owner, field::slug_name));
    if !(0..=MAX_GROUP).contains(&arrival.group_size) {
        all.add("arrival.group_size", "INVALID_VALUE", format!("must be 0 to {MAX_GROUP}"));
    }
    let group_size = arrival.group_size.max(1);
    Some(Visitor { customer: customer?, owner: owner?, key: arrival.key, group_size })
}

fn names<'a>(agents: impl IntoIterator<Item = &'a AgentId>) -> Vec<String> {
    agents.into_iter().map(AgentId::name).collect()
}

const fn policy_to_wire(policy: RotationPolicy) -> i32 {
    match policy {
        RotationPolicy::SignInOrder => pb::RotationPolicy::SignInOrder as i32,
        RotationPolicy::Numbered => pb::RotationPolicy::Numbered as i32,
        RotationPolicy::LastMonth => pb::RotationPolicy::LastMonth as i32,
        RotationPolicy::Yesterday => pb::RotationPolicy::Yesterday as i32,
    }
}

/// How a turn was given, as its number.
pub(in crate::grpc) const fn manner_to_wire(manner: TurnManner) -> i32 {
    match manner {
        TurnManner::InTurn => pb::TurnManner::InTurn as i32,
        TurnManner::Owner => pb::TurnManner::Owner as i32,
        TurnManner::Rush => pb::TurnManner::Rush as i32,
    }
}

pub(super) fn rotation_to_wire(rotation: Rotation) -> pb::Rotation {
    let Rotation { site, rules, round, turn_count, version } = rotation;
    pb::Rotation {
        site: site.name(),
        unit: rules.unit.name(),
        policy: policy_to_wire(rules.policy),
        time_zone: rules.time_zone,
        members: names(&rules.members),
        rush_threshold: rules.rush_threshold,
        trainees_help: rules.trainees_help,
        one_at_a_time: rules.one_at_a_time,
        assigns_orders: rules.assigns_orders,
        day: round.day.map(|day| day.to_string()).unwrap_or_default(),
        round: round.number,
        pending: names(&round.pending),
        passed: names(round.passed()),
        turn_count,
        etag: version.to_string(),
    }
}

pub(super) fn reorder_to_wire(reorder: Reorder) -> pb::RotationReorder {
    pb::RotationReorder {
        before: names(&reorder.before),
        after: names(&reorder.after),
        reason: reorder.reason,
        actor: reorder.actor,
        reorder_time: Some(time::to_wire(reorder.reordered_at)),
    }
}

pub(super) fn ranking_to_wire(ranking: Ranking) -> pb::Ranking {
    pb::Ranking {
        site: ranking.site.name(),
        period: ranking.period,
        agents: names(&ranking.agents),
        basis: ranking.basis,
        version: ranking.version,
        actor: ranking.actor,
        create_time: Some(time::to_wire(ranking.created_at)),
    }
}

pub(super) fn arrival_to_wire(arrival: Arrival) -> pb::Arrival {
    let state = match arrival.state {
        ArrivalState::Waiting => pb::ArrivalState::Waiting,
        ArrivalState::Served => pb::ArrivalState::Served,
        ArrivalState::Left => pb::ArrivalState::Left,
    };
    let visitor = arrival.visitor;
    pb::Arrival {
        name: arrival.id.name(),
        site: arrival.site.name(),
        state: state.into(),
        customer: visitor.customer.map(TypedId::name).unwrap_or_default(),
        owner: visitor.owner.map(|owner| owner.name()).unwrap_or_default(),
        key: visitor.key,
        group_size: visitor.group_size,
        arrive_time: Some(time::to_wire(arrival.arrived_at)),
        leave_time: arrival.left_at.map(time::to_wire),
        etag: arrival.version.to_string(),
    }
}

pub(super) fn turn_to_wire(turn: Turn) -> pb::Turn {
    let passed_over = turn.passed_over.into_iter().map(|passed| pb::PassedOver {
        agent: passed.agent.name(),
        explanation: passed.explanation,
        keeps_turn: passed.keeps_turn,
    });
    pb::Turn {
        name: turn.id.name(),
        site: turn.site.name(),
        number: turn.number,
        arrival: turn.arrival.name(),
        agent: turn.agent.name(),
        manner: manner_to_wire(turn.manner),
        policy: policy_to_wire(turn.policy),
        policy_version: turn.policy_version,
        ranking_version: turn.ranking_version.unwrap_or_default(),
        day: turn.day.to_string(),
        round: turn.round,
        passed_over: passed_over.collect(),
        explanation: turn.explanation,
        actor: turn.actor,
        serve_time: Some(time::to_wire(turn.served_at)),
        end_time: turn.ended_at.map(time::to_wire),
    }
}

pub(super) fn reception_to_wire(reception: Reception) -> pb::ServeResponse {
    pb::ServeResponse {
        arrival: Some(arrival_to_wire(reception.arrival)),
        turns: reception.turns.into_iter().map(turn_to_wire).collect(),
    }
}
