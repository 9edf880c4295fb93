//! CallService: reporting and reading calls.

use std::collections::HashMap;

use kexiang_core::{AgentId, CallId, SiteId, Timestamp};
use kexiang_proto::intake_v1::{
    self as pb, call_service_server::CallService, report_call_events_response as report,
};
use kexiang_rpc::{PageRequest, Violations, call, field, time};
use tonic::{Request, Response, Status};

use super::{
    DOMAIN, call_convert,
    call_read::{self, Ground},
    status::status,
};
use crate::{
    app::{
        App,
        calls::{CallFilter, Place, ReportItem, ReportOutcome, ReportResult},
    },
    domain::{call::CallOutcome, published_number::dialled},
};

type Answer<T> = Result<Response<T>, Status>;

/// Events in one report.
const LARGEST_REPORT: usize = 1_000;

/// CallService over the use cases.
#[derive(Clone)]
pub struct Calls {
    app: App,
}

impl Calls {
    /// Serves these use cases.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }

    /// The published numbers and sites that the events name.
    async fn ground(
        &self,
        request: &pb::ReportCallEventsRequest,
        site: Option<SiteId>,
    ) -> Result<Ground, Status> {
        let called = request.events.iter().map(|event| dialled(&event.called_number));
        let mut called: Vec<String> =
            called.filter(|number| !number.is_empty() && !number.contains('\0')).collect();
        called.sort_unstable();
        called.dedup();
        let numbers = self.app.find_dialled(&called).await.map_err(status)?;
        let named = request.events.iter().filter_map(|event| field::slug_name(&event.site).ok());
        let mut names: Vec<SiteId> =
            named.chain(numbers.values().map(|number| number.site.clone())).chain(site.clone()).collect();
        names.sort_unstable();
        names.dedup();
        let mut sites = HashMap::new();
        for name in names {
            if site.as_ref() == Some(&name) {
                let known = self.app.get_site(&name).await.map_err(status)?;
                sites.insert(name, known);
            } else if let Some(known) = self.app.find_site(&name).await.map_err(status)? {
                sites.insert(name, known);
            }
        }
        Ok(Ground {
            now: self.app.clock().now(),
            source: request.source.trim().to_owned(),
            site,
            numbers,
            sites,
        })
    }
}

#[tonic::async_trait]
impl CallService for Calls {
    async fn report_call_events(
        &self,
        request: Request<pb::ReportCallEventsRequest>,
    ) -> Answer<pb::ReportCallEventsResponse> {
        let mut violations = Violations::default();
        let call = call(&request, "ReportCallEvents", &request.get_ref().request_id, &mut violations)?;
        let request = request.into_inner();
        let source = violations.check("source", field::text(&request.source, 100));
        let site = violations.check("site", field::optional(&request.site, field::slug_name));
        match request.events.len() {
            0 => violations.add("events", "REQUIRED", "is required"),
            1..=LARGEST_REPORT => {}
            _ => violations.add("events", "TOO_MANY", format!("must have at most {LARGEST_REPORT}")),
        }
        let ((call, source), site) = violations.into_result(DOMAIN, call.zip(source).zip(site))?;
        let ground = self.ground(&request, site).await?;
        let events = request.events.into_iter().enumerate();
        let items: Vec<ReportItem> =
            events.map(|(nr, event)| call_read::event(nr, &event, &ground)).collect();
        let results = self.app.report_call_events(&call, &source, &items).await.map_err(status)?;
        let results = results.into_iter().map(result).collect();
        Ok(Response::new(pb::ReportCallEventsResponse { results }))
    }

    async fn get_call(&self, request: Request<pb::GetCallRequest>) -> Answer<pb::Call> {
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.get_ref().name));
        let id = violations.into_result(DOMAIN, id)?;
        let call = self.app.get_call(id).await.map_err(status)?;
        Ok(Response::new(call_convert::call(call)))
    }

    async fn list_calls(&self, request: Request<pb::ListCallsRequest>) -> Answer<pb::ListCallsResponse> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let filter = read_filter(&request, &mut violations);
        let bound_to = pb::ListCallsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let page = PageRequest::<(Timestamp, CallId)>::read(
            request.page_size,
            &request.page_token,
            &bound_to,
            &mut violations,
        );
        let (filter, page) = violations.into_result(DOMAIN, filter.zip(page))?;
        let mut calls = self.app.list_calls(&filter, page.after, page.limit + 1).await.map_err(status)?;
        let next_page_token = page.cut(&mut calls, |call| (call.life.offered_at, call.id));
        let calls = calls.into_iter().map(call_convert::call).collect();
        Ok(Response::new(pb::ListCallsResponse { calls, next_page_token }))
    }

    async fn list_call_events(
        &self,
        request: Request<pb::ListCallEventsRequest>,
    ) -> Answer<pb::ListCallEventsResponse> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let id = violations.check("call", field::name(&request.call));
        let bound_to = pb::ListCallEventsRequest { call: request.call.clone(), ..Default::default() };
        let page =
            PageRequest::<Place>::read(request.page_size, &request.page_token, &bound_to, &mut violations);
        let (id, page) = violations.into_result(DOMAIN, id.zip(page))?;
        let (after, limit) = (page.after.clone(), page.limit + 1);
        let (call, mut events) = self.app.list_call_events(id, after, limit).await.map_err(status)?;
        let next_page_token = page.cut(&mut events, |event| {
            (event.event_at, event.kind.rank(), event.source.clone(), event.event_id.clone())
        });
        let events = events.into_iter().map(|event| call_convert::event(&call, event)).collect();
        Ok(Response::new(pb::ListCallEventsResponse { events, next_page_token }))
    }
}

fn read_filter(request: &pb::ListCallsRequest, violations: &mut Violations) -> Option<CallFilter> {
    let site = violations.check("site", field::slug_name(&request.site));
    let from = violations.check("from_time", time::optional_timestamp(request.from_time.as_ref()));
    let until = violations.check("until_time", time::optional_timestamp(request.until_time.as_ref()));
    type Wire = pb::CallOutcome;
    let outcome =
        field::optional_word::<Wire, CallOutcome>(request.outcome, "CALL_OUTCOME_", Wire::as_str_name);
    let outcome = violations.check("outcome", outcome);
    let agent = violations.check("agent", field::optional::<AgentId, _>(&request.agent, field::slug_name));
    let live = request.live;
    Some(CallFilter { site: site?, from: from?, until: until?, outcome: outcome?, agent: agent?, live })
}

fn result(result: ReportResult) -> report::Result {
    let (outcome, call, faults) = match result.outcome {
        ReportOutcome::Accepted(call) => (report::Outcome::Accepted, call.name(), Vec::new()),
        ReportOutcome::Duplicate(call) => (report::Outcome::Duplicate, call.name(), Vec::new()),
        ReportOutcome::Refused(faults) => (report::Outcome::Refused, String::new(), faults),
    };
    let violation = |fault: crate::app::calls::FieldFault| report::Violation {
        field: fault.field,
        description: fault.description,
        reason: fault.reason,
    };
    let violations = faults.into_iter().map(violation).collect();
    report::Result { event_id: result.event_id, outcome: outcome.into(), call, violations }
}
