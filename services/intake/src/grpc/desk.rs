//! DeskService: published numbers, and what agents do.

use kexiang_core::{AgentId, SiteId, Timestamp};
use kexiang_proto::intake_v1::{self as pb, desk_service_server::DeskService};
use kexiang_rpc::{PageRequest, Violations, call, field, time};
use tonic::{Request, Response, Status};

use super::{DOMAIN, call_convert, published_numbers, status::status};
use crate::{
    app::{
        App,
        desk::{Agents, Said},
    },
    domain::{AgentState, AwayReason},
};

type Answer<T> = Result<Response<T>, Status>;

/// The longest span of time in one list of agents' states, in seconds.
const LONGEST_SPAN_SECONDS: i64 = 31 * 24 * 3600;

/// DeskService over the use cases.
#[derive(Clone)]
pub struct Desks {
    app: App,
}

impl Desks {
    /// Serves these use cases.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl DeskService for Desks {
    async fn create_published_number(
        &self,
        request: Request<pb::CreatePublishedNumberRequest>,
    ) -> Answer<pb::PublishedNumber> {
        published_numbers::create(&self.app, request).await.map(Response::new)
    }

    async fn get_published_number(
        &self,
        request: Request<pb::GetPublishedNumberRequest>,
    ) -> Answer<pb::PublishedNumber> {
        published_numbers::get(&self.app, request).await.map(Response::new)
    }

    async fn list_published_numbers(
        &self,
        request: Request<pb::ListPublishedNumbersRequest>,
    ) -> Answer<pb::ListPublishedNumbersResponse> {
        published_numbers::list(&self.app, request).await.map(Response::new)
    }

    async fn update_published_number(
        &self,
        request: Request<pb::UpdatePublishedNumberRequest>,
    ) -> Answer<pb::PublishedNumber> {
        published_numbers::update(&self.app, request).await.map(Response::new)
    }

    async fn delete_published_number(
        &self,
        request: Request<pb::DeletePublishedNumberRequest>,
    ) -> Answer<pb::PublishedNumber> {
        published_numbers::delete(&self.app, request).await.map(Response::new)
    }

    async fn set_agent_state(
        &self,
        request: Request<pb::SetAgentStateRequest>,
    ) -> Answer<pb::AgentStateInterval> {
        let mut violations = Violations::default();
        let call = call(&request, "SetAgentState", &request.get_ref().request_id, &mut violations)?;
        let said = read_said(request.get_ref(), &mut violations);
        let (call, said) = violations.into_result(DOMAIN, call.zip(said))?;
        let interval = self.app.set_agent_state(&call, said).await.map_err(status)?;
        Ok(Response::new(call_convert::interval(&interval)))
    }

    async fn list_agent_states(
        &self,
        request: Request<pb::ListAgentStatesRequest>,
    ) -> Answer<pb::ListAgentStatesResponse> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let agents = read_agents(&request, &mut violations);
        let span = read_span(&request, &mut violations);
        let bound_to =
            pb::ListAgentStatesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let page = PageRequest::<(AgentId, Timestamp)>::read(
            request.page_size,
            &request.page_token,
            &bound_to,
            &mut violations,
        );
        let ((agents, (from, until)), page) = violations.into_result(DOMAIN, agents.zip(span).zip(page))?;
        let intervals = self.app.list_agent_states(&agents, from, until).await.map_err(status)?;
        let is_later = |agent: &AgentId, at: Timestamp| {
            page.after.as_ref().is_none_or(|(last, from)| (last, *from) < (agent, at))
        };
        let rest = intervals.into_iter().filter(|interval| is_later(&interval.agent, interval.from));
        let limit = usize::try_from(page.limit + 1).unwrap_or(usize::MAX);
        let mut intervals: Vec<_> = rest.take(limit).collect();
        let next_page_token = page.cut(&mut intervals, |interval| (interval.agent.clone(), interval.from));
        let intervals = intervals.iter().map(call_convert::interval).collect();
        Ok(Response::new(pb::ListAgentStatesResponse { intervals, next_page_token }))
    }

    async fn get_desk_load(&self, request: Request<pb::GetDeskLoadRequest>) -> Answer<pb::DeskLoad> {
        let request = request.into_inner();
        let now = self.app.clock().now();
        let mut violations = Violations::default();
        let site: Option<SiteId> = violations.check("site", field::slug_name(&request.site));
        let instant = violations.check("time", time::optional_timestamp(request.time.as_ref()));
        if instant.flatten().is_some_and(|instant| instant > now) {
            violations.add("time", "IN_THE_FUTURE", "must not be in the future");
        }
        let (site, instant) = violations.into_result(DOMAIN, site.zip(instant))?;
        let instant = instant.unwrap_or(now);
        let load = self.app.get_desk_load(&site, instant).await.map_err(status)?;
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let agents = load.agents.into_iter().map(|(state, agents)| pb::desk_load::Agents {
            state: call_convert::agent_state(state),
            count: count(agents),
        });
        Ok(Response::new(pb::DeskLoad {
            site: site.name(),
            time: Some(time::to_wire(instant)),
            calls_waiting: count(load.waiting),
            agents: agents.collect(),
        }))
    }
}

fn read_said(request: &pb::SetAgentStateRequest, violations: &mut Violations) -> Option<Said> {
    let site = violations.check("site", field::slug_name(&request.site));
    let state =
        field::word::<pb::AgentState, AgentState>(request.state, "AGENT_STATE_", pb::AgentState::as_str_name);
    let state = violations.check("state", state);
    type Wire = pb::AwayReason;
    let reason =
        field::optional_word::<Wire, AwayReason>(request.away_reason, "AWAY_REASON_", Wire::as_str_name);
    let reason = violations.check("away_reason", reason);
    if state.is_some_and(|state| !state.is_said()) {
        violations.add("state", "FOLLOWS_FROM_CALLS", "must be AVAILABLE, AWAY or SIGNED_OUT");
    }
    match (state, reason) {
        (Some(AgentState::Away), Some(None)) => {
            violations.add("away_reason", "REQUIRED", "is required with AWAY");
        }
        (Some(AgentState::Away) | None, _) | (_, Some(None) | None) => {}
        (Some(_), Some(Some(_))) => violations.add("away_reason", "CONTRADICTION", "goes with AWAY only"),
    }
    Some(Said { site: site?, state: state?, away_reason: reason? })
}

fn read_agents(request: &pb::ListAgentStatesRequest, violations: &mut Violations) -> Option<Agents> {
    let agent = violations.check("agent", field::optional(&request.agent, field::slug_name));
    let site = violations.check("site", field::optional(&request.site, field::slug_name));
    match (agent?, site?) {
        (Some(agent), None) => Some(Agents::One(agent)),
        (None, Some(site)) => Some(Agents::At(site)),
        (None, None) => violations.check("agent", Err("is required, or site")),
        (Some(_), Some(_)) => violations.check("site", Err("goes without agent only")),
    }
}

fn read_span(
    request: &pb::ListAgentStatesRequest,
    violations: &mut Violations,
) -> Option<(Timestamp, Timestamp)> {
    let mut required = |name: &str, wire: Option<&prost_types::Timestamp>| {
        let wire = violations.required(name, wire)?;
        violations.check(name, time::timestamp(wire))
    };
    let from = required("from_time", request.from_time.as_ref());
    let until = required("until_time", request.until_time.as_ref());
    let (from, until) = (from?, until?);
    let seconds = until.as_second().saturating_sub(from.as_second());
    if until <= from {
        violations.add("until_time", "BEFORE_START", "must be after from_time");
    } else if seconds > LONGEST_SPAN_SECONDS {
        violations.add("until_time", "TOO_LONG", "must be at most 31 days after from_time");
    }
    Some((from, until))
}
