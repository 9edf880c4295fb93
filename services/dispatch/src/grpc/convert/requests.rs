//! Requests that change something, read whole: every violation at once, each with its path.

use kexiang_core::{
    AgentId, Call, Satisfaction, TaskId, UnitId, WorkOrderId,
    id::{Marker, TypedId},
    slug::{Slug, SlugMarker},
};
use kexiang_proto::{dispatch_v1 as pb, type_v1};
use kexiang_rpc::{Refusal, Violations, call, field};
use prost::Message;
use tonic::{Request, Status};

use crate::{
    app::{NewAgent, NewRoute, NewUnit, Target},
    domain::{routing::Conditions, task::Attempt, unit::DEFAULT_CAPACITY, work_order::Proof},
    grpc::DOMAIN,
};

const MAX_DISPLAY_NAME: usize = 200;
const MAX_CAPACITY: i32 = 100_000;
const MAX_CATEGORY: usize = 200;
const MAX_DISTRICT: usize = 100;
const MAX_REASON: usize = 1_000;
const MAX_REPORT: usize = 10_000;
const MAX_EVIDENCE: usize = 50;
const MAX_REFERENCE: usize = 500;
const MAX_WORDS: usize = 4_000;

/// The id in a field `name`.
pub(in crate::grpc) fn name<M: Marker>(text: &str) -> Result<TypedId<M>, Refusal> {
    let mut violations = Violations::default();
    let id = violations.check("name", field::name(text));
    violations.into_result(DOMAIN, id)
}

/// The chosen id in a field `name`.
pub(in crate::grpc) fn slug_name<M: SlugMarker>(text: &str) -> Result<Slug<M>, Refusal> {
    let mut violations = Violations::default();
    let id = violations.check("name", field::slug_name(text));
    violations.into_result(DOMAIN, id)
}

/// The call of a request that changes something, and what `read` makes of it. A bad `request_id` is one violation among the
/// others.
pub(in crate::grpc) fn change<M: Message, T>(
    request: &Request<M>,
    method: &'static str,
    request_id: &str,
    read: impl FnOnce(&M, &mut Violations) -> Option<T>,
) -> Result<(Call, T), Status> {
    let mut violations = Violations::default();
    let call = call(request, method, request_id, &mut violations)?;
    let read = read(request.get_ref(), &mut violations);
    Ok(violations.into_result(DOMAIN, call.zip(read))?)
}

pub(in crate::grpc) fn create_unit(
    request: &pb::CreateUnitRequest,
    violations: &mut Violations,
) -> Option<NewUnit> {
    let id = violations.check("unit_id", UnitId::parse(&request.unit_id));
    let unit = violations.required("unit", request.unit.as_ref())?;
    let display_name =
        violations.check("unit.display_name", field::text(&unit.display_name, MAX_DISPLAY_NAME));
    let parent = violations.check("unit.parent", field::optional(&unit.parent, field::slug_name));
    let level = field::optional_word(unit.level, "UNIT_LEVEL_", pb::UnitLevel::as_str_name);
    let level = violations.check("unit.level", level);
    Some(NewUnit { id: id?, display_name: display_name?, parent: parent?, level: level? })
}

/// The agent that a request is about.
pub(in crate::grpc) fn agent(name: &str, violations: &mut Violations) -> Option<AgentId> {
    violations.check("name", field::slug_name(name))
}

pub(in crate::grpc) fn create_agent(
    request: &pb::CreateAgentRequest,
    violations: &mut Violations,
) -> Option<NewAgent> {
    let id = violations.check("agent_id", AgentId::parse(&request.agent_id));
    let agent = violations.required("agent", request.agent.as_ref())?;
    let display_name =
        violations.check("agent.display_name", field::text(&agent.display_name, MAX_DISPLAY_NAME));
    let unit = violations.check("agent.unit", field::slug_name(&agent.unit));
    let capacity = violations.check("agent.capacity", capacity(agent.capacity));
    Some(NewAgent { id: id?, display_name: display_name?, unit: unit?, capacity: capacity? })
}

fn capacity(given: i32) -> Result<i32, String> {
    match given {
        0 => Ok(DEFAULT_CAPACITY),
        1..=MAX_CAPACITY => Ok(given),
        _ => Err(format!("must be 0 to {MAX_CAPACITY}")),
    }
}

pub(in crate::grpc) fn create_route(
    request: &pb::CreateRouteRequest,
    violations: &mut Violations,
) -> Option<NewRoute> {
    let route = violations.required("route", request.route.as_ref())?;
    let site = violations.check("route.site", field::slug_name(&route.site));
    let conditions = conditions(route, violations);
    let unit = violations.check("route.unit", field::slug_name(&route.unit));
    Some(NewRoute { site: site?, conditions: conditions?, unit: unit? })
}

fn conditions(route: &pb::Route, violations: &mut Violations) -> Option<Conditions> {
    let kind = field::optional_word(route.kind, "KIND_", type_v1::Kind::as_str_name);
    let kind = violations.check("route.kind", kind);
    let channel = field::optional_word(route.channel, "CHANNEL_", type_v1::Channel::as_str_name);
    let channel = violations.check("route.channel", channel);
    let category_prefix = field::optional_text(&route.category_prefix, MAX_CATEGORY);
    let category_prefix = violations.check("route.category_prefix", category_prefix);
    let district = violations.check("route.district", field::optional_text(&route.district, MAX_DISTRICT));
    Some(Conditions {
        kind: kind?,
        channel: channel?,
        category_prefix: category_prefix?.unwrap_or_default(),
        district: district?.unwrap_or_default(),
    })
}

/// What a request is meant for, and the version that it is meant for.
pub(in crate::grpc) fn target<M: Marker>(
    name: &str,
    etag: &str,
    violations: &mut Violations,
) -> Option<Target<TypedId<M>>> {
    let id = violations.check("name", field::name(name));
    let version = violations.check("etag", field::etag(etag));
    Some(Target { id: id?, version: version? })
}

pub(in crate::grpc) fn finish_work_order(
    request: &pb::FinishWorkOrderRequest,
    violations: &mut Violations,
) -> Option<(Target<WorkOrderId>, Proof)> {
    let target = target(&request.name, &request.etag, violations);
    let proof = violations.required("proof", request.proof.as_ref());
    let proof = proof.and_then(|proof| self::proof(proof, violations));
    target.zip(proof)
}

fn proof(proof: &pb::Proof, violations: &mut Violations) -> Option<Proof> {
    let report = violations.check("proof.report", field::text(&proof.report, MAX_REPORT));
    if !(1..=MAX_EVIDENCE).contains(&proof.evidence.len()) {
        let description = format!("must have 1 to {MAX_EVIDENCE} references");
        violations.add("proof.evidence", "INVALID_VALUE", description);
    }
    let evidence: Vec<Option<String>> = proof
        .evidence
        .iter()
        .enumerate()
        .map(|(at, reference)| {
            violations.check(&format!("proof.evidence[{at}]"), field::text(reference, MAX_REFERENCE))
        })
        .collect();
    Some(Proof { report: report?, evidence: evidence.into_iter().collect::<Option<_>>()? })
}

pub(in crate::grpc) fn return_work_order(
    request: &pb::ReturnWorkOrderRequest,
    violations: &mut Violations,
) -> Option<(Target<WorkOrderId>, String)> {
    let target = target(&request.name, &request.etag, violations);
    let reason = violations.check("reason", field::text(&request.reason, MAX_REASON));
    target.zip(reason)
}

/// Whose order, to whom (none: by policy), and why.
pub(in crate::grpc) type Reassignment = (Target<WorkOrderId>, Option<AgentId>, String);

pub(in crate::grpc) fn reassign_work_order(
    request: &pb::ReassignWorkOrderRequest,
    violations: &mut Violations,
) -> Option<Reassignment> {
    let target = target(&request.name, &request.etag, violations);
    let agent = violations.check("agent", field::optional(&request.agent, field::slug_name));
    let reason = violations.check("reason", field::text(&request.reason, MAX_REASON));
    Some((target?, agent?, reason?))
}

pub(in crate::grpc) fn record_return_visit(
    request: &pb::RecordReturnVisitRequest,
    violations: &mut Violations,
) -> Option<(Target<TaskId>, Attempt)> {
    let target = target(&request.name, &request.etag, violations);
    let words = violations.check("words", field::optional_text(&request.words, MAX_WORDS));
    let satisfaction =
        field::optional_word(request.satisfaction, "SATISFACTION_", type_v1::Satisfaction::as_str_name);
    let satisfaction = violations.check("satisfaction", satisfaction);
    let attempt = attempt(satisfaction, words, request.not_reached, violations);
    target.zip(attempt)
}

fn attempt(
    satisfaction: Option<Option<Satisfaction>>,
    words: Option<Option<String>>,
    not_reached: bool,
    violations: &mut Violations,
) -> Option<Attempt> {
    match (satisfaction?, not_reached) {
        (Some(satisfaction), false) => Some(Attempt::Answered { satisfaction, words: words? }),
        (None, true) => Some(Attempt::NotReached { words: words? }),
        (None, false) => {
            violations.add("satisfaction", "REQUIRED", "is required unless not_reached");
            None
        }
        (Some(_), true) => {
            violations.add("satisfaction", "INVALID_VALUE", "excludes not_reached");
            None
        }
    }
}
