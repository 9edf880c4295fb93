//! FollowUpService: handlers, what they read and what they write.

use kexiang_core::{AgentId, ConductFindingId, ContactId, CustomerId, Timestamp};
use kexiang_proto::customers_v1::{self as pb, follow_up_service_server::FollowUpService};
use kexiang_rpc::{PageRequest, Violations, call, field, time};
use tonic::{Request, Response, Status};

use super::{
    ownership::write::{agent, site},
    status::{ownership::follow_up_status as status, read as checked},
};
use crate::{
    app::{App, follow_ups::FollowUpFilter},
    domain::follow_up::{
        ConductRule, Finding, FollowUp, FollowUpFacts, LATEST_RECORD, MAX_CONTENT, MAX_NEXT_STEP,
        NewFollowUp, Way,
    },
};

type Answer<T> = Result<Response<T>, Status>;

/// A time may be this far in the future: clocks differ.
const CLOCK_SKEW_SECONDS: i64 = 60;

/// FollowUpService over the use cases.
#[derive(Clone)]
pub struct FollowUps {
    app: App,
}

impl FollowUps {
    /// Serves the use cases of `app`.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl FollowUpService for FollowUps {
    async fn record_follow_up(&self, request: Request<pb::RecordFollowUpRequest>) -> Answer<pb::FollowUp> {
        let mut violations = Violations::default();
        let call = call(&request, "RecordFollowUp", &request.get_ref().request_id, &mut violations)?;
        let new = violations.required("follow_up", request.get_ref().follow_up.as_ref());
        let new = new.and_then(|new| read(new, self.app.clock().now(), &mut violations));
        let (call, new) = checked(violations, call.zip(new))?;

        let follow_up = self.app.record_follow_up(&call, new).await.map_err(status)?;
        Ok(Response::new(write(follow_up)))
    }

    async fn get_follow_up(&self, request: Request<pb::GetFollowUpRequest>) -> Answer<pb::FollowUp> {
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.get_ref().name));
        let id = checked(violations, id)?;

        let follow_up = self.app.get_follow_up(id).await.map_err(status)?;
        Ok(Response::new(write(follow_up)))
    }

    async fn list_follow_ups(
        &self,
        request: Request<pb::ListFollowUpsRequest>,
    ) -> Answer<pb::ListFollowUpsResponse> {
        let request = request.into_inner();
        let bound_to =
            pb::ListFollowUpsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let mut violations = Violations::default();
        let filter = read_filter(&request, &mut violations);
        let page =
            PageRequest::<i64>::read(request.page_size, &request.page_token, &bound_to, &mut violations);
        let (filter, page) = checked(violations, filter.zip(page))?;

        let found = self.app.list_follow_ups(&filter, page.after, page.limit + 1).await;
        let mut found = found.map_err(status)?;
        let next_page_token = page.cut(&mut found, |(_, place)| *place);
        let follow_ups = found.into_iter().map(|(follow_up, _)| write(follow_up)).collect();
        Ok(Response::new(pb::ListFollowUpsResponse { follow_ups, next_page_token }))
    }

    async fn list_conduct_findings(
        &self,
        request: Request<pb::ListConductFindingsRequest>,
    ) -> Answer<pb::ListConductFindingsResponse> {
        let request = request.into_inner();
        let bound_to = pb::ListConductFindingsRequest { agent: request.agent.clone(), ..Default::default() };
        let mut violations = Violations::default();
        let agent: Option<Option<AgentId>> =
            violations.check("agent", field::optional(&request.agent, field::slug_name));
        let page = PageRequest::<ConductFindingId>::read(
            request.page_size,
            &request.page_token,
            &bound_to,
            &mut violations,
        );
        let (agent, page) = checked(violations, agent.zip(page))?;

        let findings = self.app.list_conduct_findings(agent.as_ref(), page.after, page.limit + 1).await;
        let mut findings = findings.map_err(status)?;
        let next_page_token = page.cut(&mut findings, |finding| finding.finding_id);
        let findings = findings.iter().map(finding).collect();
        Ok(Response::new(pb::ListConductFindingsResponse { findings, next_page_token }))
    }
}

fn read(wire: &pb::FollowUp, now: Timestamp, violations: &mut Violations) -> Option<NewFollowUp> {
    let customer: Option<CustomerId> = violations.check("follow_up.customer", field::name(&wire.customer));
    let site = violations.check("follow_up.site", field::optional(&wire.site, field::slug_name));
    let followed_at = read_time(wire, now, violations);
    let way = field::word::<pb::FollowUpWay, Way>(wire.way, "FOLLOW_UP_WAY_", pb::FollowUpWay::as_str_name);
    let way = violations.check("follow_up.way", way);
    let content = violations.check("follow_up.content", field::text(&wire.content, MAX_CONTENT));
    let next_step = field::optional_text(&wire.next_step, MAX_NEXT_STEP);
    let next_step = violations.check("follow_up.next_step", next_step);
    let next_step_at = time::optional_timestamp(wire.next_step_time.as_ref());
    let next_step_at = violations.check("follow_up.next_step_time", next_step_at);
    let followed = followed_at.flatten().unwrap_or(now);
    if next_step_at.flatten().is_some_and(|at| at <= followed) {
        violations.add("follow_up.next_step_time", "INVALID_VALUE", "must be after follow_up_time");
    }
    let contact: Option<Option<ContactId>> =
        violations.check("follow_up.contact", field::optional(&wire.contact, field::name));
    Some(NewFollowUp {
        customer_id: customer?,
        site: site?,
        followed_at: followed_at?,
        way: way?,
        content: content?,
        next_step: next_step?,
        next_step_at: next_step_at?,
        contact_id: contact?,
    })
}

fn read_time(wire: &pb::FollowUp, now: Timestamp, violations: &mut Violations) -> Option<Option<Timestamp>> {
    const PATH: &str = "follow_up.follow_up_time";
    let followed_at = violations.check(PATH, time::optional_timestamp(wire.follow_up_time.as_ref()))?;
    let Some(at) = followed_at else { return Some(None) };
    if at.as_second() > now.as_second().saturating_add(CLOCK_SKEW_SECONDS) {
        violations.add(PATH, "IN_THE_FUTURE", "must not be in the future");
        return None;
    }
    if now.duration_since(at) > LATEST_RECORD {
        violations.add(PATH, "TOO_LATE", "must be at most 30 days ago");
        return None;
    }
    // Of another clock that is ahead, it is now.
    Some(Some(at.min(now)))
}

fn read_filter(request: &pb::ListFollowUpsRequest, violations: &mut Violations) -> Option<FollowUpFilter> {
    let customer = violations.check("customer", field::optional(&request.customer, field::name));
    let agent = violations.check("agent", field::optional(&request.agent, field::slug_name));
    let site = violations.check("site", field::optional(&request.site, field::slug_name));
    if request.customer.is_empty() && request.agent.is_empty() && request.site.is_empty() {
        violations.add("customer", "REQUIRED", "one of customer, agent and site is required");
    }
    Some(FollowUpFilter { customer: customer?, agent: agent?, site: site? })
}

fn write(follow_up: FollowUp) -> pb::FollowUp {
    pb::FollowUp {
        name: follow_up.follow_up_id.name(),
        customer: follow_up.customer_id.name(),
        site: follow_up.site.name(),
        follow_up_number: follow_up.follow_up_number,
        agent: follow_up.agent.name(),
        follow_up_time: Some(time::to_wire(follow_up.followed_at)),
        way: way(follow_up.way),
        content: follow_up.content.unwrap_or_default(),
        next_step: follow_up.next_step.unwrap_or_default(),
        next_step_time: follow_up.next_step_at.map(time::to_wire),
        contact: follow_up.contact.map(|(contact, _)| contact.name()).unwrap_or_default(),
        contact_register_number: follow_up.contact.map_or(0, |(_, number)| number),
        record_time: Some(time::to_wire(follow_up.recorded_at)),
        ownership_until_time: follow_up.ownership_until_at.map(time::to_wire),
    }
}

fn way(word: Way) -> i32 {
    let name = format!("FOLLOW_UP_WAY_{}", word.as_str());
    pb::FollowUpWay::from_str_name(&name).unwrap_or_default().into()
}

/// The facts of events of a follow-up.
pub(super) fn facts(facts: &FollowUpFacts) -> pb::FollowUpFacts {
    pb::FollowUpFacts {
        follow_up: facts.follow_up_id.name(),
        customer: facts.customer_id.name(),
        site: facts.site.name(),
        follow_up_number: facts.follow_up_number,
        agent: facts.agent.name(),
        way: way(facts.way),
        follow_up_time: Some(time::to_wire(facts.followed_at)),
        next_step_time: facts.next_step_at.map(time::to_wire),
        contact: facts.contact_id.map(ContactId::name).unwrap_or_default(),
    }
}

/// A finding; also the facts of its event.
pub(super) fn finding(finding: &Finding) -> pb::ConductFinding {
    let rule = match finding.rule {
        ConductRule::NothingWritten => pb::ConductRule::NothingWritten,
        ConductRule::TooFewFollowUps => pb::ConductRule::TooFewFollowUps,
    };
    pb::ConductFinding {
        name: finding.finding_id.name(),
        rule: rule.into(),
        site: site(finding.site.as_ref()),
        agent: agent(Some(&finding.agent)),
        customer: finding.customer_id.map(CustomerId::name).unwrap_or_default(),
        start_time: Some(time::to_wire(finding.starts_at)),
        end_time: Some(time::to_wire(finding.ends_at)),
        wanted: finding.wanted,
        written: finding.written,
    }
}
